"""What the archive holds, in a few numbers."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mriqc_webapi.store import records
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.reading import read_store

router = APIRouter(tags=['statistics'], responses=problems())

PATIENCE_S = 2.0


class ArchiveCounts(BaseModel):
    """How much there is of what."""

    records: int = Field(description='of images; ratings and telemetry apart')
    images: int | None = Field(description='distinct ones; null while they are being counted')
    ratings: int
    scanners: int | None = Field(description='distinct pairs of vendor and model, or null')
    resources: dict[str, int] = Field(description='records of each resource')


@router.get('/counts', response_model=ArchiveCounts)
async def read_counts(service: ServiceDep) -> ArchiveCounts:
    """Count records, distinct images, ratings and scanner models."""
    by_name = await read_store(service.store, records.counts)
    counts = await service.counter.count(by_name, patience_s=PATIENCE_S)
    return ArchiveCounts(
        records=counts.n_records,
        images=counts.known.n_images,
        ratings=counts.n_ratings,
        scanners=counts.known.n_scanners,
        resources=counts.resources,
    )
