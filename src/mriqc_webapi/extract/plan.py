"""What there is to do: which images, from where to where, and which are done already."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from mriqc_webapi.errors import QueryError
from mriqc_webapi.extract.bids import WIRE_NAMES, Source, read_sidecars
from mriqc_webapi.extract.headers import Header, read_header
from mriqc_webapi.extract.masks import mask_for
from mriqc_webapi.extract.memory import needed_bytes
from mriqc_webapi.extract.outputs import read_record
from mriqc_webapi.extract.peers import PeerTable
from mriqc_webapi.extract.software import version
from mriqc_webapi.extract.tasks import BrainMask, Plan, Task
from mriqc_webapi.submissions.image_hashes import md5_of_file

FD_THRESHOLD_MM: Final = 0.2  # beyond it a volume counts as moved, as MRIQC's default has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How images are to be taken."""

    brain_masks: Sequence[Path] | Literal['deepbet'] = ()  # none: made here
    with_report: bool = True
    again: bool = False  # also what is done already
    n_threads: int = 1  # of each process
    peers: Mapping[str, PeerTable] = field(default_factory=dict)  # by modality
    rating_url: str | None = None  # of the service that reports send ratings to


def make_plan(sources: Sequence[Source], out: Path, wishes: Wishes) -> Plan:
    """Plan what is to be done for some images.

    Raises
    ------
    QueryError
        Two images have the same name, or it is not clear which mask is whose.
    """
    names = Counter(source.name for source in sources)
    if twice := [name for name, n in names.items() if n > 1]:
        raise QueryError(f'several images would be called {", ".join(twice)}: take them apart')
    tasks: list[Task] = []
    present: list[Task] = []
    notes: list[str] = []
    for source in sources:
        task, note = _task(source, out, wishes, is_alone=len(sources) == 1)
        notes += [note] if note else []
        (present if not wishes.again and is_present(task) else tasks).append(task)
    return Plan(tasks=tasks, present=present, notes=tuple(notes))


def is_present(task: Task) -> bool:
    """Whether its outputs are whole and were made of the same file, by the same settings."""
    record = read_record(task.record)
    if record is None or (task.with_report and not task.report.is_file()):
        return False
    provenance = record['provenance']
    is_same = (
        provenance.get('version') == version()
        and provenance.get('settings') == task.settings
        and record.get('bids_meta') == task.bids_meta
    )
    return is_same and _md5(task.image) == provenance.get('md5sum')


def _task(source: Source, out: Path, wishes: Wishes, *, is_alone: bool) -> tuple[Task, str]:
    header = read_header(source.path)
    sidecars, notes = read_sidecars(source.path)
    mask, note = _mask(source, wishes, is_alone=is_alone)
    task = Task(
        image=source.path,
        modality=source.modality,
        name=source.name,
        out=out.absolute(),
        bids_meta=_bids_meta(source, sidecars, header),
        settings=_settings(source, mask),
        notes=tuple(notes),
        brain_mask=mask,
        repetition_time_s=_seconds(sidecars.get('RepetitionTime')),
        with_report=wishes.with_report,
        peers=wishes.peers.get(source.modality),
        rating_url=wishes.rating_url,
        needs_bytes=needed_bytes(header, source.modality),
        n_threads=wishes.n_threads,
    )
    return task, note


def _mask(source: Source, wishes: Wishes, *, is_alone: bool) -> tuple[BrainMask, str]:
    if wishes.brain_masks == 'deepbet':
        return (None if source.modality == 'bold' else 'deepbet'), ''
    masks = [path for path in wishes.brain_masks if isinstance(path, Path)]
    mask = mask_for(source, masks, is_alone=is_alone)
    note = f'{source.name}: no mask was given, one is made' if masks and mask is None else ''
    return mask, note


def _bids_meta(
    source: Source, sidecars: Mapping[str, Any], header: Header | None
) -> dict[str, Any]:
    """Shape metadata as MRIQC does; what the file's name says goes before what sidecars say."""
    meta = dict(sidecars)
    if source.modality == 'bold' and header and header.repetition_time_s:
        meta.setdefault('RepetitionTime', round(header.repetition_time_s, 6))
    for entity, name in WIRE_NAMES.items():
        if (label := source.entity(entity)) is not None:
            meta[name] = label
    if source.dataset:
        meta['dataset'] = source.dataset
    return meta | {'modality': source.modality}


def _settings(source: Source, mask: BrainMask) -> dict[str, Any]:
    """Name what changes the numbers; by MRIQC's names what the views of an archive group by."""
    own = 'epi' if source.modality == 'bold' else 'bet+atlas'
    settings: dict[str, Any] = {'testing': False, 'brain_mask': mask or own}
    if isinstance(mask, Path):
        settings |= {'brain_mask': 'file', 'brain_mask_md5': _md5(mask)}
    if source.modality == 'bold':
        settings |= {'fd_thres': FD_THRESHOLD_MM, 'hmc_fsl': False}
    return settings


def _md5(path: Path) -> str | None:
    try:
        return md5_of_file(path)
    except OSError:
        return None


def _seconds(told: Any) -> float | None:
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return float(told) if is_number and math.isfinite(told) and told > 0 else None
