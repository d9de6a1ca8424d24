"""The same image gives the same numbers: again, and on one thread as on two."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extract.phantom import Phantom

COMMAND = str(Path(sys.executable).with_name('mriqc-webapi'))


def values(image, out, n_threads):
    done = subprocess.run(
        [COMMAND, 'extract', image, out, '--no-report', '--n-threads', str(n_threads)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (record,) = out.rglob('*_T1w.json')
    found = json.loads(record.read_bytes())
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def test_numbers_do_not_depend_on_the_run_nor_on_the_threads(tmp_path):
    image = Phantom(voxel_mm=(4.0, 4.0, 4.0), bias=0.1).save(tmp_path / 'sub-01_T1w.nii.gz')
    first = values(image, tmp_path / 'first', 1)
    assert len(first) > 60
    assert values(image, tmp_path / 'again', 2) == pytest.approx(first, rel=1e-6)
