"""All records of one image, as its pages list them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from mriqc_webapi.iqm.definitions import Catalogue, Resource
from mriqc_webapi.iqm.versions import version_key
from mriqc_webapi.store import scans

MAX_RECORDS: Final = 1_000  # of one image that are looked at; few have more than ten
MAX_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record of an image."""

    resource: Resource
    seq: int
    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The record's id."""
        return str(self.document['_id'])

    @property
    def href(self) -> str:
        """The address of the record's page."""
        return f'/{self.resource.name}/{self.id}'

    @property
    def created(self) -> str:
        """When it came in, as the record says."""
        return str(self.document['_created'])

    @property
    def software(self) -> str:
        """What made it."""
        return member(self.document, self.resource.software_field)

    @property
    def version(self) -> str:
        """Which version of that."""
        return member(self.document, self.resource.version_field)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The records of one image that measure it, the newest version of each resource first."""

    md5sum: str
    entries: tuple[Entry, ...] = ()
    n_records: int = 0
    n_ratings: int = 0
    data_hashes: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[Entry, ...]:
        """As many as one page lists."""
        return self.entries[:MAX_SHOWN]

    def newest(self, resource: str = '') -> Entry | None:
        """Give the record that stands for the image: of one resource, or of the first."""
        return next((e for e in self.entries if resource in {'', e.resource.name}), None)


def history_of(tx: Connection, *, md5sum: str, catalogue: Catalogue) -> History:
    """Look the records of an image up; none if it is unknown."""
    measured = [r.name for r in catalogue.resources.values() if r.kind != 'rating']
    found = scans.records_of(tx, key='md5sum', value=md5sum, resources=measured, limit=MAX_RECORDS)
    entries = [
        Entry(resource=catalogue[r.resource], seq=r.seq, document=orjson.loads(r.doc))
        for r in found
    ]
    entries.sort(key=lambda e: (version_key(e.version), e.seq), reverse=True)
    order = {name: i for i, name in enumerate(measured)}
    entries.sort(key=lambda e: order[e.resource.name])
    counts = scans.count_versions(tx, md5sum=md5sum)
    n_records = sum(c.n for c in counts if c.resource in order)
    return History(
        md5sum=md5sum,
        entries=tuple(entries),
        n_records=n_records,
        n_ratings=sum(c.n for c in counts) - n_records,
        data_hashes=tuple(scans.data_hashes(tx, md5sum=md5sum, limit=MAX_SHOWN)),
    )


def member(document: Mapping[str, Any], path: str | None) -> str:
    """Give the text at a dotted path; '' for what is no text."""
    if path is None:
        return ''
    found: Any = reduce(_step, path.split('.'), document)
    return found if isinstance(found, str) else ''


def _step(node: Any, key: str) -> Any:
    return node.get(key) if isinstance(node, dict) else None
