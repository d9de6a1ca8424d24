"""``/ratings``: how much is rated, how far raters agree, and what they said last."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from mriqc_webapi.errors import QueryError
from mriqc_webapi.ratings.scales import Scale
from mriqc_webapi.web.answering import parsed
from mriqc_webapi.web.api_v2 import ratings_queries as queries
from mriqc_webapi.web.api_v2.ratings_reading import listed
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import read_request
from mriqc_webapi.web.pages.agreeing import Agreement, agreement_of
from mriqc_webapi.web.pages.rated import RatingRow, rating_row
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.reading import in_thread
from mriqc_webapi.web.service import Service

router = APIRouter(include_in_schema=False)

SHOWN: Final = 25  # ratings of one page
MAX_COMMENT: Final = 240  # characters
MANY_MONTHS: Final = 24  # with ratings; fewer are shown by week
GROUPS: Final = (
    ('', 'nothing'),
    ('modality', 'modality'),
    ('scale', 'scale'),
    ('period', 'year'),
    ('artifact', 'artifact'),
)
SCALES: Final = {
    'v0': 'v0: invalid, exclude, usable, good',
    'v1': 'v1: 1 to 4 by buttons',
    'v2': 'v2: 1.00 to 4.00 by a slider',
    'unknown': 'unknown',
}
BADGES: Final = {'exclude': 'bad', 'poor': 'warn', 'acceptable': '', 'excellent': 'good'}
LABEL_FORMATS: Final = ('csv', 'parquet')


class RatingsQuery(BaseModel):
    """The address of the page is all of its state; what it does not know is left alone."""

    modality: str = ''
    scale: str = ''
    since: str = ''
    until: str = ''
    by: str = ''
    cursor: str = ''  # of the linked ratings
    loose: str = ''  # cursor of those without an image

    def chosen(self) -> dict[str, str]:
        """Return what narrows the ratings."""
        given = {n: getattr(self, n).strip() for n in ('modality', 'scale', 'since', 'until')}
        return {name: value for name, value in given.items() if value}

    def address(self, **changed: str) -> str:
        """Write the address of this page, with something changed."""
        wanted = {k: v for k, v in {**self.model_dump(), **changed}.items() if v}
        return '/ratings' + (f'?{urlencode(wanted)}' if wanted else '')


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRating:
    """One rating of a listing."""

    told: RatingRow
    href: str  # of all that the service knows about it, as JSON
    md5sum: str
    modality: str
    badge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Some ratings, the newest first, and where the others are."""

    n: int
    rows: tuple[ListedRating, ...]
    newest: str  # address; '' on the first page
    older: str  # address; '' on the last page


@dataclass(frozen=True, slots=True)
class RatingsContext:
    """What ``ratings.html`` shows."""

    asked: RatingsQuery
    problem: str  # why nothing is shown; '' otherwise
    modalities: tuple[tuple[str, str], ...]
    scales: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str], ...]
    counts: tuple[tuple[int, str], ...]
    params: dict[str, str]  # of the figures
    per: str  # 'week' or 'month', in the figure of activity
    has_artifacts: bool
    agreement: Agreement | None
    too_many: str  # why there is no agreement
    latest: Listing | None
    loose: Listing | None
    labels: tuple[tuple[str, str], ...]  # addresses and formats
    root: str


@router.get('/ratings', response_class=HTMLResponse)
async def show_ratings(
    request: Request, service: ServiceDep, asked: Annotated[RatingsQuery, Query()]
) -> HTMLResponse:
    """Show what raters do, and a form to narrow it."""
    root = service.settings.public_url or read_request(request.scope).root
    context = _empty(service, asked, root)
    try:
        context = await _filled(service, context)
    except QueryError as error:
        context = replace(context, problem=str(error))
    return render_page('ratings.html', context, status=400 if context.problem else 200)


def _empty(service: Service, asked: RatingsQuery, root: str) -> RatingsContext:
    known = {r.modality: r.modality for r in service.catalogue.resources.values() if r.modality}
    chosen = asked.chosen()
    query = f'?{urlencode(chosen)}' if chosen else ''
    return RatingsContext(
        asked=asked,
        problem='',
        modalities=(('', 'any'), *known.items()),
        scales=(('', 'any'), *((s, SCALES[s]) for s in get_args(Scale))),
        groups=GROUPS,
        counts=(),
        params=chosen,
        per='month',
        has_artifacts=False,
        agreement=None,
        too_many='',
        latest=None,
        loose=None,
        labels=tuple((f'/api/v2/labels.{f}{query}', f) for f in LABEL_FORMATS),
        root=root,
    )


async def _filled(service: Service, context: RatingsContext) -> RatingsContext:
    asked = context.asked
    activity = await _ask(
        service, parsed(queries.ActivityQuery, context.params | {'per': 'month'})
    )
    agreeing = parsed(queries.AgreementQuery, context.params | {'by': asked.by or None})
    agreement, too_many = None, ''
    try:
        agreement = agreement_of(await _ask(service, agreeing))
    except QueryError as error:
        too_many = str(error)
    return replace(
        context,
        counts=_counts(activity),
        per='month' if len(activity['periods']) > MANY_MONTHS else 'week',
        has_artifacts=bool(activity['artifacts']),
        agreement=agreement,
        too_many=too_many,
        latest=await _listing(service, asked, 'cursor', linked=True),
        loose=await _listing(service, asked, 'loose', linked=False),
    )


async def _ask(
    service: Service, asked: queries.ActivityQuery | queries.AgreementQuery
) -> dict[str, Any]:
    work = partial(service.ratings.ask, asked.question(), asked.selection())
    told: dict[str, Any] = orjson.loads(await in_thread(service.queries, work))
    return told


async def _listing(service: Service, asked: RatingsQuery, at: str, *, linked: bool) -> Listing:
    """List a page of ratings; `at` names the parameter that holds its place."""
    page = {'linked': linked, 'limit': SHOWN, 'cursor': getattr(asked, at), 'total': True}
    told = await listed(service, parsed(queries.RatingListQuery, {**asked.chosen(), **page}))
    anchor = '#loose' if at == 'loose' else '#latest'
    following = told['next']
    return Listing(
        n=told['total'],
        rows=tuple(map(_listed, told['items'])),
        newest=asked.address(**{at: ''}) + anchor if getattr(asked, at) else '',
        older=asked.address(**{at: following}) + anchor if following else '',
    )


def _listed(rating: Mapping[str, Any]) -> ListedRating:
    told = rating_row(rating)
    if len(told.comment) > MAX_COMMENT:
        told = replace(told, comment=f'{told.comment[:MAX_COMMENT]}…')
    return ListedRating(
        told=told,
        href=f'/api/v2/ratings/{rating["id"]}',
        md5sum=rating['md5sum'] or '',
        modality=rating['modality'] or '',
        badge=BADGES.get(rating['grade'], ''),
    )


def _counts(activity: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    return (
        (activity['n_ratings'], 'ratings'),
        (activity['n_images'], 'rated images'),
        (activity['n_raters'], 'raters who gave a name'),
        (activity['n_anonymous'], 'ratings without a name'),
        (activity['n_unlinked'], 'ratings without an image'),
    )
