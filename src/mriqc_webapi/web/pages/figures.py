"""The figures as files: ``/figures/growth.svg`` and its like."""

from dataclasses import fields
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mriqc_webapi.figures import FIGURES, Wanted, find_figure
from mriqc_webapi.figures.registry import MAX_WIDTH, MIN_WIDTH, WIDTH
from mriqc_webapi.figures.rendering import FORMATS, MEDIA_TYPES, Format
from mriqc_webapi.figures.theme import Theme
from mriqc_webapi.web.api_v1.reading import is_unchanged
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.drawing import sketch
from mriqc_webapi.web.easel import Look
from mriqc_webapi.web.messages import read_request

router = APIRouter(prefix='/figures', tags=['figures'])

HEADERS: Final = {
    'Cache-Control': 'no-cache',  # ask again: an unchanged figure costs a 304
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'cross-origin',  # a notebook or a lab's page may show it
}

NEVER: Final = 2**62  # only the ETag counts: a figure has no date


def _text(meaning: str, example: str) -> Any:
    return Field(default='', description=meaning, examples=[example])


class FigureQuery(BaseModel):
    """What figures take; which takes what is told by the list of figures."""

    model_config = ConfigDict(extra='forbid')

    resource: str = _text('which records: T1w, T2w, bold, ...', 'T1w')
    iqm: str = _text('one IQM, or several separated by commas', 'cjv')
    x: str = _text('an IQM', 'cjv')
    y: str = _text('another one', 'cnr')
    id: str = _text('a record: 24 hex digits', '')
    by: str = _text('up to two fields to group by, separated by commas', 'vendor')
    where: str = _text('a filter: docs/queries.md', '{"vendor": "GE"}')
    view: Annotated[str, BeforeValidator(lambda v: v.replace(' ', '+'))] = _text(
        'all records, or one per image or group of repeats', 'raw'
    )
    per: str = _text('day, week or month', 'week')
    method: str = _text('pearson or spearman', 'pearson')
    bins: str = _text('number of bins, or auto', '40')
    peers: str = _text('who a record is compared with: all, epoch or scanner', 'scanner')
    modality: str = _text('of rated images', 'T1w')
    scale: str = _text('of ratings: v0, v1, v2 or unknown', 'v2')
    since: str = _text('a date: ratings of it or later', '2018-01-01')
    until: str = _text('a date: ratings before it', '2030-01-01')
    theme: Theme = Field(default='light', description='colours', examples=['dark'])
    width: int = Field(
        default=WIDTH, ge=MIN_WIDTH, le=MAX_WIDTH, description='in CSS pixels', examples=[480]
    )

    def wanted(self) -> Wanted:
        """Say what to show."""
        return Wanted(**{f.name: getattr(self, f.name) for f in fields(Wanted)})


class FigureKind(BaseModel):
    """One kind of figure."""

    name: str
    meaning: str
    takes: list[str] = Field(description='parameters, besides theme and width')
    needs: list[str] = Field(description='those that must be given')
    formats: list[str]


class FigureKinds(BaseModel):
    """All kinds of figures."""

    figures: list[FigureKind]


@router.get('/index.json', response_model=FigureKinds, responses=problems())
async def list_figures() -> FigureKinds:
    """List the figures: what each shows and takes."""
    return FigureKinds(
        figures=[
            FigureKind(
                name=figure.name,
                meaning=figure.meaning,
                takes=list(figure.takes),
                needs=list(figure.needs),
                formats=list(FORMATS),
            )
            for _, figure in sorted(FIGURES.items())
        ]
    )


@router.get(
    '/{name}.{format}',
    response_class=Response,
    responses={
        200: {
            'description': 'The figure; as JSON, its Vega-Lite specification; as CSV, its table.',
            'content': {kind.partition(';')[0]: {} for kind in MEDIA_TYPES.values()},
        },
        304: {'description': 'As the client has it.'},
        **problems(400, 404),
    },
)
async def read_figure(
    name: Annotated[str, Path(json_schema_extra={'enum': sorted(FIGURES)})],
    format: Format,
    request: Request,
    service: ServiceDep,
    asked: Annotated[FigureQuery, Query()],
) -> Response:
    """Draw a figure of what the archive holds now.

    It is drawn anew when what it shows has changed, and its ETag tells.
    """
    look = Look(format=format, theme=asked.theme, width=asked.width)
    drawing = await sketch(service, find_figure(name), asked.wanted(), look)
    etag = drawing.digest
    headers = {**HEADERS, 'ETag': f'"{etag}"'}
    if is_unchanged(read_request(request.scope), etag=etag, modified_at=NEVER):
        return Response(status_code=304, headers=headers)
    file = await service.easel.draw(drawing)
    return Response(file, media_type=MEDIA_TYPES[format], headers=headers)
