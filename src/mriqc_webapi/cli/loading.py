"""Batches of records into the store, refused lines into a file, and no line lost by a kill."""

from collections.abc import Sequence
from pathlib import Path

from mriqc_webapi.cli.checkpoints import Checkpoint, Progress
from mriqc_webapi.cli.intake import Batch, read_chunks
from mriqc_webapi.cli.judging import Judges
from mriqc_webapi.cli.progress import Watcher
from mriqc_webapi.store.drift import Ledger
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import Group, insert_groups
from mriqc_webapi.submissions.sources import SourceReader

# in one transaction: the more, the less often a page of an index is written; a service that
# writes beside waits some tenths of a second
TRANSACTION_ROWS = 12_000


class Refused:
    """The file of refused lines, made with the first of them; without a path nothing is kept."""

    def __init__(self, path: Path | None, *, keep_bytes: int) -> None:
        self.path = path
        self._n_bytes = keep_bytes
        if path and not keep_bytes:
            path.unlink(missing_ok=True)

    def write(self, batch: Batch) -> int:
        """Append the refused lines of a batch and give the size of the file."""
        if self.path and batch.refusals:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open('ab') as file:
                file.truncate(self._n_bytes)  # what a killed import wrote beyond its checkpoint
                file.writelines(refusal.as_json() for refusal in batch.refusals)
            self._n_bytes = self.path.stat().st_size
        return self._n_bytes


class Loader:
    """One import: the same files, store and file of refused lines go on where they were.

    Parameters
    ----------
    store : Store or None
        None judges all lines and stores nothing.
    folder : Path
        Holds the checkpoint, and the refused lines if ``refused`` names no other file.
    """

    def __init__(
        self,
        files: Sequence[Path],
        *,
        store: Store | None,
        judges: Judges,
        folder: Path,
        resource: str | None = None,
        refused: Path | None = None,
    ) -> None:
        self.files = files
        self._store = store
        self._judges = judges
        self._resource = resource
        identity = store.identity() if store else ''
        self._checkpoint = Checkpoint(folder, files, identity, resource, refused)
        self.progress = self._checkpoint.load() if store else Progress()
        if store and refused is None:
            refused = self._checkpoint.path.with_suffix('.refused.ndjson')
        self._refused = Refused(refused, keep_bytes=self.progress.refused_bytes)
        self._ledger = Ledger()
        self._waiting: list[Batch] = []

    @property
    def refused(self) -> Path | None:
        """The file of refused lines, if there are any."""
        return self._refused.path if self.progress.n_refused else None

    def load(self, watcher: Watcher) -> Progress:
        """Take in all files."""
        for file in self.files[: self.progress.n_files]:
            watcher.advance(0, file.stat().st_size)
        for file in self.files[self.progress.n_files :]:
            self._load_file(file, watcher)
            self.progress.n_files += 1
            self.progress.line_no = 0
        self._checkpoint.clear()
        return self.progress

    def _load_file(self, file: Path, watcher: Watcher) -> None:
        seen = 0
        n_bytes = file.stat().st_size
        with SourceReader(file, resource=self._resource) as reader:
            chunks = read_chunks(reader, after_line=self.progress.line_no)
            for batch in self._judges.batches(chunks, n_bytes=n_bytes):
                self._waiting.append(batch)
                if sum(len(b.records) for b in self._waiting) >= TRANSACTION_ROWS:
                    self._flush()
                watcher.advance(batch.n_lines, batch.position - seen)
                seen = batch.position
        self._flush()
        watcher.advance(0, n_bytes - seen)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        present = self._insert(waiting) if self._store else [0] * len(waiting)
        for batch, n_present in zip(waiting, present, strict=True):
            self._count(batch, n_present)
        if self._store and self._checkpoint.is_due():
            self._checkpoint.save(self.progress)

    def _count(self, batch: Batch, n_present: int) -> None:
        progress = self.progress
        progress.n_added += len(batch.records) - n_present
        progress.n_present += n_present
        progress.n_noted += batch.n_noted
        progress.n_refused += len(batch.refusals)
        progress.line_no = batch.last_line_no
        progress.refused_bytes = self._refused.write(batch)

    def _insert(self, batches: Sequence[Batch]) -> list[int]:
        """Store batches and count the records of each that were there already."""
        assert self._store is not None  # noqa: S101 — for the type checker
        try:
            with self._store.write() as tx:
                groups = [Group(batch.records) for batch in batches]
                found = insert_groups(tx, groups, ledger=self._ledger)
        except BaseException:
            self._ledger.forget()
            raise
        return [sum(o.is_replay or o.seq is None for o in outcomes) for outcomes in found]
