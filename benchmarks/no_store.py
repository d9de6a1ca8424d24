"""The same service, except that records are read from and written to nowhere.

What it answers per second is the ceiling for any store behind these routes: same server, same
checks, same bytes. Its arguments are a file of records as served, then those of `mriqc-webapi`.
"""

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from mriqc_webapi import cli
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.store import records
from mriqc_webapi.store.insert import Outcome
from mriqc_webapi.store.records import StoredDoc, make_record
from mriqc_webapi.store.writer import Writer
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.web import service

N_RECORDS = 1_000


class InstantWriter(Writer):
    """Says that everything is stored."""

    async def write(
        self, records: Sequence[records.Record], *, all_or_nothing: bool = False
    ) -> list[Outcome]:
        """Answer at once."""
        return [Outcome(r.id, r.etag, r.created_at, seq=1) for r in records]


def read_documents(path: Path, resource: str) -> list[StoredDoc]:
    """Make the first records of a file as the store would hold them."""
    known = load_catalogue(None)[resource]
    check = Checker(known, limits=Limits())
    with path.open('rb') as lines:
        documents = [orjson.loads(line) for line in islice(lines, N_RECORDS)]
    made = [
        make_record(check(document, keep_identity=True), resource=known, now=0)
        for document in documents
    ]
    return [StoredDoc(r.id, r.etag, r.created_at, r.doc) for r in made]


def replace_store(documents: Sequence[StoredDoc]) -> None:
    """Put stand-ins into the places of what reads and writes records."""
    n = len(documents)
    by_id = {document.id: document for document in documents}
    around = [*documents, *documents]

    def find_item(_tx: Any, *, resource: str, id: str) -> StoredDoc | None:
        return by_id.get(id)

    def page(_tx: Any, *, resource: str, offset: int, limit: int) -> list[StoredDoc]:
        return around[offset % n : offset % n + limit]

    def count(_tx: Any, *, resource: str) -> int:
        return n

    stand_ins = ((service, InstantWriter), (records, find_item), (records, page), (records, count))
    for module, stand_in in stand_ins:
        name = stand_in.__name__.removeprefix('Instant')
        if not hasattr(module, name):
            raise SystemExit(f'{module.__name__} has no {name} any more: the double is outdated')
        setattr(module, name, stand_in)


if __name__ == '__main__':
    path, *arguments = sys.argv[1:]
    replace_store(read_documents(Path(path), Path(path).name.partition('.')[0]))
    sys.exit(cli.main(arguments))
