"""A small resource, its table in a DuckDB of its own, and archives of a real store."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.batches import arrow_table
from mriqc_webapi.archive.columns import Layout
from mriqc_webapi.archive.compile import Target, predicate
from mriqc_webapi.archive.predicates import Parameters
from mriqc_webapi.archive.residual import Profile
from mriqc_webapi.archive.sorting import order_by
from mriqc_webapi.errors import ArchiveNotReadyError
from mriqc_webapi.iqm.definitions import Catalogue, FieldDefinition, Resource
from mriqc_webapi.query.expression import And, Compare, Expression, SortKey
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.record import make_record
from mriqc_webapi.store.withdrawal import withdraw
from mriqc_webapi.submissions.submission import Submission

EVERYTHING = And(())
LARGE_CJV = Compare(('cjv',), 'gt', 0.5)

FIELDS = {
    'cjv': 'float',
    'snr': 'float',
    'size_x': 'integer',
    'bids_meta.EchoTime': 'float',
    'bids_meta.Manufacturer': 'string',
    'provenance.md5sum': 'string',
    'provenance.settings.testing': 'boolean',
    'provenance.settings.fd_thres': 'float',
}


def make_resource(name: str = 'T1w', fields: dict[str, str] | None = None) -> Resource:
    """Make a resource with some typed fields."""
    return Resource(
        name=name,
        title=name,
        kind='iqm',
        meaning='A test',
        fields=tuple(
            FieldDefinition(name=n, type=t, role='iqm', meaning='A test')  # type: ignore[arg-type]
            for n, t in (fields or FIELDS).items()
        ),
        md5_field='provenance.md5sum',
        software_field='provenance.software',
        version_field='provenance.version',
    )


def make_catalogue(*resources: Resource) -> Catalogue:
    """Make a catalogue of resources, of the small one if none is given."""
    found = resources or (make_resource(),)
    return Catalogue(resources={r.name: r for r in found})


@dataclass(frozen=True)
class Row:
    """A stored record, as the copy sees it."""

    seq: int
    id: str
    created_at: int
    etag: str
    doc: str


def make_row(seq: int, document: dict[str, Any]) -> Row:
    """Make a stored record with a date that goes up by the hour."""
    served = {**document, '_id': f'{seq:024x}', '_etag': f'{seq:040x}', '_links': {}}
    doc = orjson.dumps(served).decode()
    return Row(seq, served['_id'], seq * 3600, served['_etag'], doc)


class Table:
    """Documents in the small resource's table, and questions to it."""

    def __init__(self, documents: Sequence[dict[str, Any]]) -> None:
        self.layout = Layout(make_resource(), 'T1w')
        self.profile = Profile()
        self.rows = [make_row(i, d) for i, d in enumerate(documents)]
        self.connection = duckdb.connect()
        self.connection.execute(self.layout.ddl)
        if self.rows:
            batch = arrow_table(self.layout, self.rows, self.profile)
            self.connection.register('batch', batch)
            self.connection.execute(f'INSERT INTO {self.layout.table} BY NAME SELECT * FROM batch')

    def matches(self, where: Expression) -> list[int]:
        """Give the positions of the documents that the SQL finds."""
        parameters = Parameters()
        text = predicate(where, Target(self.layout, self.profile), parameters)
        sql = f'SELECT seq FROM {self.layout.table} WHERE {text} ORDER BY seq'
        return [s for (s,) in self.connection.execute(sql, parameters.of(sql)).fetchall()]

    def ordered(self, *keys: SortKey) -> list[int]:
        """Give the positions of all documents as the SQL sorts them."""
        parameters = Parameters()
        text = order_by(keys, Target(self.layout, self.profile), parameters)
        sql = f'SELECT seq FROM {self.layout.table} ORDER BY {text}'
        return [s for (s,) in self.connection.execute(sql, parameters.of(sql)).fetchall()]


@pytest.fixture
def table_of():
    """Give a function that lays documents out in a table, closed after the test."""
    opened: list[Table] = []

    def make(*documents: dict[str, Any]) -> Table:
        opened.append(Table(documents))
        return opened[-1]

    yield make
    for table in opened:
        table.connection.close()


def put(store: Store, *documents: dict[str, Any], resource: str = 'T1w') -> list[str]:
    """Store documents; give their ids."""
    records = [
        make_record(
            Submission(resource=resource, document=d), resource=make_resource(resource), now=3600
        )
        for d in documents
    ]
    with store.write() as tx:
        return [outcome.id for outcome in insert_batch(tx, records)]


def take_back(store: Store, record_id: str) -> None:
    """Withdraw a record."""
    with store.write() as tx:
        withdraw(tx, id=record_id, rule='test', now=7200)


def in_the_end(ask: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    """Ask as a patient client does: again, while the answer is to come back later."""
    until = time.monotonic() + timeout_s
    while True:
        try:
            return ask()
        except ArchiveNotReadyError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def seqs_of(archive: Archive, where: Expression = EVERYTHING, resource: str = 'T1w') -> list[int]:
    """Number the records that match, waiting for the archive if need be."""
    return in_the_end(lambda: archive.find(resource, where=where)).seqs


@pytest.fixture
def open_archive(tmp_path):
    """Give a function that opens an archive of a store; all are closed after the test."""
    opened: list[Archive] = []

    def make(store: Store, folder: Path | None = None, **given: Any) -> Archive:
        found = {'catalogue': make_catalogue(make_resource(), make_resource('bold'))} | given
        opened.append(Archive.open(folder or tmp_path / 'data', store=store, **found))
        return opened[-1]

    yield make
    for archive in opened:
        archive.close()


@pytest.fixture
def archive(local_store, open_archive):
    """An archive of an empty store."""
    return open_archive(local_store)
