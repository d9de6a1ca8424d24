"""From an image to its record and its report: the one function that processes and clusters run."""

import math
import os
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from mriqc_webapi.errors import ImageError, WebApiError
from mriqc_webapi.extract import outputs
from mriqc_webapi.extract.anatomical import anatomical_maps
from mriqc_webapi.extract.formulas import anatomical_iqms, functional_iqms, traces
from mriqc_webapi.extract.functional import functional_maps
from mriqc_webapi.extract.maps import AnatomicalMaps, Contrast, FunctionalMaps, Iqms
from mriqc_webapi.extract.report import write_report
from mriqc_webapi.extract.software import SOFTWARE, version
from mriqc_webapi.extract.tasks import OnStage, Outcome, Task, failed, quietly
from mriqc_webapi.reports.annotate import Report, Wishes, change_report
from mriqc_webapi.reports.widget import Widget
from mriqc_webapi.submissions.image_hashes import ImageHashes, image_hashes

Maps = AnatomicalMaps | FunctionalMaps

SMALL_AIR_VOXELS: Final = 500_000  # MRIQC's limits of `provenance.warnings`
LARGE_ROTATION_VOXELS: Final = 500
THREADS_VARIABLE: Final = 'ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS'


def extract_image(task: Task, on_stage: OnStage = quietly) -> Outcome:
    """Take one image's IQMs and write its record and report; a failure is written, too.

    It never raises for what an image does.
    """
    started = time.monotonic()
    try:
        outcome = _extract(task, on_stage)
    except WebApiError as error:
        outcome = failed(task, str(error), code=error.code)
    except MemoryError:
        outcome = failed(task, 'it does not fit into memory', code='memory')
    except Exception as error:  # of one image, that the others go on without
        problem = f'{type(error).__name__}: {error}'
        outcome = failed(task, problem, code='unforeseen', trace=traceback.format_exc())
    if outcome.status == 'failed':
        outputs.write_failure(outcome)
    return replace(outcome, seconds=time.monotonic() - started)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What was taken from an image."""

    maps: Maps
    iqms: Iqms
    traces: Any = None  # of a series, per volume
    warnings: Mapping[str, bool]  # as MRIQC writes them


def _extract(task: Task, on_stage: OnStage) -> Outcome:
    os.environ[THREADS_VARIABLE] = str(task.n_threads)  # read when filters first run
    on_stage('reading')
    hashes = _hashes(task.image)
    taken = (_functional if task.modality == 'bold' else _anatomical)(task, on_stage)
    record = compose(task, hashes, taken)
    on_stage('report' if task.with_report else 'record')
    report = partial(_report, task=task, record=record, taken=taken) if task.with_report else None
    outputs.write_record(task, record, report)
    doubts = (*taken.maps.brain_mask.doubts, *taken.maps.notes, *task.notes)
    return Outcome(task=task, status='done', doubts=doubts)


def _hashes(image: Path) -> ImageHashes:
    if image.is_symlink() and not image.exists():  # as DataLad leaves what was not fetched
        raise ImageError(f'{image.name} is a link to a file that is not here: fetch it first')
    return image_hashes(image)


def _anatomical(task: Task, on_stage: OnStage) -> _Taken:
    contrast: Contrast = 'T2w' if task.modality == 'T2w' else 'T1w'
    maps = anatomical_maps(
        task.image, contrast=contrast, brain_mask=task.brain_mask, on_stage=on_stage
    )
    on_stage('metrics')
    return _Taken(
        maps=maps,
        iqms=anatomical_iqms(maps),
        warnings={
            'small_air_mask': bool(maps.air.sum() < SMALL_AIR_VOXELS),
            'large_rot_frame': bool(maps.rotation.sum() > LARGE_ROTATION_VOXELS),
        },
    )


def _functional(task: Task, on_stage: OnStage) -> _Taken:
    mask = task.brain_mask if isinstance(task.brain_mask, Path) else None
    maps = functional_maps(
        task.image,
        repetition_time_s=task.repetition_time_s,
        brain_mask=mask,
        on_stage=on_stage,
    )
    on_stage('metrics')
    courses = traces(maps)
    iqms = functional_iqms(maps, traces=courses)
    return _Taken(maps=maps, iqms=iqms, traces=courses, warnings={})


def compose(task: Task, hashes: ImageHashes, taken: _Taken) -> dict[str, Any]:
    """Put a record together as MRIQC shapes it; what was not taken is None, with its reason."""
    values, reasons = _finite(taken.iqms)
    mask = taken.maps.brain_mask
    provenance = {
        'md5sum': hashes.md5sum,
        'data_hash': hashes.data_hash,
        'software': SOFTWARE,
        'version': version(),
        'settings': dict(task.settings),
        'warnings': {
            **taken.warnings,
            'doubtful_brain_mask': bool(mask.doubts),
            'notes': [*mask.doubts, *taken.maps.notes, *task.notes],
        },
        'brain_mask': {
            'method': mask.method,
            'detail': mask.detail,
            'measures': {name: float(value) for name, value in mask.measures.items()},
        },
        'missing': reasons,
    }
    return {**values, 'bids_meta': dict(task.bids_meta), 'provenance': provenance}


def _finite(iqms: Iqms) -> tuple[dict[str, Any], dict[str, str]]:
    """Replace what is no finite number by None; there is always a reason."""
    values, reasons = {}, dict(iqms.reasons)
    for name, value in iqms.values.items():
        is_number = value is not None and math.isfinite(value)
        values[name] = value if is_number else None
        if not is_number:
            reasons.setdefault(name, 'it is no finite number for this image')
    return values, reasons


def _report(path: Path, *, task: Task, record: Mapping[str, Any], taken: _Taken) -> None:
    ranks = task.peers.ranks(record) if task.peers else None
    write_report(path, record=record, maps=taken.maps, traces=taken.traces, percentiles=ranks)
    if task.rating_url:  # without a token: raters are asked for theirs
        wishes = Wishes(widget=Widget(url=task.rating_url))
        change_report(Report(folder=path.parent, name=path.name), wishes)
