"""The questions of figures, put to an archive of this process."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from pydantic import ValidationError

from mriqc_webapi.archive.ratings.desk import RatingDesk
from mriqc_webapi.archive.statistics.frame import Statistics
from mriqc_webapi.errors import NotFoundError, QueryError
from mriqc_webapi.figures.registry import Put
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.web.api_v2 import ratings_queries
from mriqc_webapi.web.api_v2 import statistics_queries as queries

QUERIES: Final[dict[str, Any]] = {
    'growth': queries.GrowthByQuery,
    'distribution': queries.DistributionQuery,
    'facets': queries.FacetsQuery,
    'relation': queries.RelationQuery,
    'correlation': queries.CorrelationQuery,
}

ABOUT_RATINGS: Final[dict[str, Any]] = {
    'ratings/activity': ratings_queries.ActivityQuery,
    'ratings/agreement': ratings_queries.AgreementQuery,
}


def answering(statistics: Statistics, ratings: RatingDesk, catalogue: Catalogue) -> Put:
    """Make what answers the questions of statistics routes without HTTP; it blocks."""

    def put(statistic: str, resource: str = '', /, **parameters: str) -> dict[str, Any]:
        if statistic in ABOUT_RATINGS:
            about = parsed(ABOUT_RATINGS[statistic], parameters)
            text = ratings.ask(about.question(), about.selection())
        elif statistic == 'growth' and not resource:
            text = _growth_of_all(statistics, catalogue, parameters)
        else:
            text = _ask(statistics, catalogue, (statistic, resource), parameters)
        answer: dict[str, Any] = orjson.loads(text)
        return answer

    return put


def _growth_of_all(
    statistics: Statistics, catalogue: Catalogue, parameters: dict[str, str]
) -> bytes:
    asked = parsed(queries.GrowthQuery, parameters)
    measured = [r for r in catalogue.resources.values() if r.kind == 'iqm']
    told = statistics.ask_each(measured, asked.question(), asked.population())
    return b'{"resources":%s}' % told


def _ask(
    statistics: Statistics,
    catalogue: Catalogue,
    named: tuple[str, str],
    parameters: dict[str, str],
) -> bytes:
    statistic, resource = named
    if resource not in catalogue:
        raise NotFoundError(f'there is no resource {resource!r}')
    if statistic == 'standing':
        id = parameters.pop('id', '')
        standing = parsed(queries.StandingQuery, parameters)
        return statistics.ask(catalogue[resource], standing.question(id), standing.population())
    asked = parsed(QUERIES[statistic], parameters)
    return statistics.ask(catalogue[resource], asked.question(), asked.population())


def parsed(model: Any, parameters: Mapping[str, Any]) -> Any:
    """Read the parameters of a question.

    Raises
    ------
    QueryError
        They mean nothing.
    """
    try:
        return model.model_validate(parameters)
    except ValidationError as error:
        told = ('.'.join(map(str, e['loc'])) + f': {e["msg"]}' for e in error.errors())
        raise QueryError('; '.join(told)) from None
