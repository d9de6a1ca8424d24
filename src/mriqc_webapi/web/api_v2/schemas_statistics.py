"""What statistics answer, as the documentation shows it. Null stands for what is not defined."""

from typing import Any

from pydantic import BaseModel, Field

Group = dict[str, Any]


class Statistic(BaseModel):
    """What every statistic says of itself."""

    resource: str
    view: str
    n_used: int = Field(description='records that contribute')
    n_missing: int = Field(description='records of the view and filter that do not')
    data_version: int = Field(description='number of the last change that the answer knows of')


class Percentile(BaseModel):
    """A value below which some percentage of the values lies, interpolated linearly."""

    p: float
    value: float | None


class Moments(BaseModel):
    """Mean, and central moments."""

    mean: float | None
    sd: float | None = Field(description='with n − 1')
    skewness: float | None = Field(description='third central moment over the second to 1.5')
    kurtosis: float | None = Field(description='fourth over the square of the second, less 3')


class Described(BaseModel):
    """Some numbers in a few."""

    min: float | None
    max: float | None
    percentiles: list[Percentile]
    moments: Moments


class Ecdf(BaseModel):
    """Points of an empirical distribution."""

    x: list[float] = Field(description='values of the sample at even ranks, each once')
    share: list[float] = Field(description='share of the sample that is not larger')


class Histogram(Described):
    """The histogram of a sample, and more."""

    counts: list[int]
    n_below: int = Field(description='values below the first edge')
    n_above: int = Field(description='values above the last one')
    ecdf: Ecdf


class GroupHistogram(Histogram):
    """The distribution within a group."""

    group: Group
    n_used: int
    n_missing: int


class OtherHistogram(Histogram):
    """The distribution of all groups that are not told one by one."""

    n_groups: int
    n_used: int
    n_missing: int


class Distribution(Statistic, Histogram):
    """How one IQM is distributed."""

    iqm: str
    edges: list[float] = Field(description='of the bins: one more than counts')
    by: list[str]
    min_group: int | None = None
    groups: list[GroupHistogram] | None = None
    other: OtherHistogram | None = None


class IqmSummary(Described):
    """One IQM in a few numbers."""

    iqm: str
    n_used: int
    n_missing: int
    mad: float | None = Field(description='median absolute deviation from the median, not scaled')


class Summary(Statistic):
    """Every IQM in a few numbers."""

    iqms: list[IqmSummary]


class Counts(BaseModel):
    """What came in, lined up with the periods."""

    new: list[int]
    total: list[int]
    new_unique: list[int] = Field(description='scans whose first record came in then')
    total_unique: list[int]


class GroupCounts(Counts):
    """What came in of a group."""

    group: Group


class OtherCounts(Counts):
    """What came in of all other groups."""

    n_groups: int


class Growth(Statistic, Counts):
    """How a resource has grown."""

    per: str
    periods: list[str] = Field(description='first day of each period in which anything came in')
    by: list[str]
    groups: list[GroupCounts] | None = None
    other: OtherCounts | None = None


class GrowthOfAll(BaseModel):
    """How each modality has grown."""

    resources: list[Growth]


class ValueCount(BaseModel):
    """How often a value occurs."""

    value: str | float | bool
    n: int


class OtherValues(BaseModel):
    """The values that are not told one by one."""

    n_values: int
    n: int


class Facet(BaseModel):
    """The values of a field."""

    field: str
    n_used: int
    n_missing: int = Field(description='records where it is missing, or not of its declared type')
    n_values: int
    values: list[ValueCount]
    other: OtherValues


class Facets(Statistic):
    """The values of some fields."""

    facets: list[Facet]


class Relation(Statistic):
    """How two IQMs go together."""

    x: str
    y: str
    x_edges: list[float]
    y_edges: list[float]
    counts: list[list[int]] = Field(description='per bin of x, per bin of y')
    n_outside: int = Field(description='records with both values, but outside a range')


class Correlation(Statistic):
    """How some IQMs go together, pair by pair."""

    iqms: list[str]
    n: list[list[int]] = Field(description='records that have both')
    pearson: list[list[float | None]] | None
    spearman: list[list[float | None]] | None = Field(description='ties have their average rank')


class Rounding(BaseModel):
    """To how many decimals a parameter was rounded; null: not at all."""

    field: str
    decimals: int | None


class Protocol(BaseModel):
    """One combination of parameters."""

    protocol: Group
    n: int


class OtherProtocols(BaseModel):
    """The combinations that are not told one by one."""

    n_protocols: int
    n: int


class Protocols(Statistic):
    """Families of acquisition parameters."""

    fields: list[Rounding]
    n_protocols: int
    protocols: list[Protocol]
    other: OtherProtocols


class Rule(BaseModel):
    """What makes an outlier."""

    kind: str = Field(description='range or robust')
    low: float | None = None
    high: float | None = None
    k: float | None = None
    min_group: int | None = None
    text: str | None = None


class Judged(BaseModel):
    """The limits of a group, and how many lie beyond them."""

    n_used: int
    n_unjudged: int = Field(description='values of a group that is too small, or has a MAD of 0')
    median: float | None
    low: float | None
    high: float | None
    n_outliers: int


class JudgedGroup(Judged):
    """The limits of one group."""

    group: Group


class JudgedOthers(Judged):
    """What became of the groups that are not told one by one."""

    n_groups: int


class Outlier(BaseModel):
    """A record whose value is not ordinary."""

    id: str = Field(alias='_id')
    created: str = Field(alias='_created')
    md5sum: str | None
    value: float
    group: Group | None
    z: float | None = Field(description='robust standard deviations from the median')


class Outliers(Statistic):
    """Records beyond some limits."""

    iqm: str
    rule: Rule
    by: list[str]
    groups: list[JudgedGroup]
    other: JudgedOthers | None = Field(description='null: no group is left')
    n_outliers: int
    offset: int
    outliers: list[Outlier]


class IqmPercentiles(BaseModel):
    """The percentiles of one IQM."""

    iqm: str
    n_used: int
    n_missing: int
    values: list[float | None] = Field(description='lined up with the percentiles')


class Percentiles(Statistic):
    """The same percentiles of many IQMs, interpolated linearly."""

    percentiles: list[float]
    iqms: list[IqmPercentiles]


class Place(BaseModel):
    """Where one IQM of a record stands."""

    iqm: str
    unit: str = Field(description='UCUM')
    better: str = Field(description='lower, higher or neither')
    value: float | None
    n_used: int = Field(description='peers that have a value')
    n_missing: int = Field(description='peers that have none')
    n_below: int | None = Field(description='peers whose value is lower')
    n_equal: int | None = Field(description='peers whose value is the same')
    percentile: float | None = Field(
        description='100 · (n_below + n_equal / 2) / n_used; null with too few peers'
    )
    peers: list[float | None] | None = Field(None, description='their percentiles, if asked for')


class Standing(Statistic):
    """Where the IQMs of one record stand among its peers."""

    id: str
    md5sum: str | None
    record: Group = Field(description='what the archive says of the record: its derived columns')
    peers: str
    same: Group = Field(description='what peers have in common with the record')
    min_peers: int
    percentiles: list[float] = Field(description='those of the peers that are told beside')
    iqms: list[Place]


class FieldCoverage(BaseModel):
    """In how many records a field holds anything."""

    field: str
    n_present: int
    n_missing: int


class Coverage(Statistic):
    """What is there and what is missing."""

    fields: list[FieldCoverage]
    versions: list[dict[str, Any]] = Field(
        description='software, version, records, and n_present of each field in turn'
    )
    other: dict[str, Any] | None = None
