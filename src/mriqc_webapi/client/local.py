"""Tables on this machine, asked as the service's own copy is: by the same code, through DuckDB."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson

from mriqc_webapi.archive.chosen import chosen_columns
from mriqc_webapi.archive.columns import (
    ALL_DERIVED,
    FIXED,
    KEYS,
    RESIDUAL,
    SQL_TYPES,
    Layout,
    quoted,
)
from mriqc_webapi.archive.compile import Target, predicate
from mriqc_webapi.archive.predicates import Parameters
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.residual import Profile
from mriqc_webapi.archive.sorting import order_by
from mriqc_webapi.archive.statistics.question import framed
from mriqc_webapi.archive.statistics.sample import Population, Sample
from mriqc_webapi.archive.views import VIEWS, View, view_predicate
from mriqc_webapi.client.cache import Cache, Note, key_of
from mriqc_webapi.client.columns import read_frame, write_columns
from mriqc_webapi.client.frames import RecordFrame
from mriqc_webapi.client.local_questions import typed
from mriqc_webapi.client.local_ratings import image_labels, standing_ratings
from mriqc_webapi.client.profiles import profile_of
from mriqc_webapi.client.questions import Options, TableFormat, TableQuestion
from mriqc_webapi.client.steps import Steps, working
from mriqc_webapi.client.tables import Source, Tables
from mriqc_webapi.client.writing import write_table
from mriqc_webapi.errors import NotFoundError, QueryError
from mriqc_webapi.iqm.definitions import FieldDefinition, FieldType, Resource
from mriqc_webapi.iqm.dictionary import dictionary_rows
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.query.projection import Projection, parse_fields
from mriqc_webapi.query.sort import parse_sort
from mriqc_webapi.query.where import parse_where

FOREVER: Final = math.inf
BATCH_ROWS: Final = 50_000
_TYPES: Final[dict[str, FieldType]] = {
    'DOUBLE': 'float',
    'FLOAT': 'float',
    'BIGINT': 'integer',
    'INTEGER': 'integer',
    'VARCHAR': 'string',
    'BOOLEAN': 'boolean',
}


class LocalPlace:
    """Tables on this machine, as an archive."""

    def __init__(self, source: Source, *, cache: Cache | None) -> None:
        self.name = source.name
        self._source = source
        self._cache = cache
        self._catalogue = load_catalogue()
        self._profiles: dict[tuple[str, str], Profile] = {}

    def frame(self, question: TableQuestion) -> Steps[RecordFrame]:
        """Read records as a frame."""
        return (yield from working(partial(self._frame, question)))

    def write(self, question: TableQuestion, format: TableFormat, out: Path) -> Steps[int]:
        """Write records to a file."""
        return (yield from working(partial(self._write, question, format, out)))

    def statistic(self, name: str, resource: str | None, options: Options) -> Steps[Any]:
        """Answer a question as the service does."""
        return (yield from working(partial(self._statistic, name, resource, options)))

    def records(
        self, question: TableQuestion, *, sort: str, limit: int | None
    ) -> Steps[list[dict[str, Any]]]:
        """Read records, put together from their columns."""
        return (yield from working(partial(self._records, question, sort, limit)))

    def record(self, resource: str, id: str) -> Steps[dict[str, Any]]:
        """Read one record."""
        where = orjson.dumps({'_id': id}).decode()
        question = TableQuestion(resource=resource, where=where)
        found = yield from self.records(question, sort='', limit=1)
        if not found:
            raise NotFoundError(f'{resource} has no record {id!r}')
        return found[0]

    def scan(self, md5sum: str) -> Steps[dict[str, Any]]:
        """Read everything about one image."""
        return (yield from working(partial(self._scan, md5sum)))

    def ratings(self, options: Mapping[str, Any]) -> Steps[list[dict[str, Any]]]:
        """Read ratings, the newest of each history."""
        return (yield from working(partial(self._ratings, options)))

    def labels(self, options: Mapping[str, Any]) -> Steps[list[dict[str, Any]]]:
        """Read one label for each rated image."""
        return (yield from working(partial(self._labels, options)))

    def dictionary(self, resource: str | None) -> Steps[list[dict[str, Any]]]:
        """Give what each field means, as this version of the package knows it."""
        rows = yield from working(partial(dictionary_rows, self._catalogue, resource))
        return [dict(row) for row in rows]

    def releases(self) -> Steps[dict[str, Any]]:
        """Tell of none: a place on this machine is one, or is not."""
        return (yield from working(lambda: {'latest': None, 'releases': []}))

    def close(self) -> None:
        """Nothing stays open between two questions."""

    def _frame(self, question: TableQuestion) -> RecordFrame:
        with contextlib.ExitStack() as stack:
            tables = stack.enter_context(self._source.opened())
            cache = self._cache
            if cache is None:
                folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
                cache = Cache(Path(stack.enter_context(folder)))
            key = key_of(self.name, question.resource, repr(question))
            found = cache.find(key)
            if found is None or found[1].tag != tables.state:
                draft = stack.enter_context(cache.draft())
                note = self._take_apart(tables, question, draft)
                found = (cache.keep(draft, key, note), note)
            kept, note = found
            frame = read_frame(kept)
        frame.attrs = {
            'source': self.name,
            'resource': question.resource,
            'view': question.view,
            'where': question.where,
            'n': note.n_rows,
            'data_version': note.data_version,
        }
        return frame

    def _take_apart(self, tables: Tables, question: TableQuestion, draft: Path) -> Note:
        with self._chosen(tables, question) as chosen:
            reader = chosen.to_arrow_reader(BATCH_ROWS)
            n_rows = write_columns(draft, reader.schema, reader)
        version = tables.data_version
        return Note(tag=tables.state, format='local', data_version=version, n_rows=n_rows)

    def _write(self, question: TableQuestion, format: TableFormat, out: Path) -> int:
        with self._source.opened() as tables:
            if format == 'ndjson':
                found = self._documents(tables, question, '', None)
                lines = (orjson.dumps(d, option=orjson.OPT_APPEND_NEWLINE) for d in found)
                write_table(out, lines)
            else:
                dated = format in {'csv', 'tsv'}
                with self._chosen(tables, question, dates_as_text=dated) as chosen:
                    write_table(out, chosen.to_arrow_reader(BATCH_ROWS), format)
        return out.stat().st_size

    def _statistic(self, name: str, resource: str | None, options: Options) -> Any:
        with self._source.opened() as tables:
            if resource is not None:
                return self._answer(tables, name, resource, options)
            known = self._catalogue.resources
            measured = [r for r in tables.sources if r in known and known[r].kind == 'iqm']
            return {'resources': [self._answer(tables, name, r, options) for r in measured]}

    def _answer(self, tables: Tables, name: str, resource: str, options: Options) -> Any:
        question, where, view = typed(name, options)
        definition, reading = self._reading(tables, resource)
        self._require_view(view, resource, tables)
        population = Population(where=parse_where(where), view=view)
        sample = Sample(reading, definition, population, deadline=FOREVER)
        told = {'data_version': tables.data_version} | framed(
            question.answer(sample), definition, population
        )
        return orjson.loads(orjson.dumps(told))  # null for what is not finite, as on the wire

    def _records(
        self, question: TableQuestion, sort: str, limit: int | None
    ) -> list[dict[str, Any]]:
        with self._source.opened() as tables:
            found = self._documents(tables, replace(question, fields=()), sort, limit)
            fields = parse_fields(','.join(question.fields))
            return list(map(fields.apply, found))

    def _documents(
        self, tables: Tables, question: TableQuestion, sort: str, limit: int | None
    ) -> Iterator[dict[str, Any]]:
        _, reading = self._reading(tables, question.resource)
        layout = reading.layout
        with self._chosen(tables, question, sort=sort, limit=limit) as chosen:
            for batch in chosen.to_arrow_reader(BATCH_ROWS):
                yield from (_document(row, layout) for row in batch.to_pylist())

    def _scan(self, md5sum: str) -> dict[str, Any]:
        items: list[dict[str, Any]] = []
        with self._source.opened() as tables:
            for name in tables.sources:
                resource = self._catalogue.resources.get(name)
                if resource is None or resource.kind != 'iqm' or resource.md5_field is None:
                    continue
                where = orjson.dumps({resource.md5_field: md5sum}).decode()
                question = TableQuestion(resource=name, where=where)
                found = self._documents(tables, question, '', None)
                items += [{'resource': name, 'record': document} for document in found]
        if not items:
            raise NotFoundError(f'no record is about the image {md5sum[:64]!r}')
        ratings = self._ratings({'md5sum': md5sum}) if 'rating' in tables.sources else []
        return {'md5sum': md5sum, 'items': items, 'ratings': ratings, 'next': None}

    def _ratings(self, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        return standing_ratings(self._records(TableQuestion(resource='rating'), '', None), options)

    def _labels(self, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        documents = self._records(TableQuestion(resource='rating'), '', None)
        return image_labels(documents, self._modalities(), options.get('modality'))

    def _modalities(self) -> dict[str, str]:
        """Tell the modality of each image that has records."""
        found: dict[str, str] = {}
        with self._source.opened() as tables:
            for name in tables.sources:
                resource, reading = self._reading(tables, name)
                if resource.kind == 'iqm' and resource.md5_field and resource.modality:
                    md5sum = quoted(resource.md5_field)
                    sql = f'SELECT DISTINCT {md5sum} FROM {reading.layout.table}'  # noqa: S608
                    rows = tables.connection.execute(sql).fetchall()
                    found |= {md5: resource.modality for (md5,) in rows if md5}
        return found

    @contextlib.contextmanager
    def _chosen(
        self,
        tables: Tables,
        question: TableQuestion,
        *,
        sort: str = '',
        limit: int | None = None,
        dates_as_text: bool = False,
    ) -> Iterator[duckdb.DuckDBPyRelation]:
        _, reading = self._reading(tables, question.resource)
        self._require_view(question.view, question.resource, tables)
        parameters = Parameters()
        fields = parse_fields(','.join(question.fields)) if question.fields else Projection()
        columns = chosen_columns(reading.target, fields, parameters, dates_as_text=dates_as_text)
        where = predicate(parse_where(question.where), reading.target, parameters)
        view = view_predicate(_view(question.view), reading.layout)
        sql = f'SELECT {columns} FROM {reading.layout.table} WHERE ({where}) AND {view}'  # noqa: S608 - bound
        if sort:
            sql += f' ORDER BY {order_by(parse_sort(sort), reading.target, parameters)}'
        if limit is not None:
            sql += f' LIMIT {int(limit)}'
        yield tables.connection.sql(sql, params=parameters.of(sql))

    def _reading(self, tables: Tables, resource: str) -> tuple[Resource, Reading]:
        """Make a view of a table that looks like the service's own."""
        source = tables.sources.get(resource)
        if source is None:
            known = ', '.join(tables.sources) or 'nothing'
            raise NotFoundError(f'{self.name} has no {resource!r}; it has {known}')
        described = tables.connection.execute(f'DESCRIBE FROM {source}').fetchall()
        types = {str(row[0]): str(row[1]) for row in described}
        definition = _definition(resource, types, self._catalogue.resources.get(resource))
        layout = Layout(definition, f'records of {resource}')
        selected = ', '.join(_selected(layout, types, source))
        tables.connection.execute(
            f'CREATE OR REPLACE TEMP VIEW {layout.table} AS SELECT {selected} FROM {source}'  # noqa: S608 - quoted
        )
        key = (tables.state, resource)
        if key not in self._profiles:
            self._profiles[key] = profile_of(tables.connection, layout)
        target = Target(layout, self._profiles[key], layout.derived)
        version = tables.data_version or 0
        return definition, Reading(tables.connection, target, version, version)

    def _require_view(self, view: str, resource: str, tables: Tables) -> None:
        if _view(view) == 'raw' or resource not in self._catalogue.resources:
            return
        described = tables.connection.execute(f'DESCRIBE FROM {tables.sources[resource]}')
        if 'group_state' not in {row[0] for row in described.fetchall()}:
            raise QueryError(
                f'the table of {resource} does not say which records stand for others:'
                " it has one view, 'raw'"
            )


def _view(name: str) -> View:
    for view in VIEWS:
        if view == name:
            return view
    raise QueryError(f'no view {name!r}; there are {", ".join(VIEWS)}')


def _definition(resource: str, types: Mapping[str, str], known: Resource | None) -> Resource:
    """Describe a table: by the catalogue, and by its own columns as far as that is silent."""
    taken = {*FIXED, *ALL_DERIVED, *KEYS, RESIDUAL}
    named = set(known.by_name) if known else set()
    further = tuple(
        FieldDefinition(
            name=name,
            type=_TYPES[kind],
            role='iqm' if '.' not in name and _TYPES[kind] in {'float', 'integer'} else 'metadata',
            meaning='Of a table that says no more.',
        )
        for name, kind in types.items()
        if name not in taken and name not in named and kind in _TYPES
    )
    if known is not None:
        return replace(known, fields=(*known.fields, *further))
    return Resource(
        name=resource,
        title=resource,
        kind='iqm' if 'group_state' in types else 'telemetry',
        meaning='Of a table that says no more.',
        fields=further,
        md5_field='provenance.md5sum' if 'provenance.md5sum' in types else None,
        software_field=None,
        version_field=None,
    )


def _selected(layout: Layout, types: Mapping[str, str], source: str) -> Iterator[str]:
    """Write the columns that the service's own table has; NULL for what this one lacks."""
    yield 'row_number() OVER () AS seq' if source.startswith('read_') else 'rowid + 1 AS seq'
    for name in ('_id', '_created', '_etag'):
        sql_type = FIXED[name].removesuffix(' NOT NULL')
        yield f'{_own(name, sql_type, types)} AS {quoted(name)}'
    for column in (*layout.derived.values(), *layout.columns.values()):
        yield f'{_own(column.name, SQL_TYPES[column.type], types)} AS {column.sql}'
    yield f'{_own(RESIDUAL, "VARCHAR", types)} AS {RESIDUAL}'
    md5_field = layout.definition.md5_field
    md5sum = _own(md5_field, 'VARCHAR', types) if md5_field else 'NULL'
    yield f'hash(coalesce({md5sum}, {_own("_id", "VARCHAR", types)})) AS _scan'


def _own(name: str, sql_type: str, types: Mapping[str, str]) -> str:
    return quoted(name) if name in types else f'NULL::{sql_type}'


def _document(row: dict[str, Any], layout: Layout) -> dict[str, Any]:
    """Put a record together as it is served."""
    residual = row.get(RESIDUAL)
    document = layout.join(row, orjson.loads(residual) if residual else None)
    created = row['_created']
    date = created.strftime('%a, %d %b %Y %H:%M:%S GMT') if created else None
    own = {'_id': row['_id'], '_created': date, '_updated': date, '_etag': row['_etag']}
    return document | {name: value for name, value in own.items() if value is not None}
