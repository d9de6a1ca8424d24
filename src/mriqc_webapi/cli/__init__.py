"""The command ``mriqc-webapi``: one ``cmd_NAME.py`` per command, found by its name."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from mriqc_webapi.cli.registry import ExitCode, build_parser, run
from mriqc_webapi.errors import (
    BusyError,
    CatalogueError,
    MirrorError,
    MissingPackageError,
    PlaceError,
    QueryError,
    SetupError,
    UnreachableError,
    WebApiError,
)

_USAGE_ERRORS = (QueryError,)
_SETUP_ERRORS = (
    SetupError,
    CatalogueError,
    BusyError,
    UnreachableError,
    PlaceError,
    MirrorError,
    MissingPackageError,
)
_OWN = 'mriqc_webapi'
_OF_EXTRACT = {
    'ants',
    'bids2table',
    'dask',
    'distributed',
    'nibabel',
    'nilearn',
    'psutil',
    'scipy',
}


def load_commands() -> None:
    """Import each command's module, which registers it."""
    for module in iter_modules(__path__):
        if module.name.startswith('cmd_'):
            import_module(f'{__name__}.{module.name}')


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name and give its exit code."""
    load_commands()
    options = build_parser().parse_args(arguments)
    try:
        return run(options)
    except WebApiError as error:
        print(f'mriqc-webapi: {error}', file=sys.stderr)
        return _exit_code(error)
    except ModuleNotFoundError as error:  # of the base alone, some commands lack what they need
        if (error.name or _OWN).partition('.')[0] == _OWN:
            raise
        print(f'mriqc-webapi: {_what_to_install(error)}', file=sys.stderr)
        return ExitCode.SETUP
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except OSError as error:
        print(f'mriqc-webapi: {error}', file=sys.stderr)
        return ExitCode.SETUP
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _what_to_install(error: ModuleNotFoundError) -> str:
    of_images = (error.name or '').partition('.')[0] in _OF_EXTRACT
    what = '[extract]" has all that images take' if of_images else '[server]" has everything'
    return f'this needs {error.name}, which is not installed: pip install "mriqc-webapi{what}'


def _exit_code(error: WebApiError) -> ExitCode:
    if isinstance(error, _USAGE_ERRORS):
        return ExitCode.USAGE
    return ExitCode.SETUP if isinstance(error, _SETUP_ERRORS) else ExitCode.FAILED
