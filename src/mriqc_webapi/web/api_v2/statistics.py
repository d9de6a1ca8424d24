"""Statistics of the archive: what the pages draw and scientists ask first."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from mriqc_webapi.archive.statistics.question import Question
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.web.api_v2 import schemas_statistics as schemas
from mriqc_webapi.web.api_v2 import statistics_queries as queries
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.dependencies import ResourceDep, ServiceDep
from mriqc_webapi.web.reading import in_thread
from mriqc_webapi.web.service import Service

router = APIRouter(tags=['statistics'], responses=problems(400, 404))

JSON = 'application/json'


@router.get('/{resource}/distribution', response_model=schemas.Distribution)
async def read_distribution(
    resource: ResourceDep,
    service: ServiceDep,
    asked: Annotated[queries.DistributionQuery, Query()],
) -> Response:
    """Tell how one IQM is distributed: histogram, percentiles, moments, empirical distribution.

    Groups share the bins of the whole. Those with fewer values than `min_group`, and all but
    the fifty largest, are told together as `other`.
    """
    return await _answer(service, resource, asked, asked.question())


@router.get('/{resource}/summary', response_model=schemas.Summary)
async def read_summary(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[queries.SummaryQuery, Query()]
) -> Response:
    """Tell percentiles, moments and extremes of every IQM at once."""
    return await _answer(service, resource, asked, asked.question())


@router.get('/{resource}/growth', response_model=schemas.Growth)
async def read_growth(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[queries.GrowthByQuery, Query()]
) -> Response:
    """Count records and distinct scans per day, week or month, new and in total.

    Periods in which nothing came in are left out.
    """
    return await _answer(service, resource, asked, asked.question())


@router.get('/growth', response_model=schemas.GrowthOfAll)
async def read_growth_of_all(
    service: ServiceDep, asked: Annotated[queries.GrowthQuery, Query()]
) -> Response:
    """Count records and distinct scans of every modality per day, week or month."""
    measured = [r for r in service.catalogue.resources.values() if r.kind == 'iqm']
    ask = partial(service.statistics.ask_each, measured, asked.question(), asked.population())
    answers = await in_thread(service.queries, ask)
    return Response(b'{"resources":%s}' % answers, media_type=JSON)


@router.get('/{resource}/facets', response_model=schemas.Facets)
async def read_facets(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[queries.FacetsQuery, Query()]
) -> Response:
    """Count the values of some fields, the most frequent first."""
    return await _answer(service, resource, asked, asked.question())


@router.get('/{resource}/relation', response_model=schemas.Relation)
async def read_relation(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[queries.RelationQuery, Query()]
) -> Response:
    """Count records over a grid of two IQMs."""
    return await _answer(service, resource, asked, asked.question())


@router.get('/{resource}/correlation', response_model=schemas.Correlation)
async def read_correlation(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[queries.CorrelationQuery, Query()]
) -> Response:
    """Correlate every pair of some IQMs, after Pearson and Spearman.

    Each pair is computed over the records that have both.
    """
    return await _answer(service, resource, asked, asked.question())


@router.get('/{resource}/protocols', response_model=schemas.Protocols)
async def read_protocols(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[queries.ProtocolsQuery, Query()]
) -> Response:
    """Count families of acquisition parameters, the most frequent first.

    By default these are scanner, timing, flip angle and voxel size, rounded as `fields` says.
    """
    return await _answer(service, resource, asked, asked.question())


@router.get('/{resource}/outliers', response_model=schemas.Outliers)
async def read_outliers(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[queries.OutliersQuery, Query()]
) -> Response:
    """List records beyond given limits, or beyond robust limits of their own group.

    The farthest come first. `rule` says the rule, `groups` the limits that it gave.
    """
    return await _answer(service, resource, asked, asked.question())


@router.get('/{resource}/coverage', response_model=schemas.Coverage)
async def read_coverage(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[queries.CoverageQuery, Query()]
) -> Response:
    """Count what is there and what is missing, per field and software version."""
    return await _answer(service, resource, asked, asked.question())


async def _answer(
    service: Service, resource: Resource, asked: queries.Asked, question: Question
) -> Response:
    ask = partial(service.statistics.ask, resource, question, asked.population())
    return Response(await in_thread(service.queries, ask), media_type=JSON)
