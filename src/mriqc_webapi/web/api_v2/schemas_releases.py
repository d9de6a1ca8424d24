"""What is told of releases, as the documentation shows it."""

from pydantic import BaseModel, Field


class TableSize(BaseModel):
    """One view of one resource in a release."""

    n_rows: int
    n_bytes: int


class ReleaseSoftware(BaseModel):
    """What made a release."""

    name: str
    version: str


class ReleaseOut(BaseModel):
    """One release."""

    release: int = Field(description='its number')
    name: str = Field(description='the number as in addresses', examples=['0001'])
    href: str = Field(description='where its files are', examples=['/releases/0001/'])
    created_at: str = Field(description='UTC, ISO 8601')
    data_version: int = Field(description='number of the last change that is in')
    policy_version: int = Field(description='of the policy on duplicates')
    previous: int | None = Field(description='number of the release before')
    software: ReleaseSoftware
    notes: str
    n_bytes: int
    resources: dict[str, dict[str, TableSize]] = Field(description='by resource, by view')


class ReleaseList(BaseModel):
    """All releases, the oldest first."""

    latest: int | None = Field(description='number of the newest')
    releases: list[ReleaseOut]
