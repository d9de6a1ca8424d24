"""Repeated records, the policy on them, and the published tables that records are derived by."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from mriqc_webapi.archive.duplicates import MAX_EXAMPLES, Duplicates
from mriqc_webapi.archive.policy import (
    FUNCTIONAL_LIMIT,
    MAX_VERSION,
    STRUCTURAL_LIMIT,
    TEXT,
    Policy,
    policy_at,
    policy_of,
)
from mriqc_webapi.archive.statistics.sample import Population
from mriqc_webapi.iqm.epochs import EPOCHS, UNKNOWN
from mriqc_webapi.iqm.scanners import scanner_table
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.web.api_v2 import schemas_duplicates as schemas
from mriqc_webapi.web.api_v2.parameters import Where, problems
from mriqc_webapi.web.dependencies import ResourceDep, ServiceDep
from mriqc_webapi.web.messages import ascii_json
from mriqc_webapi.web.reading import in_thread, read_store

router = APIRouter(tags=['duplicates'])

JSON = 'application/json'


class DuplicatesQuery(BaseModel):
    """What the account of duplicates takes."""

    model_config = ConfigDict(extra='forbid')

    where: Where = ''
    iqm: Annotated[
        str,
        Field(
            description='the IQMs whose bias is told, separated by commas; all by default',
            examples=['efc,fber'],
        ),
    ] = ''
    examples: Annotated[
        int,
        Field(ge=0, le=MAX_EXAMPLES, description='quarantined groups to show', examples=[3]),
    ] = 5

    def question(self) -> Duplicates:
        """Put the question."""
        names = (name.strip() for name in self.iqm.split(','))
        return Duplicates(iqms=tuple(n for n in names if n), n_examples=self.examples)


@router.get(
    '/{resource}/duplicates',
    response_model=schemas.DuplicatesAnswer,
    responses=problems(400, 404),
)
async def read_duplicates(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[DuplicatesQuery, Query()]
) -> Response:
    """Tell how much repeats, how large groups are, which are quarantined, and what it changes.

    The median of each IQM is told for all records and for the canonical view.
    """
    population = Population(where=parse_where(asked.where), view='raw')
    ask = partial(service.statistics.ask, resource, asked.question(), population)
    return Response(await in_thread(service.queries, ask), media_type=JSON)


class PolicyQuery(BaseModel):
    """What the policy takes."""

    model_config = ConfigDict(extra='forbid')

    version: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_VERSION,
            description='an earlier version; that in force by default',
            examples=[1],
        ),
    ] = None


@router.get(
    '/policy',
    response_model=schemas.PolicyAnswer,
    responses=problems(400, 404),
)
async def read_policy(service: ServiceDep, asked: Annotated[PolicyQuery, Query()]) -> Response:
    """Give the policy on duplicates that is in force, or an earlier version of it.

    Its text, its limits, its scales, and over how many vectors these were measured.
    """
    if asked.version is None:
        policy = await read_store(service.store, policy_at)
    else:
        policy = await read_store(service.store, policy_of, asked.version)
    return Response(ascii_json(told_policy(policy)), media_type=JSON)


@router.get('/scanners', response_model=schemas.ScannerTableOut, responses=problems())
async def read_scanners() -> Response:
    """Give the table by which `vendor`, `model` and `field_strength` are derived."""
    table = scanner_table()
    vendors = [
        {
            'name': vendor.name,
            'spellings': vendor.spellings,
            'brands': vendor.brands,
            'models': [{'name': n, 'aliases': aliases} for n, aliases in vendor.models.items()],
        }
        for vendor in table.vendors
    ]
    body = {
        'vendors': vendors,
        'generic_words': sorted(table.generic_words),
        'nothing': sorted(table.nothing),
        'field_strengths_t': table.nominal_t,
        'tolerance': table.tolerance,
    }
    return Response(ascii_json(body), media_type=JSON)


@router.get('/epochs', response_model=schemas.EpochsAnswer, responses=problems())
async def read_epochs() -> Response:
    """Give the eras of numbers, ascending, from which `epoch` is derived."""
    epochs = [
        {
            'name': epoch.name,
            'software': epoch.software,
            'since': '.'.join(map(str, epoch.since)),
            'meaning': epoch.meaning,
        }
        for epoch in EPOCHS
    ]
    return Response(ascii_json({'epochs': epochs, 'unknown': UNKNOWN}), media_type=JSON)


def told_policy(policy: Policy) -> dict[str, object]:
    """Write a policy out."""
    return {
        'version': policy.version,
        'since': policy.seq,
        'frozen_at': policy.frozen_on,
        'text': TEXT,
        'limits': {'structural': STRUCTURAL_LIMIT, 'functional': FUNCTIONAL_LIMIT},
        'scales': policy.scales,
        'n_vectors': policy.n_vectors,
    }
