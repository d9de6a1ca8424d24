"""Answers about many records: what the service says, as a table, as a figure, as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from mriqc_webapi.client.packages import require

if TYPE_CHECKING:
    import pandas as pd

Row: TypeAlias = dict[str, Any]
Document: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Statistic:
    """What a question was answered with.

    Attributes
    ----------
    document : mapping
        The answer as the service gives it.
    """

    document: Document
    figure: ClassVar[str] = ''  # by which it is drawn

    @property
    def resource(self) -> str:
        """Which records it is about; '' for several resources."""
        return str(self.document.get('resource', ''))

    @property
    def view(self) -> str:
        """Which of them count."""
        return str(self._parts()[0]['view'])

    @property
    def n_used(self) -> int:
        """How many records contribute to it."""
        return sum(part['n_used'] for part in self._parts())

    @property
    def n_missing(self) -> int:
        """How many records of view and filter do not, because they lack what was asked about."""
        return sum(part['n_missing'] for part in self._parts())

    @property
    def data_version(self) -> int | None:
        """Number of the last change that the answer knows of."""
        return max((part['data_version'] or 0 for part in self._parts()), default=None)

    @property
    def frame(self) -> pd.DataFrame:
        """The answer as a table; takes `mriqc-webapi[frames]`."""
        frame: pd.DataFrame = require('pandas').DataFrame(list(self.rows()))
        return frame

    def rows(self) -> Iterator[Row]:
        """Give the rows of that table."""
        raise NotImplementedError

    def plot(self) -> Any:
        """Draw it, as an Altair chart; takes `mriqc-webapi[figures]`.

        Raises
        ------
        QueryError
            Answers of this kind have no figure.
        """
        figures = require('mriqc_webapi.figures')
        return figures.find_figure(self.figure).draw(self.document, self._size(figures))

    def save(self, path: str | Path) -> None:
        """Draw it into a file: ``.svg``, ``.png``, ``.json`` (Vega-Lite) or ``.csv``."""
        require('mriqc_webapi.figures').save(self.plot(), Path(path).expanduser())

    def _parts(self) -> list[Document]:
        return [self.document]

    def _size(self, figures: Any) -> Any:
        wanted = figures.Wanted(resource=self.resource)
        return figures.find_figure(self.figure).size(wanted)


class Growth(Statistic):
    """How many records and images came in, when."""

    figure = 'growth'

    def rows(self) -> Iterator[Row]:
        """Give a row per resource, group and period."""
        for part in self._parts():
            for group, counts in _groups(part):
                for i, period in enumerate(part['periods']):
                    told = {key: counts[key][i] for key in _COUNTS}
                    yield {'resource': part['resource'], **group, 'period': period, **told}

    def _parts(self) -> list[Document]:
        parts: list[Document] = self.document.get('resources', [self.document])
        return parts


class Distribution(Statistic):
    """How one IQM is distributed."""

    figure = 'distribution'

    @property
    def percentiles(self) -> dict[float, float | None]:
        """The percentiles that were asked for."""
        return {p['p']: p['value'] for p in self.document['percentiles']}

    @property
    def moments(self) -> dict[str, float | None]:
        """Mean, standard deviation (n − 1), skewness, excess kurtosis."""
        return dict(self.document['moments'])

    def rows(self) -> Iterator[Row]:
        """Give a row per group and bin."""
        bins = list(pairwise(self.document['edges']))
        for group, counts in _groups(self.document):
            for (low, high), n in zip(bins, counts['counts'], strict=True):
                yield {'iqm': self.document['iqm'], **group, 'low': low, 'high': high, 'n': n}


class Distributions(Statistic):
    """How several IQMs are distributed."""

    figure = 'distributions'

    @property
    def resource(self) -> str:
        """Which records it is about."""
        return str(self._parts()[0]['resource'])

    def rows(self) -> Iterator[Row]:
        """Give a row per IQM, group and bin."""
        for part in self._parts():
            yield from Distribution(part).rows()

    def _parts(self) -> list[Document]:
        parts: list[Document] = self.document['distributions']
        return parts

    def _size(self, figures: Any) -> Any:
        iqms = ','.join(part['iqm'] for part in self._parts())
        by = ','.join(self._parts()[0].get('by', ()))
        wanted = figures.Wanted(resource=self.resource, iqm=iqms, by=by)
        return figures.find_figure(self.figure).size(wanted)


class Summary(Statistic):
    """Every IQM in a few numbers."""

    def rows(self) -> Iterator[Row]:
        """Give a row per IQM."""
        for told in self.document['iqms']:
            row = {k: v for k, v in told.items() if k not in {'percentiles', 'moments'}}
            percentiles = {f'p{p["p"]:g}': p['value'] for p in told['percentiles']}
            yield row | percentiles | told['moments']


class Percentiles(Statistic):
    """The same percentiles of every IQM."""

    def rows(self) -> Iterator[Row]:
        """Give a row per IQM, with a column per percentile."""
        columns = [f'p{p:g}' for p in self.document['percentiles']]
        for told in self.document['iqms']:
            row = {k: v for k, v in told.items() if k != 'values'}
            yield row | dict(zip(columns, told['values'], strict=True))


class Facets(Statistic):
    """Which values fields take, how often."""

    def rows(self) -> Iterator[Row]:
        """Give a row per field and value."""
        for facet in self.document['facets']:
            for told in facet['values']:
                yield {'field': facet['field'], 'value': told['value'], 'n': told['n']}


class Relation(Statistic):
    """How two IQMs go together."""

    figure = 'relation'

    def rows(self) -> Iterator[Row]:
        """Give a row per cell that holds any record."""
        ys = list(pairwise(self.document['y_edges']))
        for (x_low, x_high), counts in zip(
            pairwise(self.document['x_edges']), self.document['counts'], strict=True
        ):
            for (y_low, y_high), n in zip(ys, counts, strict=True):
                if n:
                    cell = {'x_low': x_low, 'x_high': x_high, 'y_low': y_low, 'y_high': y_high}
                    yield cell | {'n': n}


class Correlation(Statistic):
    """How IQMs go together, pair by pair."""

    figure = 'correlation'

    @property
    def pearson(self) -> pd.DataFrame:
        """Pearson's coefficients as a matrix."""
        return self._matrix('pearson')

    @property
    def spearman(self) -> pd.DataFrame:
        """Spearman's coefficients as a matrix."""
        return self._matrix('spearman')

    def rows(self) -> Iterator[Row]:
        """Give a row per pair."""
        names = self.document['iqms']
        told = [key for key in ('n', 'pearson', 'spearman') if self.document.get(key)]
        for i, x in enumerate(names):
            for j, y in enumerate(names[:i]):
                yield {'x': x, 'y': y} | {key: self.document[key][i][j] for key in told}

    def _matrix(self, key: str) -> pd.DataFrame:
        names = self.document['iqms']
        matrix: pd.DataFrame = require('pandas').DataFrame(
            self.document[key], index=names, columns=names, dtype='float64'
        )
        return matrix


class Protocols(Statistic):
    """How images were acquired."""

    def rows(self) -> Iterator[Row]:
        """Give a row per combination of parameters."""
        for told in self.document['protocols']:
            yield told['protocol'] | {'n': told['n']}


class Outliers(Statistic):
    """Which records are not ordinary."""

    def rows(self) -> Iterator[Row]:
        """Give a row per record, the farthest first."""
        for told in self.document['outliers']:
            yield {k: v for k, v in told.items() if k != 'group'} | (told['group'] or {})


class Coverage(Statistic):
    """What records say, and what not."""

    def rows(self) -> Iterator[Row]:
        """Give a row per field."""
        yield from map(dict, self.document['fields'])


_COUNTS = ('new', 'total', 'new_unique', 'total_unique')


def _groups(part: Document) -> Iterable[tuple[Row, Document]]:
    """List the groups of an answer; without groups, the whole as one."""
    groups = part.get('groups')
    if groups is None:
        return [({}, part)]
    other = part.get('other')
    rest = [(dict.fromkeys(part['by'], 'other'), other)] if other else []
    return [*((group['group'], group) for group in groups), *rest]
