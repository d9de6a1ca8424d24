"""Libraries that reports ask other hosts for, served from here instead; see `libraries/`."""

import re
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / 'libraries'

# what MRIQC 0.15 and later, fMRIPrep and NiReports write into their reports
COPIES: Final = {
    'https://cdn.jsdelivr.net/npm/bootstrap@5.2.3/dist/css/bootstrap.min.css': (
        'bootstrap-5.2.3.min.css'
    ),
    'https://cdn.jsdelivr.net/npm/bootstrap@5.2.3/dist/js/bootstrap.bundle.min.js': (
        'bootstrap-5.2.3.bundle.min.js'
    ),
    'https://stackpath.bootstrapcdn.com/bootstrap/4.3.1/css/bootstrap.min.css': (
        'bootstrap-4.3.1.min.css'
    ),
    'https://stackpath.bootstrapcdn.com/bootstrap/4.3.1/js/bootstrap.min.js': (
        'bootstrap-4.3.1.min.js'
    ),
    'https://stackpath.bootstrapcdn.com/bootstrap/4.1.3/css/bootstrap.min.css': (
        'bootstrap-4.1.3.min.css'
    ),
    'https://stackpath.bootstrapcdn.com/bootstrap/4.1.3/js/bootstrap.min.js': (
        'bootstrap-4.1.3.min.js'
    ),
    'https://code.jquery.com/jquery-3.6.0.min.js': 'jquery-3.6.0.min.js',
    'https://code.jquery.com/jquery-3.3.1.slim.min.js': 'jquery-3.3.1.slim.min.js',
    'https://cdnjs.cloudflare.com/ajax/libs/popper.js/1.14.7/umd/popper.min.js': (
        'popper-1.14.7.min.js'
    ),
}
FILES: Final = frozenset(COPIES.values())

_ASKED = re.compile(b'|'.join(re.escape(address.encode()) for address in COPIES))


def with_own_libraries(page: bytes, *, root: str) -> bytes:
    """Point a report to the copies under `root`, wherever it asks another host for them."""
    return _ASKED.sub(lambda m: f'{root}/{COPIES[m[0].decode()]}'.encode(), page)
