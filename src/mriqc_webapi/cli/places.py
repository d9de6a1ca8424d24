"""Where commands that read an archive find it, and what they keep of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mriqc_webapi.cli.registry import Argument

if TYPE_CHECKING:
    from mriqc_webapi.client import Archive

PLACE = Argument(
    '--url',
    metavar='PLACE',
    required=True,
    help="a service's address, a release's address or folder, a mirror, or a Parquet file",
)
CACHE = Argument(
    '--cache-dir',
    dest='cache',
    type=Path,
    metavar='FOLDER',
    help="what is kept for the next time (default: in the user's own cache folder)",
)


@contextmanager
def opened(url: str, cache: Path | None) -> Iterator['Archive']:
    """Open an archive for the time of a block."""
    from mriqc_webapi.client import Archive

    with Archive(url, cache=cache or True) as archive:
        yield archive
