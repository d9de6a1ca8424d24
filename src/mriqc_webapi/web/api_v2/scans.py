"""Everything about one image: its records of all software versions, and its ratings."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from mriqc_webapi.ratings.rating import standing
from mriqc_webapi.ratings.telling import tell
from mriqc_webapi.store import scans
from mriqc_webapi.store.scans import Key, ScanRecord, VersionCount
from mriqc_webapi.web.api_v2.cursors import read_cursor, write_cursor
from mriqc_webapi.web.api_v2.parameters import Cursor, Limit, problems
from mriqc_webapi.web.api_v2.ratings_reading import scan_ratings
from mriqc_webapi.web.api_v2.schemas_records import Scan, ScanMatches
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.image_names import spellings, unknown_image
from mriqc_webapi.web.messages import ascii_json
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.service import Service

router = APIRouter(tags=['scans'])

MOST = 1000  # ratings, hashes: far more than any image has
JSON = 'application/json'

MD5_EXAMPLE = '0123456789abcdef0123456789abcdef'


class PageQuery(BaseModel):
    """What a page of an image's records takes."""

    model_config = ConfigDict(extra='forbid')

    limit: Limit = 100
    cursor: Cursor = ''


class VoxelQuery(PageQuery):
    """What a search by voxels takes."""

    data_hash: str = Field(
        min_length=1, description='of voxels and geometry', examples=['5d41402abc4b2a76']
    )


@router.get('/scans/{md5sum}', response_model=Scan, responses=problems(400, 404))
async def read_scan(
    service: ServiceDep,
    md5sum: Annotated[
        str, Path(description='of the image file: 32 hex digits', examples=[MD5_EXAMPLE])
    ],
    asked: Annotated[PageQuery, Query()],
) -> Response:
    """Give the records of one image, whatever software and version made them, and its ratings."""
    measured = _measured(service)

    def ask(tx: Connection) -> tuple[str, dict[str, Any]]:
        name, counts = _known(tx, md5sum)
        page = _Page(service, 'md5sum', name, asked)
        told = {
            'md5sum': name,
            'data_hashes': scans.data_hashes(tx, md5sum=name, limit=MOST),
            'counts': [count._asdict() for count in counts],
            'ratings': [tell(r) for r in standing(scan_ratings(tx, md5sum=name))[-MOST:]],
        }
        return page.write(page.fetch(tx, measured)), told

    members, told = await read_store(service.store, ask)
    return _answer(told, members)


def _known(tx: Connection, md5sum: str) -> tuple[str, list[VersionCount]]:
    """Find how records write an MD5, and count them."""
    for name in dict.fromkeys([md5sum, *spellings(md5sum)]):  # as it was asked for, first
        if counts := scans.count_versions(tx, md5sum=name):
            return name, counts
    raise unknown_image(md5sum)


@router.get('/scans', response_model=ScanMatches, responses=problems(400))
async def find_scans(
    service: ServiceDep,
    asked: Annotated[VoxelQuery, Query()],
) -> Response:
    """Find the records of all images with the same voxels, however their files are packed."""
    measured, data_hash = _measured(service), asked.data_hash
    page = _Page(service, 'data_hash', data_hash, asked)

    def ask(tx: Connection) -> tuple[list[ScanRecord], dict[str, Any]]:
        known = scans.md5sums(tx, data_hash=data_hash, limit=MOST)
        return page.fetch(tx, measured), {'data_hash': data_hash, 'md5sums': known}

    found, told = await read_store(service.store, ask)
    return _answer(told, page.write(found))


class _Page:
    """One page of an image's records."""

    def __init__(self, service: Service, key: Key, value: str, asked: PageQuery) -> None:
        self._key, self._value = key, value
        self._question = f'scans {key} {value}'
        self._secret = service.identity
        self._after = ('', 0)
        self._limit = asked.limit
        if asked.cursor:
            resource, seq = read_cursor(asked.cursor, question=self._question, key=self._secret)
            self._after = (resource, seq)

    def fetch(self, tx: Connection, resources: Sequence[str]) -> list[ScanRecord]:
        """Fetch the page's records, and one more if there is one."""
        return scans.records_of(
            tx,
            key=self._key,
            value=self._value,
            resources=resources,
            after=self._after,
            limit=self._limit + 1,
        )

    def write(self, found: Sequence[ScanRecord]) -> str:
        """Write the members `items` and `next`."""
        items = [f'{{"resource":"{r.resource}","record":{r.doc}}}' for r in found[: self._limit]]
        following = 'null'
        if len(found) > self._limit:
            last = [found[self._limit - 1].resource, found[self._limit - 1].seq]
            text = write_cursor(last, question=self._question, key=self._secret)
            following = f'"{text}"'
        return f'"items":[{",".join(items)}],"next":{following}'


def _measured(service: Service) -> list[str]:
    """Name the resources that measure images."""
    return [r.name for r in service.catalogue.resources.values() if r.kind != 'rating']


def _answer(told: dict[str, Any], members: str) -> Response:
    return Response(b'%s,%s}' % (ascii_json(told)[:-1], members.encode()), media_type=JSON)
