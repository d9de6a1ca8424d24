"""On what terms records are sent, and what there is to send."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mriqc_webapi.client.sending.clock import SYSTEM_CLOCK, Clock
from mriqc_webapi.client.sending.dataset import Dataset
from mriqc_webapi.client.sending.disclosure import Policy
from mriqc_webapi.client.sending.summary import NotTaken
from mriqc_webapi.client.sending.uploading import TIMEOUT_S

N_WORKERS: Final = 4
PATIENCE_S: Final = 30.0
DEFAULT_POLICY: Final = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How records are sent."""

    url: str
    token: str | None = None
    policy: Policy = DEFAULT_POLICY
    resource: str | None = None  # where all records belong; None: as files or records say
    bids_dir: Path | None = None  # where the images are; None: around the records
    with_data_hash: bool = True
    n_workers: int = N_WORKERS
    timeout_s: float = TIMEOUT_S  # longest silence of the service
    patience_s: float = PATIENCE_S  # without any progress, before the rest is left for later
    retries_refused: bool = False
    spool: Path | None = None  # None: in the user's own folder for program state
    catalogue_dir: Path | None = None
    clock: Clock = field(default=SYSTEM_CLOCK, repr=False)


@dataclass(slots=True)
class Survey:
    """What there is to send, before anything is."""

    n_new: Counter[str] = field(default_factory=Counter)  # by resource
    n_present: int = 0  # sent before
    n_waiting: int = 0  # in the spool
    not_taken: list[NotTaken] = field(default_factory=list)
    datasets: dict[Path, Dataset] = field(default_factory=dict)

    @property
    def n_found(self) -> int:
        """How many records there are."""
        return self.n_new.total() + self.n_present + self.n_waiting + len(self.not_taken)
