"""A public fake: an archive of given records, without a service, for other people's tests.

It answers the same requests as a service, from the same code as tables on this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import duckdb
import httpx2
import orjson

from mriqc_webapi.archive.batches import arrow_table
from mriqc_webapi.archive.columns import Layout, quoted
from mriqc_webapi.archive.residual import Profile
from mriqc_webapi.client.archive import Archive, AsyncArchive
from mriqc_webapi.client.driving import Driver
from mriqc_webapi.client.local import LocalPlace
from mriqc_webapi.client.questions import TableFormat, TableQuestion, names
from mriqc_webapi.client.steps import Steps
from mriqc_webapi.client.tables import Tables
from mriqc_webapi.errors import NotFoundError, QueryError, WebApiError
from mriqc_webapi.iqm.loader import load_catalogue

ROOT: Final = 'http://archive.test'

_FIRST_AT: Final = 1_700_000_000  # s; each record comes in a second after the one before
_WHOLE: Final = frozenset({'bins', 'ecdf', 'min_group', 'limit', 'offset'})
_FRACTION: Final = frozenset({'k', 'low', 'high'})
_PAIR: Final = frozenset({'range', 'x_range', 'y_range', 'percentiles'})
_DUPLICATES: Final = """
    SELECT t.* EXCLUDE (seq, _scan, _group, _version, _vector, _geometry),
           row_number() OVER scan = 1 AS in_scan,
           CASE WHEN row_number() OVER alike = 1 THEN 'canonical' ELSE 'repeat' END AS group_state,
           count(*) OVER (PARTITION BY _group) AS n_group
      FROM {table} AS t
    WINDOW scan AS (PARTITION BY _scan ORDER BY _version DESC, seq DESC),
           alike AS (PARTITION BY _group ORDER BY seq DESC)
     ORDER BY seq
"""


class _Row(NamedTuple):
    seq: int
    id: str
    etag: str
    created_at: int
    doc: str


class FakeArchive:
    """Some records behind the interface of a service.

    Of repeated records the newest stands for the others, whether their numbers agree or not.

    Parameters
    ----------
    records : mapping of str to sequence of mapping
        By resource: documents as a client would send them. An ``_id`` is made where there is none.

    Attributes
    ----------
    asked : list of httpx2.Request
        What has been asked so far.

    Examples
    --------
    >>> fake = FakeArchive({'T1w': [{'cjv': 0.4}, {'cjv': 0.6}]})
    >>> fake.archive().iqms('T1w', 'cjv < 0.5')['cjv'].tolist()
    [0.4]
    """

    def __init__(self, records: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self.asked: list[httpx2.Request] = []
        self._catalogue = load_catalogue()
        self._rows: dict[str, dict[str, _Row]] = {name: {} for name in self._catalogue.resources}
        self._feed: dict[str, list[dict[str, Any] | None]] = {name: [] for name in self._rows}
        self._answers: list[httpx2.Response | Exception] = []
        self._version = 0
        self._lock = threading.RLock()
        self._place = LocalPlace(_FakeSource(self), cache=None)
        for resource, documents in records.items():
            for document in documents:
                self.add(resource, document)

    @property
    def transport(self) -> httpx2.MockTransport:
        """What answers instead of the network."""
        return httpx2.MockTransport(self._handle)

    def archive(self, **options: Any) -> Archive:
        """Open it, with the options of `Archive`; nothing is kept unless they say so."""
        return Archive(ROOT, transport=self.transport, **{'cache': False} | options)

    def async_archive(self, **options: Any) -> AsyncArchive:
        """Open it, to be awaited."""
        return AsyncArchive(ROOT, transport=self.transport, **{'cache': False} | options)

    def add(self, resource: str, document: Mapping[str, Any]) -> str:
        """Let a record come in; gives its id."""
        if resource not in self._rows:
            raise NotFoundError(f'there is no resource {resource!r}')
        with self._lock:
            self._version += 1
            seq, created_at = self._version, _FIRST_AT + self._version
            own = {k: v for k, v in document.items() if not k.startswith('_')}
            id = str(document.get('_id') or f'{seq:024x}')
            etag = hashlib.sha1(orjson.dumps(own), usedforsecurity=False).hexdigest()
            date = datetime.fromtimestamp(created_at, UTC).strftime('%a, %d %b %Y %H:%M:%S GMT')
            served = own | {'_id': id, '_created': date, '_updated': date, '_etag': etag}
            doc = orjson.dumps(served).decode()
            self._rows[resource][id] = _Row(seq, id, etag, created_at, doc)
            self._feed[resource].append({'type': 'record', 'record': served})
        return id

    def withdraw(self, resource: str, id: str) -> None:
        """Let a record be withdrawn."""
        with self._lock:
            del self._rows[resource][id]
            self._version += 1
            feed = self._feed[resource]
            ids = [item and item.get('record', {}).get('_id') for item in feed]
            feed[ids.index(id)] = None  # the places of the others stay
            gone = {'type': 'withdrawn', 'id': id, 'withdrawn_at': '2026-01-01T00:00:00Z'}
            feed.append(gone)

    def answer_next(self, *answers: httpx2.Response | Exception) -> None:
        """Answer the next requests with these, before going on as usual; errors are raised."""
        self._answers += answers

    def opened(self) -> tuple[dict[str, list[_Row]], int]:
        """Give the records by resource, and the data version."""
        with self._lock:
            found = {name: list(rows.values()) for name, rows in self._rows.items() if rows}
            return found, self._version

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self._answers:
            answer = self._answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        try:
            return self._answer(request)
        except WebApiError as error:
            return _problem(error)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:  # noqa: PLR0911 - one per route
        asked = dict(request.url.params)
        parts = [unquote(part) for part in request.url.path.strip('/').split('/')]
        if parts == ['releases', 'index.json']:
            return _json({'latest': None, 'releases': []})
        if parts[:2] != ['api', 'v2']:
            raise NotFoundError(f'the fake has no {request.url.path}')
        match parts[2:]:
            case ['policy']:
                return _json({'version': 1, 'since': 0})
            case ['dictionary']:
                return _json(self._run(self._place.dictionary(asked.get('resource'))))
            case ['ratings']:
                return _json(_paged(self._run(self._place.ratings(_plain(asked))), asked))
            case ['labels']:
                return _json(_paged(self._run(self._place.labels(asked)), asked))
            case ['scans', md5sum]:
                return _json(self._run(self._place.scan(md5sum)))
            case ['growth']:
                return _json(self._run(self._place.statistic('growth', None, _typed(asked))))
            case [resource, *rest] if resource in self._rows:
                return self._answer_on(resource, rest, request)
        raise NotFoundError(f'the fake has no {request.url.path}')

    def _answer_on(
        self, resource: str, rest: Sequence[str], request: httpx2.Request
    ) -> httpx2.Response:
        asked = dict(request.url.params)
        match rest:
            case ['records'] if 'since' in asked:
                return _json(self._changes(resource, asked))
            case ['records']:
                return _json(self._listing(resource, asked))
            case ['records', id]:
                return _json(self._run(self._place.record(resource, id)))
            case [export] if export.startswith('export.'):
                return self._export(resource, export.removeprefix('export.'), request)
            case [statistic]:
                told = self._place.statistic(statistic, resource, _typed(asked))
                return _json(self._run(told))
        raise NotFoundError(f'the fake has no {request.url.path}')

    def _listing(self, resource: str, asked: Mapping[str, str]) -> dict[str, Any]:
        steps = self._place.records(
            _question(resource, asked), sort=asked.get('sort', ''), limit=None
        )
        told = _paged(self._run(steps), asked)
        return told | {'since': str(len(self._feed[resource])), 'data_version': self._version}

    def _changes(self, resource: str, asked: Mapping[str, str]) -> dict[str, Any]:
        start = int(asked['since']) if asked['since'].isdecimal() else 0
        end = start + int(asked.get('limit', '100'))
        feed = self._feed[resource]
        return {
            'items': [item for item in feed[start:end] if item is not None],
            'next': str(min(end, len(feed))),
            'more': end < len(feed),
            'data_version': self._version,
        }

    def _export(self, resource: str, format: str, request: httpx2.Request) -> httpx2.Response:
        formats: dict[str, TableFormat] = {
            'parquet': 'parquet',
            'arrow': 'arrow',
            'csv': 'csv',
            'tsv': 'tsv',
            'ndjson': 'ndjson',
        }
        if format not in formats:
            raise NotFoundError(f'no export as {format!r}')
        question = _question(resource, dict(request.url.params))
        told = f'{self._version} {format} {question}'
        tag = f'"{hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()}"'
        headers = {'ETag': tag, 'X-Data-Version': str(self._version)}
        if request.headers.get('if-none-match') == tag:
            return httpx2.Response(304, headers=headers)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / 'table'
            self._run(self._place.write(question, formats[format], out))
            return httpx2.Response(200, headers=headers, content=out.read_bytes())

    def _run(self, steps: Steps[Any]) -> Any:
        with self._lock:
            return Driver(headers={}).run(steps)


class _FakeSource:
    """The records of a fake, as tables."""

    name = 'the fake'

    def __init__(self, fake: FakeArchive) -> None:
        self._fake = fake
        self._catalogue = load_catalogue()

    @contextlib.contextmanager
    def opened(self) -> Iterator[Tables]:
        rows, version = self._fake.opened()
        with duckdb.connect() as connection:
            sources = {
                name: self._table(connection, name, rows.get(name, []))
                for name in self._catalogue.resources
            }
            yield Tables(
                connection=connection, sources=sources, state=str(version), data_version=version
            )

    def _table(
        self, connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[_Row]
    ) -> str:
        layout = Layout(self._catalogue[name], f'rows of {name}')
        connection.execute(layout.ddl)
        if rows:
            connection.register('rows', arrow_table(layout, rows, Profile()))
            connection.execute(f'INSERT INTO {layout.table} BY NAME FROM rows')
            connection.unregister('rows')
        table = quoted(name)
        chosen = f'SELECT * EXCLUDE (seq) FROM {layout.table} ORDER BY seq'  # noqa: S608 - quoted
        if layout.has_views:
            kept = '* EXCLUDE (in_scan, group_state, n_group)'
            chosen = f'FROM ({_DUPLICATES.format(table=f"(SELECT {kept} FROM {layout.table})")})'  # noqa: S608
        connection.execute(f'CREATE TABLE {table} AS {chosen}')
        return table


def _question(resource: str, asked: Mapping[str, str]) -> TableQuestion:
    return TableQuestion(
        resource=resource,
        where=asked.get('where', ''),
        view=asked.get('view', 'raw'),
        fields=names(asked.get('fields', '')),
    )


def _paged(items: list[dict[str, Any]], asked: Mapping[str, str]) -> dict[str, Any]:
    start = int(asked.get('cursor') or 0)
    end = start + int(asked.get('limit', '100'))
    return {'items': items[start:end], 'next': str(end) if end < len(items) else None}


def _plain(asked: Mapping[str, str]) -> dict[str, Any]:
    truth = {'true': True, 'false': False}
    return {name: truth.get(value, value) for name, value in asked.items()}


def _typed(asked: Mapping[str, str]) -> dict[str, Any]:
    """Read options as the service reads them."""
    try:
        return {name: _READERS.get(name, str)(value) for name, value in asked.items()}
    except ValueError as error:
        raise QueryError(str(error)) from None


def _bins(text: str) -> int | str:
    return text if text == 'auto' else int(text)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, names(text)))


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    **dict.fromkeys(_WHOLE, int),
    **dict.fromkeys(_FRACTION, float),
    **dict.fromkeys(_PAIR, _numbers),
    'bins': _bins,
}


def _json(told: Any) -> httpx2.Response:
    return httpx2.Response(
        200, headers={'Content-Type': 'application/json'}, content=orjson.dumps(told)
    )


def _problem(error: WebApiError) -> httpx2.Response:
    status = {QueryError: 400, NotFoundError: 404}.get(type(error), 503)
    told = {'status': status, 'code': error.code, 'detail': str(error)}
    return httpx2.Response(
        status,
        headers={'Content-Type': 'application/problem+json'},
        content=orjson.dumps(told),
    )
