"""Which records answer a question: the row store where it can, the columnar copy otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.query.expression import And, Expression, SortKey
from mriqc_webapi.query.lookup import Lookup, find_lookup
from mriqc_webapi.store import records
from mriqc_webapi.store.records import StoredDoc
from mriqc_webapi.web.reading import in_thread, read_store
from mriqc_webapi.web.service import Service

EVERYTHING = And(())


@dataclass(frozen=True, slots=True)
class Selection:
    """Some records of those that match, and how many match."""

    total: int
    docs: Sequence[StoredDoc]


async def select(
    service: Service,
    resource: Resource,
    *,
    where: Expression,
    sort: tuple[SortKey, ...],
    offset: int,
    limit: int,
) -> Selection:
    """Fetch ``limit`` records after the first ``offset`` of those that match, in order."""
    if not sort:
        if where == EVERYTHING:
            return await _select_by_position(service, resource, offset, limit)
        md5_path = tuple(resource.md5_field.split('.')) if resource.md5_field else None
        lookup = find_lookup(where, md5_path=md5_path)
        if lookup is not None:
            return await _look_up(service, resource, lookup, (offset, limit))
    find = partial(
        service.archive.find, resource.name, where=where, sort=sort, offset=offset, limit=limit
    )
    found = await in_thread(service.queries, find)
    docs = await read_store(service.store, records.documents, seqs=found.seqs)
    return Selection(found.total, docs)


async def _select_by_position(
    service: Service, resource: Resource, offset: int, limit: int
) -> Selection:
    total = await read_store(service.store, records.count, resource=resource.name)
    docs = await read_store(
        service.store, records.page, resource=resource.name, offset=offset, limit=limit
    )
    return Selection(total, docs)


async def _look_up(
    service: Service, resource: Resource, lookup: Lookup, window: tuple[int, int]
) -> Selection:
    offset, limit = window

    def ask(tx: Connection) -> tuple[int, list[StoredDoc]]:
        name, values = resource.name, lookup.values
        if lookup.field == 'id':
            return records.find_by_ids(tx, resource=name, ids=values, offset=offset, limit=limit)
        return records.find_by_md5(tx, resource=name, md5sums=values, offset=offset, limit=limit)

    return Selection(*await read_store(service.store, ask))
