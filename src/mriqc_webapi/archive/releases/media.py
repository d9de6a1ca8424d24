"""What HTTP says of a release's files."""

from typing import Final

FOR_GOOD: Final = 'public, max-age=31536000, immutable'  # nobody changes them any more
_OTHERS: Final = 'text/plain; charset=utf-8'
_BY_ENDING: Final = {
    'parquet': 'application/vnd.apache.parquet',
    'json': 'application/json',
    'md': 'text/markdown; charset=utf-8',
    'tsv': 'text/tab-separated-values; charset=utf-8',
}


MEDIA_TYPES: Final = frozenset({*_BY_ENDING.values(), _OTHERS})


def media_type(path: str) -> str:
    """Tell a file's media type by its name."""
    return _BY_ENDING.get(path.rpartition('.')[2], _OTHERS)
