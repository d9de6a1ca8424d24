"""What listings, feeds and look-ups of scans answer, as the documentation shows it."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from mriqc_webapi.web.api_v2.schemas_ratings import TypedRating

Document = dict[str, Any]

VERSION_MEANING = 'number of the last change that the answer knows of'


class RecordPage(BaseModel):
    """Some records of a listing."""

    items: list[Document] = Field(description='records as they are stored')
    next: str | None = Field(description='cursor of the next page; null: this was the last one')
    since: str = Field(description='cursor of the changes since the listing began')
    data_version: int = Field(description=VERSION_MEANING)
    total: int | None = Field(None, description='records in the whole listing, if asked for')


class StoredRecord(BaseModel):
    """A record that was stored."""

    type: Literal['record']
    record: Document


class WithdrawnRecord(BaseModel):
    """A record that is no more."""

    type: Literal['withdrawn']
    id: str = Field(description='of the record')
    withdrawn_at: str = Field(description='UTC, ISO 8601')


class ChangePage(BaseModel):
    """Some changes, in the order in which they happened."""

    items: list[StoredRecord | WithdrawnRecord]
    next: str = Field(description='cursor to ask with for what comes after; good for ever')
    more: bool = Field(description='whether more changes are there already')
    data_version: int = Field(description=VERSION_MEANING)


class VersionCount(BaseModel):
    """How many records of a scan one software version made."""

    resource: str
    software: str
    version: str
    n: int


class ScanRecord(BaseModel):
    """One record of a scan."""

    resource: str
    record: Document


class Scan(BaseModel):
    """What is known of one image."""

    md5sum: str
    data_hashes: list[str] = Field(description='of its voxels, as the records state them')
    counts: list[VersionCount] = Field(description='all records, by what made them')
    items: list[ScanRecord] = Field(description='records, by resource, in order of insertion')
    ratings: list[TypedRating] = Field(
        description='the ratings of the image that stand, oldest first, at most 1000'
    )
    next: str | None = Field(description='cursor of the next page of records')


class ScanMatches(BaseModel):
    """The records of images with the same voxels."""

    data_hash: str
    md5sums: list[str] = Field(description='of the files that hold these voxels, at most 1000')
    items: list[ScanRecord]
    next: str | None = Field(description='cursor of the next page of records')
