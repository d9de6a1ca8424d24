"""Records page by page: by position from the row store, else through the columnar copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from mriqc_webapi.archive import listing as archived
from mriqc_webapi.archive.chosen import Derived
from mriqc_webapi.archive.columns import DERIVED_OF
from mriqc_webapi.archive.listing import Listing
from mriqc_webapi.archive.views import View
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.query.expression import And, Expression, SortKey
from mriqc_webapi.query.projection import Projection
from mriqc_webapi.query.sort import parse_sort
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.store import feed, records
from mriqc_webapi.store.feed import Place
from mriqc_webapi.web.api_v2.cursors import read_cursor, write_cursor
from mriqc_webapi.web.reading import in_thread, read_store
from mriqc_webapi.web.service import Service

EVERYTHING = And(())
ALL_FIELDS = Projection()

After = Sequence[Any] | None  # where the last page ended; None: there was none


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is listed, as the client has put it."""

    resource: Resource
    where: str = ''
    sort: str = ''
    view: View = 'raw'
    fields: Projection = ALL_FIELDS

    @property
    def text(self) -> str:
        """Which question a cursor belongs to."""
        parts = [self.resource.name, self.where, self.sort, self.view, self.is_raw]
        return orjson.dumps(parts).decode()

    def parse(self) -> tuple[Expression, tuple[SortKey, ...]]:
        """Read filter and order; `QueryError` if one of them means nothing."""
        return parse_where(self.where), parse_sort(self.sort)

    @property
    def is_raw(self) -> bool:
        """Whether view and fields ask for nothing that the store does not know."""
        kind = self.resource.kind
        names_derived = any(path[0] in DERIVED_OF[kind] for path in self.fields.paths)
        return not names_derived and (kind != 'iqm' or self.view == 'raw')


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some records of a listing, in order."""

    docs: str  # JSON texts of the members asked for, joined by commas
    after: After  # where to go on from; None: that was all
    began: Place  # the store's head when the listing began
    version: int  # number of the last change that the page knows of
    total: int | None


async def read_page(
    service: Service, question: Question, *, cursor: str, limit: int, with_total: bool
) -> tuple[Page, str | None]:
    """Fetch a page, the first one if there is no cursor; return it with the next cursor.

    Raises
    ------
    QueryError
        The filter, the order or the cursor is wrong.
    """
    where, sort = question.parse()
    began, after = None, None
    if cursor:
        seq, ordinal, *after = read_cursor(cursor, question=question.text, key=service.identity)
        began = Place(seq, ordinal)
    turn = _Turn(question, where, sort, began, after, limit, with_total)
    if where == EVERYTHING and not sort and question.is_raw:
        page = await read_store(service.store, _by_position, turn)
    else:
        page = await in_thread(service.queries, partial(_by_copy, service, turn))
    if page.after is None:
        return page, None
    values = [*page.began, *page.after]
    return page, write_cursor(values, question=question.text, key=service.identity)


class _Turn(NamedTuple):
    question: Question
    where: Expression
    sort: tuple[SortKey, ...]
    began: Place | None  # None: now
    after: After
    limit: int
    with_total: bool


def _by_position(tx: Connection, turn: _Turn) -> Page:
    name, limit = turn.question.resource.name, turn.limit
    head = feed.head(tx, resource=name)
    began = turn.began or head
    until, first = began.ordinal, turn.after[0] if turn.after else 0
    found = feed.documents_after(tx, resource=name, after=first, until=until, limit=limit + 1)
    texts = turn.question.fields.texts(record.doc for record in found[:limit])
    return Page(
        docs=','.join(texts),
        after=[found[limit - 1].ordinal] if len(found) > limit else None,
        began=began,
        version=head.seq,
        total=feed.count_until(tx, resource=name, until=until) if turn.with_total else None,
    )


def _by_copy(service: Service, turn: _Turn) -> Page:
    question, began = turn.question, turn.began
    if began is None:
        with service.store.read() as tx:
            began = feed.head(tx, resource=question.resource.name)
    after = None if turn.after is None else tuple(turn.after)
    with service.archive.reading(question.resource.name) as reading:
        derived = Derived.among(question.fields, reading.layout)
        listing = Listing(
            where=turn.where,
            sort=turn.sort,
            view=question.view,
            until=began.seq,
            derived=derived,
        )
        found = archived.stretch(reading, listing, after=after, limit=turn.limit)
        total = archived.count(reading, listing) if turn.with_total else None
    with service.store.read() as tx:
        docs = records.documents(tx, seqs=found.seqs)
    texts = derived.without(question.fields).texts(record.doc for record in docs)
    if derived:
        told = (found.derived[record.id] for record in docs)
        texts = map(derived.add_to, texts, told)
    return Page(
        docs=','.join(texts), after=found.after, began=began, version=reading.version, total=total
    )
