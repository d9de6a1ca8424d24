"""What every place that holds an archive can be asked: a service, or tables on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mriqc_webapi.client.questions import Options, TableFormat, TableQuestion
from mriqc_webapi.client.steps import Steps

if TYPE_CHECKING:
    from mriqc_webapi.client.frames import RecordFrame


class Place(Protocol):
    """An archive, wherever it is."""

    name: str  # as people know it

    def frame(self, question: TableQuestion) -> Steps[RecordFrame]:
        """Fetch records as a frame."""

    def write(self, question: TableQuestion, format: TableFormat, out: Path) -> Steps[int]:
        """Write records to a file; gives its size in bytes."""

    def statistic(self, name: str, resource: str | None, options: Options) -> Steps[Any]:
        """Ask for a statistic; gives what the service's JSON says."""

    def records(
        self, question: TableQuestion, *, sort: str, limit: int | None
    ) -> Steps[list[dict[str, Any]]]:
        """Fetch records as they are stored."""

    def record(self, resource: str, id: str) -> Steps[dict[str, Any]]:
        """Fetch one record."""

    def scan(self, md5sum: str) -> Steps[dict[str, Any]]:
        """Fetch everything about one image."""

    def ratings(self, options: Mapping[str, Any]) -> Steps[list[dict[str, Any]]]:
        """Fetch ratings, typed, the newest of each history."""

    def labels(self, options: Mapping[str, Any]) -> Steps[list[dict[str, Any]]]:
        """Fetch one label for each rated image."""

    def dictionary(self, resource: str | None) -> Steps[list[dict[str, Any]]]:
        """Fetch what each field means."""

    def releases(self) -> Steps[dict[str, Any]]:
        """Fetch which releases there are."""

    def close(self) -> None:
        """Let go of files."""
