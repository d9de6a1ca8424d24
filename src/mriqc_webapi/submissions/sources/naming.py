"""Which files hold submissions, and which resource a file's name names."""

import re
from collections.abc import Iterator
from pathlib import Path

from mriqc_webapi.iqm.definitions import Catalogue

COMPRESSIONS = ('.gz', '.zst')
DELIMITERS = {'.tsv': '\t', '.csv': ','}  # of tables
SUFFIXES = ('.ndjson', '.jsonl', '.json', *DELIMITERS)


def plain_name(path: Path) -> str:
    """Give the file's name without the suffix of its compression."""
    return path.stem if path.suffix in COMPRESSIONS else path.name


def resource_in_name(name: str, catalogue: Catalogue) -> str | None:
    """Find the resource that a file name names: ``group_bold.tsv``, ``sub-01_T1w.json``.

    As in BIDS the suffix counts: of several the last, and of two that end together the longer.
    ``ratings`` is ``rating``, and case does not count.
    """
    found = max(_mentions(name, catalogue), default=None)
    return found[2] if found else None


def _mentions(name: str, catalogue: Catalogue) -> Iterator[tuple[int, int, str]]:
    for resource in catalogue.resources:
        pattern = rf'(?<![a-z0-9]){re.escape(resource)}s?(?![a-z0-9])'
        for match in re.finditer(pattern, name, re.IGNORECASE):
            yield match.end(), len(resource), resource


def find_sources(path: Path, catalogue: Catalogue) -> Iterator[Path]:
    """Give the file itself, or each file of a folder whose name names a resource, in order."""
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob('*')):
        name = plain_name(file)
        if name.endswith(SUFFIXES) and resource_in_name(name, catalogue) and file.is_file():
            yield file
