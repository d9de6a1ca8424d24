import subprocess
import sys

import pytest

from mriqc_webapi.cli import main, registry
from mriqc_webapi.cli.registry import Argument, Command, ExitCode, command
from mriqc_webapi.errors import (
    CatalogueError,
    ConflictError,
    QueryError,
    SetupError,
    StoreUnavailableError,
)


@pytest.fixture
def failing(monkeypatch):
    """Register a command that raises."""

    def failing(error):
        def fail() -> ExitCode:
            """Fail."""
            raise error

        known = Command(name='fail', run=fail, arguments=(), example='mriqc-webapi fail')
        monkeypatch.setitem(registry.COMMANDS, 'fail', known)

    return failing


@pytest.mark.parametrize(
    ('error', 'code'),
    [
        (ConflictError('taken'), ExitCode.FAILED),
        (QueryError('where?'), ExitCode.USAGE),
        (SetupError('no'), ExitCode.SETUP),
        (CatalogueError('a.toml:3: no'), ExitCode.SETUP),
        (StoreUnavailableError('gone'), ExitCode.SETUP),
        (PermissionError(13, 'Permission denied'), ExitCode.SETUP),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_one_plain_line_and_its_code(failing, capsys, error, code):
    failing(error)
    assert main(['fail']) == code
    assert capsys.readouterr().err == f'mriqc-webapi: {error}\n'


def test_an_interruption_is_no_traceback(failing):
    failing(KeyboardInterrupt())
    assert main(['fail']) == 130


def test_a_reader_that_leaves_early_is_no_error_message():
    script = 'from mriqc_webapi.cli import main; main(["--help"])'
    ran = subprocess.run(
        f"{sys.executable} -c '{script}' | head -c 1", shell=True, capture_output=True, check=True
    )
    assert ran.stderr == b''


def test_no_command_is_a_usage_error(run):
    assert run().code == 2


def test_a_second_command_of_the_same_name_is_refused(failing):
    failing(SetupError())
    with pytest.raises(ValueError, match="two commands are called 'fail'"):
        command('fail', Argument('x'), example='')(main)


def test_heavy_libraries_are_left_alone_until_a_command_needs_them():
    script = (
        'import sys; from mriqc_webapi.cli import load_commands; load_commands();'
        'print(*{"duckdb", "sqlalchemy", "fastapi", "pyarrow", "rich"} & set(sys.modules))'
    )
    ran = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == ''


def test_a_setting_given_outranks_the_environment(run, tmp_path, data_dir):
    run('token', 'list', '--data-dir', tmp_path / 'given')
    assert (tmp_path / 'given' / 'store.sqlite').exists()
    assert not data_dir.exists()
