import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ('scripts/serve', 'scripts/test', '.ci/run')


@pytest.mark.parametrize('name', [*SCRIPTS, 'scripts/prepare'])
def test_a_script_is_one_the_shell_can_read(name):
    assert subprocess.run(['sh', '-n', ROOT / name], check=False).returncode == 0


@pytest.mark.parametrize('name', SCRIPTS)
def test_a_script_can_be_run(name):
    assert os.access(ROOT / name, os.X_OK)


def test_a_machine_without_python_is_told_what_it_lacks(tmp_path):
    for tool in ('dirname', 'cat', 'cksum'):
        found = next(Path(p, tool) for p in ('/usr/bin', '/bin') if Path(p, tool).exists())
        (tmp_path / 'bin').mkdir(exist_ok=True)
        (tmp_path / 'bin' / tool).symlink_to(found)
    clone = tmp_path / 'clone'
    (clone / 'scripts').mkdir(parents=True)
    for name in ('serve', 'prepare'):
        (clone / 'scripts' / name).write_text((ROOT / 'scripts' / name).read_text())
    (clone / 'pyproject.toml').touch()
    ran = subprocess.run(
        ['/bin/sh', clone / 'scripts' / 'serve'],
        env={'PATH': str(tmp_path / 'bin')},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 3
    assert ran.stderr == 'Python 3.11 or newer is needed, and none is on the PATH.\n'
