"""What the routes about duplicates and derived columns answer, as their documentation shows it."""

from pydantic import BaseModel, Field

from mriqc_webapi.web.api_v2.schemas_statistics import Statistic


class GroupSize(BaseModel):
    """Groups of some sizes."""

    from_: int = Field(alias='from')
    to: int | None = Field(description='null: any more')
    n_groups: int
    n_records: int
    n_quarantined_groups: int


class Reason(BaseModel):
    """Why groups are quarantined; each counts by the first reason that applies."""

    reason: str
    meaning: str
    n_groups: int


class QuarantinedGroup(BaseModel):
    """A group that the policy does not admit; its settings are members of their own."""

    reason: str
    n_group: int
    diameter: float | None = Field(description='null: a value is missing, or it is infinite')
    first_at: str
    last_at: str
    id: str = Field(description='of the record with the lowest id')
    md5sum: str | None
    software: str | None
    version: str | None


class Quarantined(BaseModel):
    """What the policy does not admit."""

    n_records: int
    n_groups: int
    reasons: list[Reason]
    examples: list[QuarantinedGroup] = Field(description='the largest')


class Middle(BaseModel):
    """Median and number of values."""

    median: float | None
    n: int


class Bias(BaseModel):
    """What repeats do to an IQM."""

    iqm: str
    raw: Middle
    canonical: Middle
    relative_change: float | None = Field(
        description='of the median from raw to canonical; null where it was 0'
    )


class DuplicatesAnswer(Statistic):
    """How much of a resource repeats."""

    n_records: int
    n_scans: int = Field(description='distinct images')
    n_repeats: int = Field(description='records beyond the first of their image')
    n_groups: int = Field(description='same image, software, version and settings')
    n_canonical: int = Field(description='groups that are admitted, each with one record')
    sizes: list[GroupSize]
    quarantined: Quarantined
    bias: list[Bias]


class Limits(BaseModel):
    """Largest diameters that are admitted."""

    structural: float
    functional: float = Field(description='of bold')


class PolicyAnswer(BaseModel):
    """The policy on duplicates."""

    version: int
    since: int = Field(description='number of the change that put it in force; 0: from the first')
    frozen_at: str | None = Field(description='UTC, ISO 8601; null: comes with the software')
    text: str = Field(description='the rules, in Markdown')
    limits: Limits
    scales: dict[str, dict[str, float | None]] = Field(
        description='by resource and IQM, in the unit of the IQM; null: any difference is infinite'
    )
    n_vectors: dict[str, int] = Field(
        description='distinct vectors of this archive that the scales were measured over, by '
        'resource; those of other resources come with the software'
    )


class ScannerModel(BaseModel):
    """A model, and its other spellings."""

    name: str
    aliases: list[str]


class ScannerVendor(BaseModel):
    """A maker of scanners, and how it is spelled."""

    name: str
    spellings: list[str]
    brands: list[str] = Field(description='words before the names of its models')
    models: list[ScannerModel]


class ScannerTableOut(BaseModel):
    """The table of makers, models and nominal fields."""

    vendors: list[ScannerVendor]
    generic_words: list[str] = Field(description='words that do not tell makers apart')
    nothing: list[str] = Field(description='texts that say that nothing is known')
    field_strengths_t: list[float]
    tolerance: float = Field(description='relative, of field strengths')


class EpochOut(BaseModel):
    """An era of one software's numbers."""

    name: str
    software: str
    since: str = Field(description='its first release')
    meaning: str = Field(description='what changed')


class EpochsAnswer(BaseModel):
    """All eras; software without any has one, its own name."""

    epochs: list[EpochOut]
    unknown: str = Field(description='for a version that is none')
