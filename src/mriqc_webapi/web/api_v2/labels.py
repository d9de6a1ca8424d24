"""One row per rated image: page by page, or as one file."""

from hashlib import sha256
from pathlib import Path as FilePath
from typing import Annotated, Any

import pyarrow.compute as pc
from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response

from mriqc_webapi.archive.export import opened_aside
from mriqc_webapi.archive.ratings.labels import FORMATS, write_labels
from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.web.api_v2 import schemas_ratings as schemas
from mriqc_webapi.web.api_v2.cursors import read_cursor, write_cursor
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.api_v2.ratings_queries import Chosen, LabelPageQuery
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.exporting import MEDIA_TYPES
from mriqc_webapi.web.messages import ascii_json, names_tag
from mriqc_webapi.web.ranged import RANGE_RESPONSES, RangedFile
from mriqc_webapi.web.reading import in_thread
from mriqc_webapi.web.service import Service

router = APIRouter(tags=['ratings'])

JSON = 'application/json'
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        'description': 'The file.',
        'content': {kind: {} for name, kind in MEDIA_TYPES.items() if name in FORMATS},
    },
    304: {'description': 'Nothing has changed.'},
    **RANGE_RESPONSES,
    **problems(400, 404),
}


@router.get('/labels', response_model=schemas.LabelPage, responses=problems(400))
async def list_labels(service: ServiceDep, asked: Annotated[LabelPageQuery, Query()]) -> Response:
    """List the rated images, by MD5, with what each rater and all together say of them.

    The consensus of images with several ratings is found by the model of Dawid and Skene, over
    all the ratings that the filters leave.
    """
    question = 'labels ' + asked.model_dump_json(exclude={'cursor', 'limit'})
    selection, after = asked.selection(), ''
    if asked.cursor:
        (after,) = read_cursor(asked.cursor, question=question, key=service.identity)

    def work() -> tuple[list[dict[str, Any]], int, int]:
        found = service.ratings.labels(selection)
        table = found.table
        start = pc.sum(pc.less_equal(table['md5sum'], after)).as_py() or 0
        return table.slice(start, asked.limit + 1).to_pylist(), table.num_rows, found.version

    rows, total, version = await in_thread(service.queries, work)
    items, following = rows[: asked.limit], None
    if len(rows) > asked.limit:
        following = write_cursor([items[-1]['md5sum']], question=question, key=service.identity)
    body = {'items': items, 'next': following, 'total': total, 'data_version': version}
    return Response(ascii_json(body), media_type=JSON)


@router.get('/labels.{format}', responses=RESPONSES)
async def export_labels(
    service: ServiceDep,
    format: Annotated[
        str, Path(examples=list(FORMATS), json_schema_extra={'enum': list(FORMATS)})
    ],
    asked: Annotated[Chosen, Query()],
    if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Download the labels of all rated images, or of those that match, as one file.

    The formats are `csv`, `tsv`, `ndjson` and `parquet`. In `csv` and `tsv`, lists are JSON texts.
    """
    if format not in FORMATS:
        raise NotFoundError(f'no labels as {format!r}; there are {", ".join(FORMATS)}')
    selection = asked.selection()
    path, version = await in_thread(service.queries, lambda: _file(service, selection, format))
    headers = {
        'ETag': f'"{path.name}"',
        'Cache-Control': 'no-cache',
        'X-Data-Version': str(version),
    }
    if names_tag(if_none_match or '', path.name):
        return Response(status_code=304, headers=headers)
    return RangedFile(
        path, headers=headers, media_type=MEDIA_TYPES[format], filename=f'labels.{format}'
    )


def _file(service: Service, selection: Any, format: Any) -> tuple[FilePath, int]:
    """Write the file, unless it is there from before."""
    labels = service.ratings.labels(selection)
    tag = f'labels-{sha256((service.identity + labels.tag).encode()).hexdigest()[:32]}.{format}'
    path = service.exports.files.find(tag)
    if path is None:
        path = service.exports.files.place(tag)
        with opened_aside(path) as file:
            for part in write_labels(labels.table, format):
                file.write(part)
    return path, labels.version
