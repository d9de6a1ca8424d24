"""The service's questions by their names on the wire, with options as Python has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mriqc_webapi.archive.statistics.correlation import Correlation
from mriqc_webapi.archive.statistics.coverage import Coverage
from mriqc_webapi.archive.statistics.distribution import Distribution
from mriqc_webapi.archive.statistics.facets import Facets
from mriqc_webapi.archive.statistics.growth import Growth
from mriqc_webapi.archive.statistics.outliers import Outliers
from mriqc_webapi.archive.statistics.percentiles import Percentiles
from mriqc_webapi.archive.statistics.protocols import Protocols
from mriqc_webapi.archive.statistics.question import Question
from mriqc_webapi.archive.statistics.relation import Relation
from mriqc_webapi.archive.statistics.summary import Summary
from mriqc_webapi.archive.views import VIEWS, View
from mriqc_webapi.client.questions import names
from mriqc_webapi.errors import QueryError

QUESTIONS: Final[dict[str, Callable[..., Question]]] = {
    'correlation': Correlation,
    'coverage': Coverage,
    'distribution': Distribution,
    'facets': Facets,
    'growth': Growth,
    'outliers': Outliers,
    'percentiles': Percentiles,
    'protocols': Protocols,
    'relation': Relation,
    'summary': Summary,
}
_NAMES: Final = frozenset({'by', 'fields', 'iqms'})


def typed(name: str, options: Mapping[str, Any]) -> tuple[Question, str, View]:
    """Make a question of options; gives filter and view, too.

    Raises
    ------
    QueryError
        There is no such question, or it takes no such option.
    """
    wanted = dict(options)
    where = str(wanted.pop('where', ''))
    view = wanted.pop('view', 'canonical')
    if name not in QUESTIONS:
        raise QueryError(f'tables on this machine cannot answer {name!r}')
    if view not in VIEWS:
        raise QueryError(f'no view {view!r}; there are {", ".join(VIEWS)}')
    given = {k: names(v) if k in _NAMES else _frozen(v) for k, v in wanted.items()}
    try:
        return QUESTIONS[name](**given), where, view
    except TypeError as error:
        raise QueryError(f'{name}: {error}') from None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
