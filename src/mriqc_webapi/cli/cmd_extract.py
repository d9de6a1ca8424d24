"""``extract``: image quality metrics and reports of MR images, on one's own machine."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mriqc_webapi.cli.registry import JSON, Argument, ExitCode, command, existing_path
from mriqc_webapi.cli.sending import (
    PRIVACY,
    TOKEN,
    URL_VARIABLE,
    YES,
    ask_to_agree,
    exit_code_of,
    tell_summary,
    terms_of,
)
from mriqc_webapi.cli.stages import watching_images
from mriqc_webapi.errors import QueryError, WebApiError

if TYPE_CHECKING:
    from mriqc_webapi.client.sending.submit import Sender
    from mriqc_webapi.client.sending.summary import SubmitSummary
    from mriqc_webapi.extract.bids import Source
    from mriqc_webapi.extract.peers import PeerTable
    from mriqc_webapi.extract.run import Means
    from mriqc_webapi.extract.tasks import Outcome, Plan

MODALITIES = ('T1w', 'T2w', 'bold')  # as extract.bids has them, which takes long to import
GB = 10**9


def positive(text: str) -> int:
    """Parse a number of things, one at least."""
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f'{text} is no number from 1 on')
    return int(text)


def gigabytes(text: str) -> int:
    """Parse an amount of memory, in bytes."""
    try:
        amount = float(text)
    except ValueError:
        amount = 0.0
    if not 0 < amount < 1e6:
        raise argparse.ArgumentTypeError(f'{text} is no number of gigabytes')
    return round(amount * GB)


def brain_mask(text: str) -> Path | Literal['deepbet']:
    """Parse ``deepbet`` or the file of a mask."""
    return 'deepbet' if text == 'deepbet' else existing_path(text)


def _labels(name: str, entity: str, what: str) -> Argument:
    return Argument(
        name, nargs='+', action='extend', default=[], dest=entity, metavar='LABEL', help=what
    )


@command(
    'extract',
    Argument(
        'sources',
        nargs='+',
        metavar='BIDS_DIR',
        type=existing_path,
        help='a BIDS dataset, or NIfTI files',
    ),
    Argument('out', metavar='OUT_DIR', type=Path, help='folder of the results'),
    Argument(
        '--modality',
        nargs='+',
        action='extend',
        default=[],
        choices=MODALITIES,
        help='only these; what a file is whose name does not tell',
    ),
    _labels('--participant-label', 'sub', 'only these subjects'),
    _labels('--session-id', 'ses', 'only these sessions'),
    _labels('--task-id', 'task', 'only these tasks'),
    _labels('--run-id', 'run', 'only these runs'),
    Argument(
        '--brain-mask',
        nargs='+',
        type=brain_mask,
        default=[],
        metavar='MASK',
        help='deepbet, if it is installed, or masks made elsewhere, one per image',
    ),
    Argument('--no-report', action='store_true', help='write no HTML reports'),
    Argument('--archive', metavar='PLACE', help='reports say where values stand among its own'),
    Argument('--again', action='store_true', help='also take what is done already'),
    Argument('--n-procs', type=positive, metavar='N', help='images at once (all processors)'),
    Argument('--n-threads', type=positive, default=1, metavar='N', help='of each process (1)'),
    Argument(
        '--mem-gb', type=gigabytes, metavar='GB', help='memory of all together (what is free)'
    ),
    Argument('--dask', metavar='ADDRESS', help='let the workers of this Dask scheduler do it'),
    Argument('--dry-run', action='store_true', help='say what would be done, and do nothing'),
    Argument('--submit', action='store_true', help='send the records afterwards'),
    Argument(
        '--url',
        metavar='URL',
        help=f'the service that takes records and ratings ({URL_VARIABLE})',
    ),
    TOKEN,
    YES,
    PRIVACY,
    JSON,
    example='mriqc-webapi extract data/ds000240 derivatives/extract --n-procs 2',
)
def extract(
    *, sources: Sequence[Path], out: Path, as_json: bool, dry_run: bool, **options: Any
) -> ExitCode:
    """Take image quality metrics of T1w, T2w and BOLD images, and write a report of each.

    Writes sub-…_T1w.json with IQMs, metadata and provenance as MRIQC shapes them, a report
    sub-…_T1w.html to rate the image in, group_T1w.tsv with all images, and
    sub-…_T1w_error.json where an image failed; the others go on. The numbers follow MRIQC's
    definitions and are this software's own. What is done already is left as it is: run it again
    to go on. Nothing goes over the network but what --submit and --archive ask for.

    Records are sent as submit does it, which has more options; it asks before anything is done.
    Ratings go from the reports to --url, and are saved as files without it.

    Exit code 1: some images failed, or were refused. 4: some records wait to be sent.
    """
    _check(options)
    found = _found(sources, options)
    _prepare(out)
    if dry_run:
        return _tell_plan(_planned(found, out, options, {}), as_json=as_json)
    if options['submit']:
        _agree_first(out, options)
    plan = _planned(found, out, options, _peers(found, options))
    outcomes = _run(plan, out, found, options)
    summary = _sent(out, options, as_json=as_json) if options['submit'] else None
    return _tell(outcomes, summary, as_json=as_json)


def _check(options: dict[str, Any]) -> None:
    masks = options['brain_mask']
    if 'deepbet' in masks and len(masks) > 1:
        raise QueryError('--brain-mask takes deepbet, or files')


def _found(sources: Sequence[Path], options: dict[str, Any]) -> 'list[Source]':
    from mriqc_webapi.extract.bids import MODALITIES, Selection, find_images, single_image

    folders = [path for path in sources if path.is_dir()]
    if folders and len(sources) > 1:
        raise QueryError('name one BIDS dataset, or NIfTI files')
    labels = {name: options[name] for name in ('sub', 'ses', 'task', 'run')}
    selection = Selection(modalities=options['modality'] or MODALITIES, labels=labels)
    if folders:
        found = find_images(folders[0], selection)
    else:
        told = [single_image(path, options['modality']) for path in sources]
        found = [source for source in told if selection.takes(source)]
    if not found:
        raise QueryError('there is no such image: T1w, T2w and bold are taken, as .nii or .nii.gz')
    return found


def _prepare(out: Path) -> None:
    from mriqc_webapi.extract.outputs import require_own_folder

    if out.exists() and not out.is_dir():
        raise QueryError(f'{out} is no folder')
    require_own_folder(out)


def _planned(
    found: 'list[Source]', out: Path, options: dict[str, Any], peers: 'dict[str, PeerTable]'
) -> 'Plan':
    from mriqc_webapi.extract.plan import Wishes, make_plan

    masks = options['brain_mask']
    wishes = Wishes(
        brain_masks='deepbet' if 'deepbet' in masks else masks,
        with_report=not options['no_report'],
        again=options['again'],
        n_threads=options['n_threads'],
        peers=peers,
        rating_url=_rating_url(options),
    )
    plan = make_plan(found, out, wishes)
    for note in plan.notes:
        print(note, file=sys.stderr)
    return plan


def _rating_url(options: dict[str, Any]) -> str | None:
    from mriqc_webapi.client.opening import service_root

    url = options['url'] or os.environ.get(URL_VARIABLE, '')
    return service_root(url) if url else None


def _peers(found: 'list[Source]', options: dict[str, Any]) -> 'dict[str, PeerTable]':
    """Fetch what values are compared with; without it reports only lack that."""
    if not options['archive'] or options['no_report']:
        return {}
    from mriqc_webapi.extract.peers import fetch_peers

    try:
        return fetch_peers(options['archive'], dict.fromkeys(one.modality for one in found))
    except (WebApiError, OSError) as error:
        print(f'reports will have no percentiles: {error}', file=sys.stderr)
        return {}


def _agree_first(out: Path, options: dict[str, Any]) -> None:
    """Ask before hours of work, not after them."""
    from mriqc_webapi.client.sending.dataset import find_dataset

    with _sender(options, as_json=True) as sender:
        if sender.switched_off([out]) or options['yes']:
            return
        out.mkdir(parents=True, exist_ok=True)
        told = [f'to {sender.root}: the records of {out}']
        ask_to_agree(sender, [find_dataset(out, sender.state)], told)


def _sender(options: dict[str, Any], *, as_json: bool) -> 'Sender':
    from mriqc_webapi.client.progress import Bars
    from mriqc_webapi.client.sending.submit import Sender

    return Sender(terms_of(options), bars=Bars(False if as_json else None))


def _means(options: dict[str, Any]) -> 'Means':
    from mriqc_webapi.extract.machine import available_bytes, available_cpus
    from mriqc_webapi.extract.run import Means

    n_threads = options['n_threads']
    return Means(
        n_procs=options['n_procs'] or max(available_cpus() // n_threads, 1),
        memory_bytes=options['mem_gb'] or available_bytes(),
        n_threads=n_threads,
        dask=options['dask'],
    )


def _run(
    plan: 'Plan', out: Path, found: 'list[Source]', options: dict[str, Any]
) -> 'list[Outcome]':
    from mriqc_webapi.extract.run import run
    from mriqc_webapi.extract.tasks import Stage

    outcomes: list[Outcome] = []
    total = len(plan.tasks) + len(plan.present)
    events = run(plan, out, _means(options), dataset=found[0].dataset)
    try:
        with watching_images(total) as watcher, closing(events):
            for event in events:
                if isinstance(event, Stage):
                    watcher.stage(event)
                else:
                    watcher.ended(event)
                    outcomes.append(event)
    except KeyboardInterrupt:
        said = f'{len(outcomes):,} of {total:,} images are done; run it again to go on'
        print(said, file=sys.stderr)
        raise
    return outcomes


def _sent(out: Path, options: dict[str, Any], *, as_json: bool) -> 'SubmitSummary':
    from mriqc_webapi.client.sending.summary import SubmitSummary

    with _sender(options, as_json=as_json) as sender:
        if off := sender.switched_off([out]):
            return SubmitSummary(url=sender.root, off=off)
        return sender.send([out])


def _tell_plan(plan: 'Plan', *, as_json: bool) -> ExitCode:
    if as_json:
        told = {
            'to_do': [task.name for task in plan.tasks],
            'present': [task.name for task in plan.present],
            'needs_bytes': {task.name: task.needs_bytes for task in plan.tasks},
        }
        print(json.dumps(told))
        return ExitCode.OK
    for task in plan.tasks:
        print(f'{task.name}  about {task.needs_bytes / GB:.1f} GB of memory')
    said = f'{len(plan.tasks):,} to do, {len(plan.present):,} done already'
    print(said, file=sys.stderr)
    return ExitCode.OK


def _tell(
    outcomes: 'Sequence[Outcome]', summary: 'SubmitSummary | None', *, as_json: bool
) -> ExitCode:
    counts: Counter[str] = Counter(outcome.status for outcome in outcomes)
    if as_json:
        told = {
            'n_done': counts['done'],
            'n_present': counts['present'],
            'n_failed': counts['failed'],
            'images': [outcome.as_dict() for outcome in outcomes],
            'submission': summary.as_dict() if summary else None,
        }
        print(json.dumps(told))
    else:
        _tell_in_words(outcomes, counts)
        if summary is not None:
            tell_summary(summary)
    if counts['failed']:
        return ExitCode.FAILED
    return exit_code_of(summary) if summary else ExitCode.OK


def _tell_in_words(outcomes: 'Sequence[Outcome]', counts: Mapping[str, int]) -> None:
    words = [f'{counts["done"]:,} taken', f'{counts["present"]:,} were done already']
    if counts['failed']:
        words.append(f'{counts["failed"]:,} failed:')
    print(', '.join(words), file=sys.stderr)
    for outcome in outcomes:
        if outcome.status == 'failed':
            print(f'  {outcome.task.name}: {outcome.problem}', file=sys.stderr)
