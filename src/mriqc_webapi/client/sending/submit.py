"""Sending records: found, made ready, kept until they are taken, and their receipts kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

from mriqc_webapi.client.opening import service_root
from mriqc_webapi.client.progress import Bars
from mriqc_webapi.client.sending.dataset import Dataset, switched_off
from mriqc_webapi.client.sending.delivery import Delivery, Tally
from mriqc_webapi.client.sending.disclosure import Policy
from mriqc_webapi.client.sending.finding import Finder, Found
from mriqc_webapi.client.sending.images import Images
from mriqc_webapi.client.sending.parcels import Prepared, Preparer, parcel_of
from mriqc_webapi.client.sending.receipts import keep_receipts, receipts_of
from mriqc_webapi.client.sending.spool import FILE, NEW, SENT, Fate, Held, Parcel, Spool
from mriqc_webapi.client.sending.summary import NotTaken, Receipt, SubmitSummary
from mriqc_webapi.client.sending.terms import (
    DEFAULT_POLICY,
    N_WORKERS,
    PATIENCE_S,
    Survey,
    Terms,
)
from mriqc_webapi.client.sending.uploading import Target
from mriqc_webapi.errors import DatasetError, SpoolError, WebApiError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits

Source: TypeAlias = str | Path | Mapping[str, Any]

NO_SALT: Final = bytes(32)  # where nothing that is hashed leaves
_BATCH: Final = 200  # records that are put into the spool at once


def submit(  # noqa: PLR0913 — one keyword per option
    what: Source | Iterable[Source],
    *,
    url: str,
    token: str | None = None,
    policy: Policy = DEFAULT_POLICY,
    resource: str | None = None,
    dataset: str | Path | None = None,
    n_workers: int = N_WORKERS,
    patience_s: float = PATIENCE_S,
    progress: bool | None = None,
    **more: Any,
) -> SubmitSummary:
    """Send records to a service; what cannot be sent now is kept, and sent by a later call.

    It never raises for what network, service or disk do: the summary tells. Calling it again, or
    from several processes, does no harm: a record is stored once.

    Parameters
    ----------
    what : path, mapping, or several
        Folders of derivatives, files, or records as mappings.
    url : str
        The service's address.
    token : str, optional
        A token that may submit.
    policy : Policy
        What of each record leaves.
    resource : str, optional
        Where all records belong; else files and records tell.
    dataset : path, optional
        The dataset that mappings belong to: its salt hashes their labels and it keeps the
        receipts. None: the user's own folder for program state does.
    n_workers : int
        How many requests may be under way at once.
    patience_s : float
        For so long it goes on without any progress.
    progress : bool, optional
        Whether to show a bar. None: if the error stream is a terminal.
    **more
        What else :class:`Terms` has.
    """
    terms = Terms(
        url=url,
        token=token,
        policy=policy,
        resource=resource,
        n_workers=n_workers,
        patience_s=patience_s,
        **more,
    )
    return _safely(terms, progress, lambda sender: sender.send(what, dataset=dataset))


def flush(
    *, url: str, token: str | None = None, progress: bool | None = None, **more: Any
) -> SubmitSummary:
    """Send what earlier calls left; takes what :func:`submit` takes."""
    terms = Terms(url=url, token=token, **more)
    return _safely(terms, progress, lambda sender: sender.flush())


def _safely(
    terms: Terms, progress: bool | None, work: Callable[[Sender], SubmitSummary]
) -> SubmitSummary:
    try:
        with Sender(terms, bars=Bars(progress)) as sender:
            return work(sender)
    except (WebApiError, OSError) as error:
        return SubmitSummary(url=terms.url, problem=str(error))
    except Exception as error:  # whatever it is, it must not end the program that sends
        return SubmitSummary(url=terms.url, problem=f'{type(error).__name__}: {error}')


class Sender:
    """Sends on certain terms; what :func:`submit` and the command ``submit`` are made of.

    Raises
    ------
    PlaceError
        The address is none.
    CatalogueError
        A file of further resources is wrong.
    """

    def __init__(self, terms: Terms, *, bars: Bars) -> None:
        self.terms = terms
        self.root = service_root(terms.url)
        self.state = state_folder()
        self.notes: list[str] = []
        self.catalogue: Catalogue = load_catalogue(terms.catalogue_dir)
        self._bars = bars
        self._limits = Limits()
        self._spool = self._open_spool()
        images = Images(terms.bids_dir) if terms.with_data_hash else None
        self._preparer = Preparer(self.catalogue, self._limits, policy=terms.policy, images=images)
        self._known: dict[Dataset | None, set[str]] = {}  # digests that have receipts
        self._salts: dict[Dataset, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._spool.close()

    def switched_off(self, paths: Iterable[Path]) -> str:
        """Say why nothing is sent from there, if somebody switched it off."""
        return self._off(path.resolve() for path in paths)

    def survey(self, paths: Sequence[Path]) -> Survey:
        """Look at what there is; nothing is sent or kept."""
        survey = Survey()
        with self._bars.watching('looking', 'records') as watch:
            for found, fate in self._judged(self._find(paths, None)):
                self._look_at(found, fate, survey)
                watch.reach(survey.n_found, None)
        return survey

    def _look_at(self, found: Found | NotTaken, fate: Fate, survey: Survey) -> None:
        if isinstance(found, NotTaken):
            survey.not_taken.append(found)
        elif fate.state == 'refused' and not self.terms.retries_refused:
            reason = f'refused before: {fate.problem}'
            survey.not_taken.append(NotTaken(source=found.source, reason=reason))
        elif fate.state == 'sent':
            survey.n_present += 1
        elif refusal := self._preparer.prepare(found, NO_SALT, in_haste=True).refusal:
            survey.not_taken.append(NotTaken(source=found.source, reason=refusal))
        else:
            survey.n_waiting += fate.state == 'pending'
            survey.n_new[found.resource] += fate.state != 'pending'
            if found.dataset is not None:
                survey.datasets[found.dataset.root] = found.dataset

    def show(self, paths: Sequence[Path]) -> Iterator[Prepared]:
        """Give each new record as it would leave."""
        for found, fate in self._judged(self._find(paths, None)):
            if isinstance(found, Found) and fate.state != 'sent':
                yield self._preparer.prepare(found, self._salt_of(found))

    def send(
        self, what: Source | Iterable[Source], *, dataset: str | Path | None = None
    ) -> SubmitSummary:
        """Send what is new, and what waits from before."""
        started = time.monotonic()
        sources = _listed(what)
        home = None if dataset is None else Dataset(Path(dataset).resolve(), self.state)
        if off := self._off(_places(sources, home)):
            return SubmitSummary(url=self.root, off=off)
        intake = self._take_in(self._find(sources, home))
        if self.terms.retries_refused:
            for folder in intake.datasets:
                self._spool.retry_refused(self.root, folder)
        keys = self._take(intake.datasets)
        return self._deliver(keys, intake, started)

    @property
    def spool_place(self) -> str:
        """The file of the spool."""
        return self._spool.place or 'there is no file to keep anything in'

    def held(self) -> list[Held]:
        """Count what the spool has for this service."""
        return self._spool.held(self.root)

    def flush(self) -> SubmitSummary:
        """Send what waits."""
        if off := self._off([]):
            return SubmitSummary(url=self.root, off=off)
        started = time.monotonic()
        if self.terms.retries_refused:
            self._spool.retry_refused(self.root, None)
        keys = self._take(self._spool.waiting_datasets(self.root))
        return self._deliver(keys, _Intake(), started)

    def _off(self, places: Iterable[Path]) -> str:
        reasons = (switched_off(place) for place in (None, *places))
        return next(filter(None, reasons), '')

    def _take(self, mine: Iterable[str]) -> list[str]:
        """Take what waits from these datasets, and what is due of others; not if switched off."""
        now = self.terms.clock.now()
        on = {d for d in self._spool.waiting_datasets(self.root) if not _is_off(d)}
        keys = self._spool.take(self.root, now=now, datasets=on & set(mine), at_once=True)
        return keys + self._spool.take(self.root, now=now, datasets=on - set(mine))

    def _deliver(self, keys: list[str], intake: _Intake, started: float) -> SubmitSummary:
        delivery = Delivery(
            self._spool,
            Target(self.root, timeout_s=self.terms.timeout_s),
            token=self.terms.token,
            n_workers=self.terms.n_workers,
            patience_s=self.terms.patience_s,
            clock=self.terms.clock,
        )
        try:
            tally = self._watched(delivery, keys)
        finally:
            receipts = self._keep_receipts()
        refusals = [*intake.refusals, *tally.refusals]
        n_spooled = len(keys) - tally.n_done
        return SubmitSummary(
            url=self.root,
            n_found=intake.n_found,
            n_sent=tally.n_sent,
            n_present=tally.n_present + intake.n_present,
            n_spooled=n_spooled,
            n_refused=len(refusals),
            refusals=tuple(refusals),
            receipts=tuple(receipts),
            problem=self._problem(tally.problem) if n_spooled else '',
            notes=tuple(dict.fromkeys([*self.notes, *intake.notes])),
            elapsed_s=round(time.monotonic() - started, 3),
        )

    def _watched(self, delivery: Delivery, keys: list[str]) -> Tally:
        if not keys:
            return delivery.tally
        with self._bars.watching('sending', 'records') as watch:
            return delivery.run(keys, watch)

    def _problem(self, problem: str) -> str:
        if self._spool.place:
            return problem
        return f'{problem}; the rest could not be kept: send it again'

    def _take_in(self, found: Iterator[Found | NotTaken]) -> _Intake:
        """Make what is new ready and put it into the spool."""
        intake = _Intake()
        judged = self._counted(self._judged(found), intake)
        with (
            ThreadPoolExecutor(self.terms.n_workers) as pool,
            self._bars.watching('preparing', 'records') as watch,
        ):
            while batch := list(islice(judged, _BATCH)):
                salts = map(self._salt_of, batch)
                self._put_in(list(pool.map(self._preparer.prepare, batch, salts)), intake)
                watch.reach(intake.n_found, None)
        return intake

    def _counted(
        self, judged: Iterator[tuple[Found | NotTaken, Fate]], intake: _Intake
    ) -> Iterator[Found]:
        for found, fate in judged:
            intake.n_found += 1
            if isinstance(found, NotTaken):
                intake.refusals.append(found)
                continue
            intake.datasets.add(_root_of(found))
            if fate.state == 'sent':
                intake.n_present += 1
            elif fate.state == 'refused' and not self.terms.retries_refused:
                reason = f'refused before: {fate.problem}'
                intake.refusals.append(NotTaken(source=found.source, reason=reason))
            elif fate.policy != self._preparer.policy:  # else it waits as it is
                yield found

    def _put_in(self, prepared: Sequence[Prepared], intake: _Intake) -> None:
        good = []
        for one in prepared:
            if one.note:
                intake.notes.append(f'{one.found.source}: {one.note}')
            if one.refusal:
                intake.refusals.append(NotTaken(source=one.found.source, reason=one.refusal))
            else:
                good.append(self._pack(one))
        states = self._spool.add(self.root, good, now=self.terms.clock.now())
        intake.n_present += states.count('sent')

    def _pack(self, prepared: Prepared) -> Parcel:
        salt = self._salt_of(prepared.found)
        return parcel_of(prepared, salt, policy=self._preparer.policy)

    def _find(self, sources: Iterable[Source], home: Dataset | None) -> Iterator[Found | NotTaken]:
        finder = Finder(
            self.catalogue, self._limits, resource=self.terms.resource, state=self.state
        )
        paths = [Path(s).expanduser() for s in sources if not isinstance(s, Mapping)]
        documents = [s for s in sources if isinstance(s, Mapping)]
        yield from finder.in_files(paths)
        yield from finder.in_documents(documents, home)

    def _judged(
        self, all_found: Iterator[Found | NotTaken]
    ) -> Iterator[tuple[Found | NotTaken, Fate]]:
        """Tell of each record what became of it before; the same record comes once."""
        seen: set[tuple[str, str]] = set()
        for found in all_found:
            if isinstance(found, NotTaken):
                yield found, NEW
                continue
            name = (_root_of(found), found.digest)
            if name not in seen:
                seen.add(name)
                yield found, self._fate_of(found)

    def _fate_of(self, found: Found) -> Fate:
        dataset, digest = found.dataset, found.digest
        if dataset not in self._known:
            receipts = receipts_of(dataset or self._own)
            self._known[dataset] = {r.digest for r in receipts if r.url == self.root}
        if digest in self._known[dataset]:
            return SENT
        return self._spool.fate(self.root, digest, dataset=_root_of(found))

    @property
    def _own(self) -> Dataset:
        """Where records from no dataset have their salt and receipts."""
        return Dataset(self.state, self.state)

    def _salt_of(self, found: Found) -> bytes:
        dataset = found.dataset or self._own
        if dataset not in self._salts:
            self._salts[dataset] = dataset.salt
        return self._salts[dataset]

    def _keep_receipts(self) -> list[Receipt]:
        """Write new receipts into their datasets; what cannot be written stays in the spool."""
        new: list[Receipt] = []

        def write(root: str, receipts: list[Receipt]) -> bool:
            dataset = Dataset(Path(root), self.state) if root else self._own
            new.extend(receipts)
            try:
                keep_receipts(dataset, receipts)
            except (WebApiError, OSError) as error:
                self.notes.append(f'receipts of {root or "records"} not written yet: {error}')
                return False
            return True

        self._spool.keep_receipts(write, now=self.terms.clock.now())
        return new

    def _open_spool(self) -> Spool:
        try:
            return Spool.open(self.terms.spool or self.state / FILE)
        except SpoolError as error:
            self.notes.append(f'{error}; nothing can be kept for later')
        return Spool.in_memory()


@dataclass(slots=True)
class _Intake:
    """What was found on the way into the spool."""

    n_found: int = 0
    n_present: int = 0
    refusals: list[NotTaken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    datasets: set[str] = field(default_factory=set)


def state_folder() -> Path:
    """Name the user's own folder for program state."""
    from platformdirs import user_state_path

    return user_state_path('mriqc-webapi')


def _listed(what: Source | Iterable[Source]) -> list[Source]:
    return [what] if isinstance(what, str | Path | Mapping) else list(what)


def _places(sources: Iterable[Source], home: Dataset | None) -> Iterator[Path]:
    if home is not None:
        yield home.root
    for source in sources:
        if not isinstance(source, Mapping):
            yield Path(source).expanduser().resolve()


def _root_of(found: Found) -> str:
    return '' if found.dataset is None else str(found.dataset.root)


def _is_off(dataset: str) -> bool:
    try:
        return bool(dataset and switched_off(Path(dataset)))
    except DatasetError:
        return True
