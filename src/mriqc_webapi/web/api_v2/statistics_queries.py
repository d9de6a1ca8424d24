"""The query parameters of the statistics routes, and the questions that they put."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mriqc_webapi.archive.statistics import distribution, facets, groups, outliers, protocols
from mriqc_webapi.archive.statistics import relation as relations
from mriqc_webapi.archive.statistics.correlation import Correlation
from mriqc_webapi.archive.statistics.coverage import Coverage
from mriqc_webapi.archive.statistics.describe import PERCENTILES, Bins, Bounds
from mriqc_webapi.archive.statistics.distribution import Distribution
from mriqc_webapi.archive.statistics.facets import Facets
from mriqc_webapi.archive.statistics.growth import Growth
from mriqc_webapi.archive.statistics.outliers import Outliers
from mriqc_webapi.archive.statistics.percentiles import TABULATED, Percentiles
from mriqc_webapi.archive.statistics.protocols import Protocols
from mriqc_webapi.archive.statistics.relation import Relation
from mriqc_webapi.archive.statistics.sample import Population
from mriqc_webapi.archive.statistics.standing import MIN_PEERS, Peers, Standing
from mriqc_webapi.archive.statistics.summary import Summary
from mriqc_webapi.archive.views import View
from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.web.api_v2.parameters import Where


def _with_plus(text: object) -> object:
    """Give back the plus sign that query strings write for a blank."""
    return text.replace(' ', '+') if isinstance(text, str) else text


ViewParameter = Annotated[
    View,
    BeforeValidator(_with_plus),
    Field(description='all records, or one per image or group of repeats', examples=['raw']),
]
Iqm = Annotated[str, Field(description='an IQM, or any other numeric field', examples=['efc'])]
Iqms = Annotated[
    str,
    Field(
        description='from 2 to 70, separated by commas; all by default',
        examples=['efc,fber,size_x'],
    ),
]
By = Annotated[
    str,
    Field(
        description='up to two fields to group by, separated by commas',
        examples=['vendor,field_strength'],
    ),
]
OneField = Annotated[str, Field(description='a field to group by', examples=['vendor'])]
Names = Annotated[
    str,
    Field(description='fields, separated by commas', examples=['vendor,bids_meta.EchoTime']),
]
RangeText = Annotated[
    str,
    Field(
        description="smallest and largest value, or 'robust': the middle 98 % and a margin; "
        'all by default',
        examples=['0.1,0.9', 'robust'],
    ),
]
MinGroup = Annotated[
    int, Field(ge=1, description='groups with fewer values are not told one by one', examples=[5])
]


class Asked(BaseModel):
    """What every statistic takes."""

    model_config = ConfigDict(extra='forbid')

    where: Where = ''
    view: ViewParameter = 'canonical'

    def population(self) -> Population:
        """Say which records count."""
        return Population(where=parse_where(self.where), view=self.view)


class DistributionQuery(Asked):
    """What a distribution takes."""

    iqm: Iqm
    bins: Annotated[
        str,
        Field(
            description=f"number of bins up to {distribution.MAX_BINS}, or 'auto'",
            examples=['auto', '40'],
        ),
    ] = 'auto'
    range: RangeText = ''
    percentiles: Annotated[
        str,
        Field(description='from 0 to 100, separated by commas', examples=['2.5,50,97.5']),
    ] = ','.join(f'{p:g}' for p in PERCENTILES)
    ecdf: Annotated[
        int,
        Field(
            ge=0,
            le=distribution.MAX_ECDF,
            description='points of the empirical distribution: 0, or from 2 on',
            examples=[21],
        ),
    ] = 101
    by: By = ''
    min_group: MinGroup = groups.MIN_GROUP

    def question(self) -> Distribution:
        """Put the question."""
        return Distribution(
            iqm=self.iqm,
            bins=_bins(self.bins),
            range=_range(self.range),
            percentiles=_numbers('percentiles', self.percentiles) or PERCENTILES,
            ecdf=self.ecdf,
            by=_names(self.by),
            min_group=self.min_group,
        )


class SummaryQuery(Asked):
    """What a summary takes."""

    def question(self) -> Summary:
        """Put the question."""
        return Summary()


class GrowthQuery(Asked):
    """What the growth of several resources takes."""

    per: Annotated[
        Literal['day', 'week', 'month'],
        Field(description='length of a period; weeks begin on Mondays', examples=['week']),
    ] = 'month'

    def question(self) -> Growth:
        """Put the question."""
        return Growth(per=self.per)


class GrowthByQuery(GrowthQuery):
    """What the growth of one resource takes."""

    by: OneField = ''

    def question(self) -> Growth:
        """Put the question."""
        return Growth(per=self.per, by=_names(self.by))


class FacetsQuery(Asked):
    """What facets take."""

    fields: Names = ''
    limit: Annotated[
        int, Field(ge=1, le=facets.MAX_VALUES, description='most values of a field', examples=[5])
    ] = 20

    def question(self) -> Facets:
        """Put the question."""
        return Facets(fields=_names(self.fields), limit=self.limit)


class RelationQuery(Asked):
    """What the relation of two IQMs takes."""

    x: Annotated[str, Field(description='an IQM', examples=['efc'])]
    y: Annotated[str, Field(description='another one', examples=['fber'])]
    bins: Annotated[
        int,
        Field(ge=1, le=relations.MAX_BINS, description='number of bins a side', examples=[20]),
    ] = 50
    x_range: RangeText = ''
    y_range: RangeText = ''

    def question(self) -> Relation:
        """Put the question."""
        return Relation(
            x=self.x,
            y=self.y,
            bins=self.bins,
            x_range=_range(self.x_range),
            y_range=_range(self.y_range),
        )


class CorrelationQuery(Asked):
    """What the correlations of several IQMs take."""

    iqms: Iqms = ''
    method: Annotated[
        Literal['pearson', 'spearman', 'both'],
        Field(description='which coefficients', examples=['spearman']),
    ] = 'both'

    def question(self) -> Correlation:
        """Put the question."""
        return Correlation(iqms=_names(self.iqms), method=self.method)


class ProtocolsQuery(Asked):
    """What families of acquisition parameters take."""

    fields: Names = ''
    limit: Annotated[
        int,
        Field(ge=1, le=protocols.MAX_PROTOCOLS, description='most protocols', examples=[10]),
    ] = 50

    def question(self) -> Protocols:
        """Put the question."""
        return Protocols(fields=_names(self.fields), limit=self.limit)


class OutliersQuery(Asked):
    """What outliers take."""

    iqm: Iqm
    low: Annotated[
        float | None,
        Field(description='values below are outliers, whatever their group', examples=[0.3]),
    ] = None
    high: Annotated[
        float | None,
        Field(description='values above are outliers, whatever their group', examples=[0.9]),
    ] = None
    k: Annotated[
        float,
        Field(
            gt=0,
            description='without low and high: robust standard deviations from the median',
            examples=[5],
        ),
    ] = outliers.DEFAULT_K
    by: By = ''
    min_group: MinGroup = groups.MIN_GROUP
    limit: Annotated[
        int, Field(ge=1, le=outliers.MAX_LIMIT, description='most records', examples=[10])
    ] = 100
    offset: Annotated[
        int,
        Field(
            ge=0, le=outliers.MAX_OFFSET, description='records to leave out first', examples=[0]
        ),
    ] = 0

    def question(self) -> Outliers:
        """Put the question."""
        return Outliers(
            iqm=self.iqm,
            low=self.low,
            high=self.high,
            k=self.k,
            by=_names(self.by),
            min_group=self.min_group,
            limit=self.limit,
            offset=self.offset,
        )


class PercentilesQuery(Asked):
    """What percentiles of many IQMs take."""

    iqms: Annotated[
        str,
        Field(
            description='numeric fields, separated by commas; all IQMs by default',
            examples=['efc,fber'],
        ),
    ] = ''
    percentiles: Annotated[
        str,
        Field(
            description='from 0 to 100, separated by commas; by default a table of them, closer '
            'at both ends',
            examples=['2.5,50,97.5'],
        ),
    ] = ''

    def question(self) -> Percentiles:
        """Put the question."""
        wanted = _numbers('percentiles', self.percentiles) or TABULATED
        return Percentiles(iqms=_names(self.iqms), percentiles=wanted)


class StandingQuery(Asked):
    """What the standing of a record takes, besides the record."""

    peers: Annotated[
        Peers,
        Field(
            description='records of other images: all, of the same epoch, or of the same epoch, '
            'vendor and field strength, as far as the record says them',
            examples=['scanner'],
        ),
    ] = 'all'
    min_peers: Annotated[
        int,
        Field(ge=1, description='with fewer values, an IQM gets no percentile', examples=[50]),
    ] = MIN_PEERS
    percentiles: Annotated[
        str,
        Field(description='of the peers, to be told beside', examples=['5,25,50,75,95']),
    ] = ''

    def question(self, id: str) -> Standing:
        """Put the question about a record."""
        return Standing(
            id=id,
            peers=self.peers,
            min_peers=self.min_peers,
            percentiles=_numbers('percentiles', self.percentiles),
        )


class CoverageQuery(Asked):
    """What coverage takes."""

    fields: Names = ''

    def question(self) -> Coverage:
        """Put the question."""
        return Coverage(fields=_names(self.fields))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(',') if name.strip())


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        found = tuple(map(float, _names(text)))
    except ValueError:
        found = ()
    if text and not found:
        raise QueryError(f'{name} are numbers, separated by commas')
    return found


def _range(text: str) -> Bounds:
    if not text:
        return None
    if text == 'robust':
        return 'robust'
    found = _numbers('the ends of a range', text)
    if len(found) != 2:
        raise QueryError("a range is two numbers, separated by a comma, or 'robust'")
    return found[0], found[1]


def _bins(text: str) -> Bins:
    if text == 'auto':
        return 'auto'
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise QueryError("bins is a number, or 'auto'")
    return int(text)
