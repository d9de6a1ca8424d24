"""The session's pages: one frozen context per template, and the headers each page carries."""

from dataclasses import dataclass, fields
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from mriqc_webapi.ratings.artifacts import artifact_table
from mriqc_webapi.ratings.scales import BORDERS, GRADES, grade_of_score
from mriqc_webapi.reports.session.delivery import DeliveryStatus
from mriqc_webapi.reports.session.report_server import ReportServer
from mriqc_webapi.reports.session.resources import TEMPLATES
from mriqc_webapi.reports.session.review import Progress, Review
from mriqc_webapi.reports.session.summary import Measure

# letters for the keyboard while the artifacts are open; 'a' closes them
ARTIFACT_KEYS = {
    'head-motion': 'm',
    'eye-spillover': 'e',
    'noneye-spillover': 's',
    'coil-failure': 'c',
    'noise-global': 'g',
    'noise-local': 'l',
    'em-perturbation': 'p',
    'wrap-around': 'w',
    'ghost-aliasing': 'h',
    'ghost-other': 'o',
    'inu': 'i',
    'field-variation': 'f',
    'processing': 'd',
    'uncategorized': 'u',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeChoice:
    """One of the four buttons."""

    grade: str
    key: str
    score: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactChoice:
    """One artifact that may be ticked."""

    name: str
    title: str
    meaning: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One report of the queue as pages show it."""

    position: int
    title: str
    modality: str | None
    frame: str  # address of the report
    picture: str  # address of a picture that stands for it
    score: str | None
    grade: str | None
    is_there: bool
    is_linked: bool  # its image is known, so that its rating can be sent


@dataclass(frozen=True, slots=True, kw_only=True)
class RateContext:
    """What ``rate.html`` shows."""

    root: str
    rater: str
    item: ItemView
    n_items: int
    progress: Progress
    grades: tuple[GradeChoice, ...]
    artifacts: tuple[ArtifactChoice, ...]
    said: dict[str, Any]  # the standing rating, or a draft of one
    state: dict[str, Any]  # for the script
    is_blind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewContext:
    """What ``overview.html`` shows."""

    root: str
    rater: str
    items: tuple[ItemView, ...]
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryContext:
    """What ``summary.html`` shows."""

    root: str
    rater: str
    progress: Progress
    counts: tuple[tuple[str, int], ...]  # grade, number of reports
    measures: tuple[Measure, ...]
    delivery: DeliveryStatus
    n_missing: int  # reports that have gone


GRADE_CHOICES = tuple(
    GradeChoice(grade=grade, key=str(i), score=f'{i}.00')
    for i, grade in enumerate(GRADES, start=1)
)
ARTIFACT_CHOICES = tuple(
    ArtifactChoice(
        name=a.name, title=a.title, meaning=a.meaning, key=ARTIFACT_KEYS.get(a.name, '')
    )
    for a in artifact_table().artifacts
)

_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def duration(seconds: float | None) -> str:
    """Write a time as a person says it."""
    if seconds is None:
        return '–'
    if seconds < 100:
        return f'{seconds:.0f} s'
    return f'{seconds / 60:.0f} min' if seconds < 6000 else f'{seconds / 3600:.1f} h'


_templates.filters['duration'] = duration


def render_page(template: str, context: Any) -> HTMLResponse:
    """Render a template with the fields of its context dataclass."""
    values = {f.name: getattr(context, f.name) for f in fields(context)}
    return HTMLResponse(
        _templates.get_template(template).render(values), headers={'Cache-Control': 'no-store'}
    )


def item_view(review: Review, reports: ReportServer, position: int, score: str | None) -> ItemView:
    """Show an item as it stands."""
    image = review.image(position)
    return ItemView(
        position=position,
        title=review.title(position),
        modality=image.modality,
        frame=reports.address(position),
        picture=reports.picture_address(position),
        score=score,
        grade=None if score is None else grade_of_score(float(score)),
        is_there=review.is_there(position),
        is_linked=image.md5sum is not None,
    )


def borders() -> tuple[float, ...]:
    """Return where one grade ends and the next begins; the script names grades by them."""
    return BORDERS
