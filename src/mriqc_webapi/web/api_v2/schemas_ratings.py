"""What the routes of ratings answer, as the documentation shows it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mriqc_webapi.web.api_v2.schemas import NoteOut

Grade = Literal['exclude', 'poor', 'acceptable', 'excellent']
Scale = Literal['v0', 'v1', 'v2', 'unknown']

VERSION_MEANING = 'number of the last change that the answer knows of'
INTERVAL = 'of the 95 % bootstrap interval'


class _Members(BaseModel):
    md5sum: str = Field('unspecified', description='of the image file')
    scale: Literal['v0', 'v1', 'v2'] | None = Field(
        None, description='of the value; else told from what comes'
    )
    name: str = Field('', description='of the rater; an e-mail address is never published')
    comment: str = ''
    artifacts: list[str] | None = None
    confidence: float | None = Field(None, ge=0, le=4)
    time_s: float | None = Field(None, ge=0, description='that the rater has spent')
    modality: str | None = None
    software: str | None = Field(None, description='that made the report')
    version: str | None = Field(None, description='of that software')
    report: str | None = None
    session: str | None = None
    defaced: bool | None = None


class SentRating(_Members):
    """A rating as a widget sends it."""

    rating: str | float = Field(description='on its scale: 0 to 3, 1 to 4, or a label of it')


class Changes(_Members):
    """The members of a rating that are to be changed; null takes one away."""

    rating: str | float | None = None


class Link(BaseModel):
    """Which image a rating is about."""

    model_config = ConfigDict(extra='forbid', strict=True)

    md5sum: str = Field(
        min_length=1, max_length=256, pattern=r'\S', description='of the image file'
    )
    why: str | None = Field(
        None, max_length=1000, description='for the audit log, where a token for admin links it'
    )


class TakenRating(BaseModel):
    """What became of a rating."""

    id: str
    status: Literal['created', 'replayed', 'corrected', 'unchanged']
    created_at: str = Field(description='UTC, ISO 8601')
    receipt: str | None = Field(description='lets its holder correct the rating; keep it')
    md5sum: str | None
    scale: Scale
    score: float | None = Field(description='on the common scale, 1 to 4')
    grade: Grade | None
    label: str | None = Field(description='what its own scale calls the grade')
    artifacts: list[str]
    rater: str
    amends: str | None = Field(description='id of the rating that this one corrects')
    notes: list[NoteOut] = Field(description='deviations that were accepted and kept')
    links: dict[str, Any] = Field(alias='_links')


class TypedRating(BaseModel):
    """A rating: what was sent, and what it means."""

    id: str
    created_at: str = Field(description='UTC, ISO 8601')
    md5sum: str | None = Field(description='null: the report did not know its image')
    modality: str | None
    rating: str = Field(description='the value as sent')
    scale: Scale
    score: float | None = Field(description='on the common scale, 1 to 4')
    grade: Grade | None
    label: str | None = Field(description='what its own scale calls the grade')
    artifacts: list[str]
    confidence: float | None = Field(description='0 to 4')
    time_s: float | None
    comment: str
    rater: str = Field(description='name or pseudonym; empty: anonymous')
    session: str | None
    defaced: bool | None
    software: str | None
    version: str | None
    report: str | None
    amends: str | None = Field(description='id of the rating that this one corrects')
    is_standing: bool = Field(description='whether it counts: no correction has come after it')


class RatingPage(BaseModel):
    """Some ratings."""

    items: list[TypedRating]
    next: str | None = Field(description='cursor of the next page; null: this was the last one')
    data_version: int = Field(description=VERSION_MEANING)
    total: int | None = Field(None, description='ratings in the whole listing, if asked for')


class RatingChain(BaseModel):
    """A rating as it stands, and what it was before."""

    rating: TypedRating
    history: list[TypedRating] = Field(description='what was corrected, newest first')


class GradeCount(BaseModel):
    """How many ratings gave a grade."""

    grade: Grade
    n: int


class LabelCount(BaseModel):
    """How many ratings on a scale chose one of its labels."""

    scale: Scale
    label: str
    n: int


class ArtifactCount(BaseModel):
    """How many ratings name an artifact."""

    artifact: str
    n: int


class Score(BaseModel):
    """Scores on the common scale, 1 to 4."""

    n: int
    mean: float | None
    sd: float | None = Field(description='with n − 1')
    min: float | None
    max: float | None


class ScanRatings(BaseModel):
    """What raters think of one image."""

    md5sum: str
    n_ratings: int = Field(description='that stand')
    n_raters: int = Field(description='named ones')
    grades: list[GradeCount]
    labels: list[LabelCount] = Field(description='of each scale that occurs')
    score: Score
    artifacts: list[ArtifactCount]
    ratings: list[TypedRating] = Field(description='that stand, newest first')
    history: list[TypedRating] = Field(description='what was corrected, newest first')


class Selected(BaseModel):
    """The ratings that a question is about."""

    n_ratings: int
    n_images: int
    n_raters: int = Field(description='named ones')
    n_anonymous: int = Field(description='ratings without a name')
    n_unlinked: int = Field(description='ratings of an unknown image')
    n_unreadable: int = Field(description='ratings on an unknown scale')


class Estimate(BaseModel):
    """A measure of agreement."""

    value: float | None
    low: float | None = Field(description=INTERVAL)
    high: float | None = Field(description=INTERVAL)
    n_images: int
    n_pairs: int = Field(description='of ratings of the same image')
    reason: str | None = Field(description='why there is no value')


class PairAgreement(BaseModel):
    """Two raters, over the images that both have rated."""

    raters: tuple[str, str]
    n_images: int
    percent: Estimate
    kappa: Estimate
    kappa_linear: Estimate
    kappa_quadratic: Estimate


class SelfAgreement(BaseModel):
    """One rater, over the images that they have rated twice."""

    rater: str
    n_images: int
    percent: Estimate
    kappa: Estimate
    kappa_quadratic: Estimate
    icc: Estimate


class AgreementOfGroup(BaseModel):
    """How far the raters of one group of ratings agree."""

    key: str | None
    n_ratings: int
    n_anonymous: int
    n_unreadable: int
    n_raters: int
    n_images: int
    n_shared: int = Field(description='images that two or more named raters have rated')
    percent: Estimate
    alpha: Estimate = Field(description='Krippendorff’s, ordinal')
    alpha_nominal: Estimate
    alpha_interval: Estimate
    icc: Estimate = Field(description='ICC(2,1)')
    n_rater_pairs: int
    pairs: list[PairAgreement]
    repeats: list[SelfAgreement]


class AgreementAnswer(BaseModel):
    """How far raters agree, over the images with two ratings or more."""

    data_version: int = Field(description=VERSION_MEANING)
    selected: Selected = Field(description='all ratings asked about')
    measured: Literal['grade', 'binary', 'score']
    by: str | None
    n_boot: int
    seed: int
    overall: AgreementOfGroup
    groups: list[AgreementOfGroup]


class RaterConfusion(BaseModel):
    """How one rater grades images whose grade, by consensus, is another."""

    rater: str | None = Field(description='null: the anonymous and those with few ratings')
    n_ratings: int
    support: list[float] = Field(description='expected ratings by consensus, worst grade first')
    matrix: list[list[float]] = Field(
        description='by consensus, the probability of each grade by the rater'
    )


class RatersAnswer(BaseModel):
    """How each rater errs, after Dawid and Skene."""

    data_version: int = Field(description=VERSION_MEANING)
    selected: Selected
    grades: list[Grade] = Field(description='order of the rows and columns')
    n_images: int = Field(description='with two ratings or more')
    prevalence: list[float] | None = Field(description='of the grades')
    n_iterations: int
    is_converged: bool
    raters: list[RaterConfusion]


class ActivePeriod(BaseModel):
    """What was rated in one period."""

    start: str = Field(description='its first day')
    n_ratings: int
    n_images: int
    n_raters: int
    scales: dict[str, int]


class ScaleCount(BaseModel):
    """How many ratings are on a scale."""

    scale: Scale
    n: int


class ArtifactActivity(ArtifactCount):
    """How many ratings name an artifact, of how many images."""

    n_images: int


class Quartiles(BaseModel):
    """Quartiles of what raters told."""

    n: int
    p25: float | None
    median: float | None
    p75: float | None


class ActivityAnswer(Selected):
    """How much is rated."""

    data_version: int = Field(description=VERSION_MEANING)
    per: Literal['day', 'week', 'month', 'year']
    periods: list[ActivePeriod] = Field(description='those without ratings are left out')
    scales: list[ScaleCount]
    grades: list[GradeCount]
    artifacts: list[ArtifactActivity] = Field(description='the 100 most frequent')
    time_s: Quartiles
    confidence: Quartiles


class RaterLabel(BaseModel):
    """What one rater says of an image."""

    rater: str
    scale: Scale
    score: float
    grade: Grade
    label: str


class ImageLabel(BaseModel):
    """What all raters say of one image."""

    md5sum: str
    modality: str | None
    consensus: Grade | None
    certainty: float | None
    method: Literal['dawid-skene', 'median', 'single'] | None
    score_mean: float | None
    score_sd: float | None
    scales: list[Scale]
    n_ratings: int
    n_raters: int
    n_unreadable: int
    artifacts: list[str]
    ratings: list[RaterLabel]


class LabelPage(BaseModel):
    """Some labels, by MD5."""

    items: list[ImageLabel]
    next: str | None = Field(description='cursor of the next page; null: this was the last one')
    total: int
    data_version: int = Field(description=VERSION_MEANING)


class AskedReceipt(BaseModel):
    """Which record's receipt is wanted."""

    id: str = Field(description='of the record', examples=['65a4f1d2c3b4a5968778695a'])


class ReceiptAnswer(BaseModel):
    """A record's receipt."""

    id: str
    receipt: str
