"""Collects, keeps and serves image quality metrics (IQMs) and ratings of MR images."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mriqc_webapi.client import Archive, AsyncArchive

__all__ = ['Archive', 'AsyncArchive']


def __getattr__(name: str) -> Any:
    """Import the client when it is asked for: the service never needs it."""
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from mriqc_webapi import client  # noqa: PLC0415 - see above

    return getattr(client, name)
