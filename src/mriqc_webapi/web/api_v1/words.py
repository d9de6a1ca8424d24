"""Eve's words: the messages and the error body that released clients log."""

from typing import Any

BAD_REQUEST = 'The browser (or proxy) sent a request that this server could not understand.'
NO_CREDENTIALS = 'Please provide proper credentials'
NOT_FOUND = (
    'The requested URL was not found on the server. If you entered the URL manually please '
    'check your spelling and try again.'
)
NOT_ALLOWED = 'The method is not allowed for the requested URL.'
CONFLICT = (
    'A conflict happened while processing the request. The resource might have been modified '
    'while the request was being processed.'
)
BAD_CONTENT_TYPE = 'Unknown or no Content-Type header supplied'
BAD_AGGREGATE = 'Aggregation query could not be parsed.'


def error_body(status: int, message: str) -> dict[str, Any]:
    """Return Eve's error object."""
    return {'_status': 'ERR', '_error': {'code': status, 'message': message}}


def insertion_failure(n_refused: int) -> str:
    """Return Eve's summary of a refused upload."""
    return f'Insertion failure: {n_refused} document(s) contain(s) error(s)'
