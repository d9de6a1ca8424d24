"""One image to be taken, as processes and clusters are handed it, and what became of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mriqc_webapi.extract.bids import DATATYPES, Modality
from mriqc_webapi.extract.peers import PeerTable

BrainMask = Path | Literal['deepbet'] | None
OnStage = Callable[[str], None]
Status = Literal['done', 'present', 'failed']


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One image to be taken; all that is known before its voxels are read."""

    image: Path  # absolute
    modality: Modality
    name: str  # 'sub-01_ses-pre_T1w'
    out: Path  # folder of the derivatives, absolute
    bids_meta: Mapping[str, Any]  # entities, sidecars, header
    settings: Mapping[str, Any]  # that change the numbers; go into `provenance.settings`
    notes: tuple[str, ...] = ()  # on its sidecars
    brain_mask: BrainMask = None
    repetition_time_s: float | None = None
    with_report: bool = True
    peers: PeerTable | None = None
    rating_url: str | None = None  # of the service that the report's widget sends to
    needs_bytes: int = 0  # of memory, at most
    n_threads: int = 1

    @property
    def record(self) -> Path:
        """Where its record goes, as MRIQC names it."""
        parts = [part for part in self.name.split('_') if part.startswith(('sub-', 'ses-'))]
        return self.out.joinpath(*parts, DATATYPES[self.modality], f'{self.name}.json')

    @property
    def report(self) -> Path:
        """Where its report goes."""
        return self.out / f'{self.name}.html'

    @property
    def failure(self) -> Path:
        """Where it is said why there is no record."""
        return self.record.with_name(f'{self.name}_error.json')


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one image."""

    task: Task
    status: Status
    problem: str = ''  # why it failed, in words
    code: str = ''  # the same, for programs
    trace: str = ''  # where it failed, if that was not foreseen
    doubts: tuple[str, ...] = ()  # about image and masks
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Tell it to programs."""
        told = {
            'name': self.task.name,
            'modality': self.task.modality,
            'image': str(self.task.image),
            'status': self.status,
            'seconds': round(self.seconds, 3),
        }
        if self.status == 'failed':
            return told | {'problem': self.problem, 'code': self.code}
        report = str(self.task.report) if self.task.with_report else None
        return told | {
            'record': str(self.task.record),
            'report': report,
            'doubts': list(self.doubts),
        }


def failed(task: Task, problem: str, *, code: str, trace: str = '') -> Outcome:
    """Say that there is no record, and why."""
    return Outcome(task=task, status='failed', problem=problem, code=code, trace=trace)


def quietly(_stage: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How far an image has come."""

    name: str  # of the image
    stage: str


Event = Stage | Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What there is to do."""

    tasks: list[Task] = field(default_factory=list)
    present: list[Task] = field(default_factory=list)  # whole, and of the same image and settings
    notes: tuple[str, ...] = ()
