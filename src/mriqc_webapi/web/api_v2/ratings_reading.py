"""Routes that read ratings: listings, one with its history, all of one image, and many at once."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from sqlalchemy import Connection

from mriqc_webapi.archive.ratings.agreement import RatersQuestion
from mriqc_webapi.archive.ratings.desk import Question
from mriqc_webapi.archive.ratings.selection import Chosen
from mriqc_webapi.ratings.rating import Rating, standing
from mriqc_webapi.ratings.telling import tell
from mriqc_webapi.store import amendments, records
from mriqc_webapi.store.records import StoredDoc
from mriqc_webapi.web.api_v2 import ratings_queries as queries
from mriqc_webapi.web.api_v2 import schemas_ratings as schemas
from mriqc_webapi.web.api_v2.cursors import read_cursor, write_cursor
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.api_v2.typed_ratings import read_rating, summarise
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.image_names import is_md5, spellings, unknown_image
from mriqc_webapi.web.messages import ascii_json
from mriqc_webapi.web.rating_intake import RESOURCE, find_chain
from mriqc_webapi.web.reading import in_thread, read_store
from mriqc_webapi.web.service import Service

router = APIRouter(tags=['ratings'])

JSON = 'application/json'
MOST = 10_000  # ratings of one image: far more than any has
SHOWN = 1_000  # of them, one by one

Md5 = Annotated[str, Path(description='of the image file: 32 hex digits', examples=['0' * 32])]


@router.get('/ratings/agreement', response_model=schemas.AgreementAnswer, responses=problems(400))
async def read_agreement(
    service: ServiceDep, asked: Annotated[queries.AgreementQuery, Query()]
) -> Response:
    """Tell how far raters agree: with each other, in pairs, and with themselves.

    Agreement is told over the images with two ratings or more: Krippendorff's alpha and ICC(2,1)
    over all raters, Cohen's kappa per pair, each with a bootstrap interval. `by=artifact` tells
    agreement on ticking each artifact, `by=period` each year's.
    """
    return await _answer(service, asked, asked.question())


@router.get('/ratings/raters', response_model=schemas.RatersAnswer, responses=problems(400))
async def read_raters(service: ServiceDep, asked: Annotated[queries.Chosen, Query()]) -> Response:
    """Tell how each rater grades images whose grade, by consensus, is another."""
    return await _answer(service, asked, RatersQuestion())


@router.get('/ratings/activity', response_model=schemas.ActivityAnswer, responses=problems(400))
async def read_activity(
    service: ServiceDep, asked: Annotated[queries.ActivityQuery, Query()]
) -> Response:
    """Count ratings, images and raters per period, scale, grade and artifact."""
    return await _answer(service, asked, asked.question())


@router.get('/ratings', response_model=schemas.RatingPage, responses=problems(400))
async def list_ratings(
    service: ServiceDep, asked: Annotated[queries.RatingListQuery, Query()]
) -> Response:
    """List ratings, the newest first.

    `linked=false` gives those whose image is unknown. What was corrected is left out unless
    `standing` says otherwise.
    """
    return Response(ascii_json(await listed(service, asked)), media_type=JSON)


async def listed(service: Service, asked: queries.RatingListQuery) -> dict[str, Any]:
    """List ratings, as `/ratings` answers it."""
    question = asked.model_dump_json(exclude={'cursor', 'limit', 'total'})
    selection, before = asked.selection(), 2**62
    if asked.cursor:
        (before,) = read_cursor(asked.cursor, question=question, key=service.identity)

    def ask(chosen: Chosen) -> tuple[list[tuple[int, str, bool]], int | None, int]:
        sql = f'SELECT seq, _id, is_standing FROM held WHERE seq < {int(before)}'  # noqa: S608 - a number
        rows = chosen.rows(f'{sql} ORDER BY seq DESC LIMIT {asked.limit + 1}')
        total = chosen.rows('SELECT count(*) FROM held')[0][0] if asked.total else None
        return rows, total, chosen.version

    rows, total, version = await in_thread(
        service.queries, lambda: service.ratings.choose(selection, ask)
    )
    shown = rows[: asked.limit]
    stands = {id_: is_standing for _, id_, is_standing in shown}
    docs = await read_store(service.store, records.documents, seqs=[seq for seq, *_ in shown])
    items = [tell(read_rating(doc), is_standing=stands[doc.id]) for doc in docs]
    following = None
    if len(rows) > asked.limit:
        following = write_cursor([shown[-1][0]], question=question, key=service.identity)
    body = {'items': items, 'next': following, 'data_version': version}
    return body | ({} if total is None else {'total': total})


@router.get('/ratings/{id}', response_model=schemas.RatingChain, responses=problems(404))
async def read_one(
    service: ServiceDep, id: Annotated[str, Path(description='24 hex digits')]
) -> Response:
    """Give a rating as it stands, and what it was before; any id of the chain will do."""
    *before, newest = map(read_rating, await find_chain(service, id))
    history = [tell(rating, is_standing=False) for rating in reversed(before)]
    return Response(ascii_json({'rating': tell(newest), 'history': history}), media_type=JSON)


@router.get('/scans/{md5sum}/ratings', response_model=schemas.ScanRatings, responses=problems(404))
async def read_scan_ratings(service: ServiceDep, md5sum: Md5) -> Response:
    """Tell what raters think of one image: counts per grade, spread, artifacts, history.

    An image that nobody has rated gives zeros.
    """
    found = await ratings_of(service, spellings(md5sum)[0])
    if not is_md5(found['md5sum']) and not found['ratings'] and not found['history']:
        raise unknown_image(md5sum)
    return Response(ascii_json(found), media_type=JSON)


async def ratings_of(service: Service, md5sum: str) -> dict[str, Any]:
    """Tell what raters think of one image, as `/scans/{md5sum}/ratings` answers it."""

    def ask(tx: Connection) -> dict[str, Any]:
        return _told_scan(md5sum, scan_ratings(tx, md5sum=md5sum))

    return await read_store(service.store, ask)


def scan_ratings(tx: Connection, *, md5sum: str) -> list[Rating]:
    """Fetch the ratings of one image, those too that were corrected before they were linked."""
    names = spellings(md5sum)
    _, found = records.find_by_md5(tx, resource=RESOURCE, md5sums=names, offset=0, limit=MOST)
    known = {rating.id: rating for rating in _read(found)}
    firsts = {rating.amends for rating in known.values()} - {None}
    if firsts:
        chains = amendments.chains(tx, first_ids=[f for f in firsts if f], resource=RESOURCE)
        known |= {rating.id: rating for rating in _read(chains)}
    return list(known.values())


def _read(found: Iterable[StoredDoc]) -> list[Rating]:
    return [read_rating(stored) for stored in found]


def _told_scan(md5sum: str, found: list[Rating]) -> dict[str, Any]:
    held = standing(found)
    ids = {rating.id for rating in held}
    before = sorted(
        (r for r in found if r.id not in ids), key=lambda r: (r.created_at, r.id), reverse=True
    )
    return {
        'md5sum': md5sum,
        **summarise(held),
        'ratings': [tell(rating) for rating in reversed(held[-SHOWN:])],
        'history': [tell(rating, is_standing=False) for rating in before[:SHOWN]],
    }


async def _answer(service: Service, asked: queries.Chosen, question: Question) -> Response:
    selection = asked.selection()
    found = await in_thread(service.queries, lambda: service.ratings.ask(question, selection))
    return Response(found, media_type=JSON)
