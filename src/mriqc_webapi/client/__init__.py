"""The client that other people's software imports.

``Archive`` asks a service, a release, a mirror or a single table the same questions; ``submit``
sends records to a service.
"""

from typing import TYPE_CHECKING, Any

from mriqc_webapi.client.archive import Archive, AsyncArchive
from mriqc_webapi.client.patience import Patience

if TYPE_CHECKING:
    from mriqc_webapi.client.sending.disclosure import Policy
    from mriqc_webapi.client.sending.submit import flush, submit
    from mriqc_webapi.client.sending.summary import SubmitSummary

__all__ = ['Archive', 'AsyncArchive', 'Patience', 'Policy', 'SubmitSummary', 'flush', 'submit']

_SENDING = {
    'Policy': 'disclosure',
    'SubmitSummary': 'summary',
    'flush': 'submit',
    'submit': 'submit',
}


def __getattr__(name: str) -> Any:
    """Import what sends when it is asked for: who reads never needs it."""
    if name not in _SENDING:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(f'{__name__}.sending.{_SENDING[name]}'), name)
