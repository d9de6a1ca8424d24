"""Which ratings a question is about, as query parameters."""

from datetime import UTC
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mriqc_webapi.archive.ratings.activity import Activity, Period
from mriqc_webapi.archive.ratings.agreement import AgreementQuestion
from mriqc_webapi.archive.ratings.selection import Selection
from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.literals import as_date
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.ratings.agreement import By
from mriqc_webapi.ratings.scales import Grade, Scale
from mriqc_webapi.ratings.table import Measured
from mriqc_webapi.web.api_v2.parameters import Cursor, Limit

MAX_BOOT = 2000

Text = Annotated[str, Field(max_length=256)]
Date = Annotated[str, Field(description='an ISO or HTTP date', examples=['2026-11-01'])]


class Chosen(BaseModel):
    """The ratings that a question is about: those that match all that is given."""

    model_config = ConfigDict(extra='forbid')

    where: Annotated[
        str,
        Field(
            description='a filter on members of ratings: docs/queries.md',
            examples=['{"score": {"$lt": 2}}'],
        ),
    ] = ''
    modality: Annotated[Text, Field(description='of the image', examples=['T1w'])] = ''
    scale: Annotated[Scale | None, Field(examples=['v2'])] = None
    grade: Annotated[Grade | None, Field(examples=['exclude'])] = None
    artifact: Annotated[
        Text, Field(description='that the rater has seen', examples=['head-motion'])
    ] = ''
    session: Annotated[Text, Field(description='of rating', examples=['monday'])] = ''
    since: Date = ''
    until: Annotated[Date, Field(description='an ISO or HTTP date; excluded')] = ''

    def selection(self) -> Selection:
        """Say which ratings these are.

        Raises
        ------
        QueryError
            The filter or a date means nothing.
        """
        return Selection(
            where=parse_where(self.where),
            modality=self.modality,
            scale=self.scale or '',
            grade=self.grade or '',
            artifact=self.artifact,
            session=self.session,
            since=_seconds('since', self.since),
            until=_seconds('until', self.until),
        )


class ActivityQuery(Chosen):
    """What the account of activity takes."""

    per: Annotated[Period, Field(examples=['month'])] = 'week'

    def question(self) -> Activity:
        """Put the question."""
        return Activity(per=self.per)


class AgreementQuery(Chosen):
    """What agreement takes."""

    by: Annotated[
        By | None, Field(description='what to tell groups apart by', examples=['modality'])
    ] = None
    measured: Annotated[
        Measured,
        Field(
            description='the four grades, exclude against the rest, or the score',
            examples=['binary'],
        ),
    ] = 'grade'
    n_boot: Annotated[
        int, Field(ge=2, le=MAX_BOOT, description='resamplings of images', examples=[500])
    ] = 200
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, examples=[1])] = 0

    def question(self) -> AgreementQuestion:
        """Put the question."""
        return AgreementQuestion(
            by=self.by, measured=self.measured, n_boot=self.n_boot, seed=self.seed
        )


class LabelPageQuery(Chosen):
    """What a page of labels takes."""

    limit: Limit = 100
    cursor: Cursor = ''


class RatingListQuery(Chosen):
    """What a listing of ratings takes."""

    md5sum: Annotated[Text, Field(description='of the image', examples=['0' * 32])] = ''
    rater: Annotated[
        Text | None, Field(description='name or pseudonym; empty: the anonymous', examples=['me'])
    ] = None
    linked: Annotated[
        bool | None, Field(description='whether the rated image is known', examples=[False])
    ] = None
    standing: Annotated[
        Literal['true', 'false', 'all'],
        Field(description='whether the rating counts, or was corrected', examples=['all']),
    ] = 'true'
    limit: Limit = 100
    cursor: Cursor = ''
    total: Annotated[bool, Field(description='count them all, too', examples=[True])] = False

    def selection(self) -> Selection:
        """Say which ratings these are."""
        asked = super().selection()
        chosen = {name: getattr(asked, name) for name in Selection.__slots__}
        standing = {'true': True, 'false': False, 'all': None}[self.standing]
        return Selection(
            **chosen
            | {
                'md5sum': self.md5sum,
                'rater': self.rater,
                'is_linked': self.linked,
                'is_standing': standing,
            }
        )


def _seconds(name: str, text: str) -> int | None:
    if not text:
        return None
    date = as_date(text)
    if isinstance(date, str):
        raise QueryError(f'`{name}` takes an ISO or HTTP date')
    return int(date.replace(tzinfo=UTC).timestamp())
