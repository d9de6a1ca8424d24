"""A mirror: the whole archive in one file on this machine, then only what has changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from mriqc_webapi.client.answers import refusal
from mriqc_webapi.client.downloads import Download, download
from mriqc_webapi.client.packages import require
from mriqc_webapi.client.patience import ask_until_answered
from mriqc_webapi.client.questions import query
from mriqc_webapi.client.service import PAGE, PLAIN, ServicePlace
from mriqc_webapi.client.steps import Ask, Steps, working
from mriqc_webapi.errors import QueryError, RefusedError

if TYPE_CHECKING:
    import pyarrow as pa

    from mriqc_webapi.client.mirrored import Mark, MirrorFile

MANY: Final = 20_000  # changes: beyond, the whole table is fetched again
NAMED: Final = 1_000  # records or images that one question names
NAMED_SHORTLY: Final = 150  # where a proxy takes no long addresses
TOO_LONG: Final = frozenset({400, 413, 414, 431})
UNFINISHED: Final = '.unfinished'
AMENDS: Final = 'amends'  # the column of ratings that names what they correct


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceMirrored:
    """What became of one resource."""

    name: str
    n_records: int
    n_added: int
    n_withdrawn: int
    is_whole: bool  # fetched from the beginning
    data_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """What became of a mirror."""

    folder: Path
    resources: tuple[ResourceMirrored, ...]

    @property
    def n_records(self) -> int:
        """How many records are in it now."""
        return sum(resource.n_records for resource in self.resources)


@dataclass(slots=True)
class _Changes:
    """What has changed of a resource, as far as the feed has been read."""

    since: str
    is_all: bool = False
    data_version: int | None = None
    added: dict[str, str | None] = field(default_factory=dict)  # id to MD5
    withdrawn: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.added) + len(self.withdrawn)


class _TooManyError(Exception):
    """To fetch the whole table is less work."""


def mirror(
    place: ServicePlace, folder: Path, resources: Sequence[str], *, anew: bool, erase: bool
) -> Steps[Mirrored]:
    """Make a mirror, or bring it up to date.

    Whatever interrupts it, the next call goes on from there: a download where it broke off, the
    feed where the last batch of changes was written.
    """
    mirrored = require('mriqc_webapi.client.mirrored')
    opened: MirrorFile = yield from working(partial(mirrored.MirrorFile, folder, place.root))
    with contextlib.closing(opened):
        yield from _adopt_policy(place, opened)
        found: list[ResourceMirrored] = []
        for name, md5_field in (yield from _known_resources(place, resources)):
            turn = _Turn(place, opened, folder, name, md5_field)
            told = yield from turn.bring_up_to_date(anew=anew)
            if told is not None:
                found.append(told)
        if erase:
            yield from working(opened.erase)
    return Mirrored(folder=folder, resources=tuple(found))


def _adopt_policy(place: ServicePlace, opened: MirrorFile) -> Steps[None]:
    told = yield from place.ask('/api/v2/policy')
    policy = f'{told["version"]} {told["since"]}'
    if opened.policy() != policy:
        yield from working(partial(opened.adopt, policy))


def _known_resources(
    place: ServicePlace, wanted: Sequence[str]
) -> Steps[list[tuple[str, str | None]]]:
    """Name resources, and the field of each that tells its image."""
    rows = yield from place.dictionary(None)
    fields: dict[str, set[str]] = {}
    for row in rows:
        fields.setdefault(row['resource'], set()).add(row['name'])
    unknown = [name for name in wanted if name not in fields]
    if unknown:
        raise QueryError(f'{place.name} has no {", ".join(unknown)}; it has {", ".join(fields)}')
    md5_fields = ('provenance.md5sum', 'md5sum')
    return [
        (name, next((f for f in md5_fields if f in fields[name]), None))
        for name in (wanted or fields)
    ]


class _Turn:
    """One resource of a mirror."""

    def __init__(
        self,
        place: ServicePlace,
        opened: MirrorFile,
        folder: Path,
        name: str,
        md5_field: str | None,
    ) -> None:
        self._place = place
        self._opened = opened
        self._folder = folder
        self._name = name
        self._md5_field = md5_field
        self._path = f'/api/v2/{quote(name)}'
        self._named = NAMED
        self._n_added = self._n_withdrawn = 0

    def bring_up_to_date(self, *, anew: bool) -> Steps[ResourceMirrored | None]:
        """Fetch what has changed, or all; None if there has never been a record."""
        mark = None if anew else self._opened.mark(self._name)
        is_whole = mark is None
        if mark is not None:
            try:
                yield from self._follow(mark)
            except (_TooManyError, QueryError):  # so much, or a feed that knows not our place
                is_whole = True
        if is_whole and not (yield from self._fill()):
            return None
        done = self._opened.mark(self._name)
        return ResourceMirrored(
            name=self._name,
            n_records=self._opened.count(self._name),
            n_added=self._n_added,
            n_withdrawn=self._n_withdrawn,
            is_whole=is_whole,
            data_version=done.data_version if done else None,
        )

    def _fill(self) -> Steps[bool]:
        """Fetch the whole table, then what came meanwhile."""
        head = yield from self._place.ask(f'{self._path}/records?limit=1&fields=_id')
        if not head['items']:
            yield from working(partial(self._opened.forget, self._name))
            return False
        parts = self._folder / UNFINISHED
        parts.mkdir(exist_ok=True)
        file = parts / f'{self._name}.parquet'
        url = f'{self._place.root}{self._path}/export.parquet'
        with self._place.bars.watching(self._name, 'bytes') as watch:
            wanted = Download(url=url, out=file, headers=PLAIN)
            got = yield from download(wanted, self._place.patience, watch.reach)
        fill = partial(
            self._opened.fill,
            self._name,
            file,
            since=head['since'],
            data_version=got.data_version,
        )
        self._n_added = yield from working(fill)
        file.unlink()
        with contextlib.suppress(OSError):
            parts.rmdir()
        mark = self._opened.mark(self._name)
        if mark is not None:
            with contextlib.suppress(_TooManyError):
                yield from self._follow(mark)
        return True

    def _follow(self, mark: Mark) -> Steps[None]:
        """Write what has changed since a mark, batch by batch."""
        mirrored = require('mriqc_webapi.client.mirrored')
        since, is_all = mark.since, False
        while not is_all:
            changes = yield from self._read(since)
            if not len(changes):
                return
            added = yield from self._whole(list(changes.added))
            if added is not None and set(added.column_names) != set(mark.columns):
                raise _TooManyError  # the service has other columns now
            batch = mirrored.Batch(
                withdrawn=changes.withdrawn,
                added=added,
                judged=(yield from self._judged(changes, added)),
                since=changes.since,
                data_version=changes.data_version,
            )
            yield from working(partial(self._opened.apply, self._name, batch))
            self._n_added += len(changes.added)
            self._n_withdrawn += len(changes.withdrawn)
            since, is_all = changes.since, changes.is_all

    def _read(self, since: str) -> Steps[_Changes]:
        """Read the feed as far as one question can name its records."""
        changes = _Changes(since)
        md5_field = self._md5_field or '_id'
        while not changes.is_all and len(changes) < NAMED:
            asked = {'since': changes.since, 'limit': PAGE, 'fields': md5_field}
            told = yield from self._place.ask(f'{self._path}/records{query(asked)}')
            for item in told['items']:
                if item['type'] == 'record':
                    record = item['record']
                    changes.added[record['_id']] = _member(record, md5_field)
                else:
                    changes.added.pop(item['id'], None)
                    changes.withdrawn.append(item['id'])
            changes.since, changes.is_all = told['next'], not told['more']
            changes.data_version = told['data_version']
        if self._n_added + self._n_withdrawn + len(changes) > MANY:
            raise _TooManyError
        return changes

    def _whole(self, ids: Sequence[str]) -> Steps[pa.Table | None]:
        """Fetch records as rows."""
        return (yield from self._rows('_id', ids, ''))

    def _judged(self, changes: _Changes, added: pa.Table | None) -> Steps[pa.Table | None]:
        """Fetch what the archive says now of all records that the changes may concern."""
        mirrored = require('mriqc_webapi.client.mirrored')
        mark = self._opened.mark(self._name)
        later = [n for n in mirrored.LATER if mark is not None and n in mark.columns]
        if self._md5_field is None or mark is None or not later:
            return None
        gone = self._opened.values(self._name, self._md5_field, changes.withdrawn)
        md5sums = {md5sum for md5sum in changes.added.values() if md5sum} | set(gone)
        fields = ','.join(later)
        judged = yield from self._rows(self._md5_field, sorted(md5sums), fields)
        # what a rating corrects may have been about no image yet
        firsts = self._corrected(changes, added) if AMENDS in mark.columns else []
        also = yield from self._rows('_id', firsts, fields)
        found = [table for table in (judged, also) if table is not None]
        return require('pyarrow').concat_tables(found) if found else None

    def _corrected(self, changes: _Changes, added: pa.Table | None) -> list[str]:
        """Name the ratings that those that came or went correct."""
        new = [] if added is None else added[AMENDS].to_pylist()
        gone = self._opened.values(self._name, AMENDS, changes.withdrawn)
        return sorted({id for id in [*new, *gone] if id})

    def _rows(self, key: str, values: Sequence[str], fields: str) -> Steps[pa.Table | None]:
        """Fetch rows by some of their values, so many at once as an address can name."""
        arrow = require('pyarrow')
        tables: list[pa.Table] = []
        for some in _parted(values, self._named):
            try:
                tables.append((yield from self._table(key, some, fields)))
            except RefusedError as error:
                if error.status not in TOO_LONG or self._named == NAMED_SHORTLY:
                    raise
                self._named = NAMED_SHORTLY
                return (yield from self._rows(key, values, fields))
        return arrow.concat_tables(tables) if tables else None

    def _table(self, key: str, values: Sequence[str], fields: str) -> Steps[pa.Table]:
        where = orjson.dumps({key: {'$in': values}}).decode()
        asked = {'where': where} | ({'fields': fields} if fields else {})
        ask = Ask(url=f'{self._place.root}{self._path}/export.arrow{query(asked)}', headers=PLAIN)
        reply = yield from ask_until_answered(lambda: ask, self._place.patience)
        if reply.status != 200:
            raise refusal(reply, ask)
        table: pa.Table = require('pyarrow.ipc').open_stream(reply.content).read_all()
        return table


def _parted(values: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def _member(record: dict[str, Any], path: str) -> str | None:
    found: Any = record
    for name in path.split('.'):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def told(done: Mirrored) -> Iterable[str]:
    """Say in words what became of a mirror."""
    for resource in done.resources:
        how = 'fetched' if resource.is_whole else 'added'
        yield (
            f'{resource.name}: {resource.n_added:,} {how}, {resource.n_withdrawn:,} withdrawn;'
            f' {resource.n_records:,} records'
        )
