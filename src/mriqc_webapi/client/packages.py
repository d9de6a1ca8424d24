"""Packages that only some of the client needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from mriqc_webapi.errors import MissingPackageError

EXTRAS: Final = {
    'altair': 'mriqc-webapi[figures]',
    'vl_convert': 'mriqc-webapi[figures]',
    'duckdb': 'mriqc-webapi[frames]',
    'numpy': 'mriqc-webapi[frames]',
    'pandas': 'mriqc-webapi[frames]',
    'pyarrow': 'mriqc-webapi[frames]',
}


def require(name: str) -> Any:
    """Import a module, of a package that may be missing or of this one that needs such.

    Raises
    ------
    MissingPackageError
        It, or what it needs, is not installed; says what to install.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition('.')[0]
        if missing == 'mriqc_webapi':
            raise
        what = EXTRAS.get(missing, missing)
        raise MissingPackageError(
            f'this needs {missing}, which is not installed: pip install "{what}"'
        ) from error
