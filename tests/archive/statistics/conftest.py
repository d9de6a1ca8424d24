"""Samples of documents in a table of their own, without a store; and real records."""

import io
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import orjson
import pytest
import zstandard
from hypothesis import settings

from mriqc_webapi.archive.batches import arrow_table
from mriqc_webapi.archive.columns import Layout
from mriqc_webapi.archive.compile import Target
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.residual import Profile
from mriqc_webapi.archive.statistics.question import Question
from mriqc_webapi.archive.statistics.sample import Population, Sample
from mriqc_webapi.cli import demo
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.iqm.loader import load_catalogue
from tests.archive.conftest import make_resource, make_row

Document = dict[str, Any]

FEW = settings(deadline=None, max_examples=40)  # each example makes a table


class Laboratory:
    """Documents in a table, raw, and questions to them."""

    def __init__(self, documents: Sequence[Document], resource: Resource | None = None) -> None:
        self.resource = resource or make_resource()
        layout, profile = Layout(self.resource, self.resource.name), Profile()
        self.connection = duckdb.connect()
        self.connection.execute(layout.ddl)
        if documents:
            rows = [make_row(i, d) for i, d in enumerate(documents)]
            self.connection.register('batch', arrow_table(layout, rows, profile))
            self.connection.execute(f'INSERT INTO {layout.table} BY NAME SELECT * FROM batch')
        target = Target(layout, profile, layout.derived)
        self._reading = Reading(self.connection, target, version=1, changed=1)

    def sample(self, deadline: float = math.inf, **population: Any) -> Sample:
        """Give a sample of the documents."""
        chosen = Population(**({'view': 'raw'} | population))
        return Sample(self._reading, self.resource, chosen, deadline=deadline)

    def ask(self, question: Question, **population: Any) -> dict[str, Any]:
        """Put a question; the answer has been JSON."""
        found = question.answer(self.sample(**population))
        told = {'n_used': found.n_used, 'n_missing': found.n_missing, **found.body}
        return orjson.loads(orjson.dumps(told))


@pytest.fixture
def lab() -> Iterator[Callable[..., Laboratory]]:
    """Give a function that opens a laboratory, closed after the test."""
    opened: list[Laboratory] = []

    def make(documents: Sequence[Document], resource: Resource | None = None) -> Laboratory:
        opened.append(Laboratory(documents, resource))
        return opened[-1]

    yield make
    for one in opened:
        one.connection.close()


def real_documents(resource: str) -> list[Document]:
    """Read the real records that ship as samples."""
    path = demo.DEMO_DATA / f'{resource}.ndjson.zst'
    reader = zstandard.ZstdDecompressor().stream_reader(path.open('rb'))
    lines = io.TextIOWrapper(reader, encoding='utf-8')
    served = [orjson.loads(line) for line in lines if line.strip()]
    return [{k: v for k, v in d.items() if not k.startswith('_')} for d in served]


@pytest.fixture(scope='session')
def bold() -> Iterator[tuple[list[Document], Laboratory]]:
    """Real bold records, and a laboratory that has them."""
    documents = real_documents('bold')
    opened = Laboratory(documents, load_catalogue(None)['bold'])
    yield documents, opened
    opened.connection.close()
