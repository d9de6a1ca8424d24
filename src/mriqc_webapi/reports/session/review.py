"""One rater's pass through a folder: what comes next, what was said, what is left."""

import statistics
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from mriqc_webapi.errors import NotFoundError, QueryError, UnknownImageError
from mriqc_webapi.reports.folder import Found
from mriqc_webapi.reports.images import Image, read_image
from mriqc_webapi.reports.session.ledger import Ledger, SessionRow, StoredRating
from mriqc_webapi.reports.session.ordering import ordered
from mriqc_webapi.reports.session.queue import Item, Options, with_repeats
from mriqc_webapi.reports.session.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a session is."""

    n_items: int
    n_rated: int
    median_s: float | None  # per report; None: nothing was timed yet

    @property
    def remaining_s(self) -> float | None:
        """How long the rest will take at this pace."""
        return None if self.median_s is None else self.median_s * (self.n_items - self.n_rated)


class Review:
    """A session that is going on."""

    def __init__(self, folder: Path, ledger: Ledger, row: SessionRow, *, found: Found) -> None:
        self.folder = folder
        self.ledger = ledger
        self.id = row.id
        self.rater = row.rater
        self.options = Options(**row.options)
        self.items = ledger.queue(row.id)
        self._there = frozenset(found.reports)

    @classmethod
    def start(
        cls, folder: Path, ledger: Ledger, *, rater: str, options: Options, found: Found
    ) -> Self:
        """Begin a new session.

        Raises
        ------
        QueryError
            No order can be made of `options.sort_by`.
        """
        reports = ordered(folder, found.reports, options, ledger)
        queue = with_repeats(reports, share=options.repeats, seed=options.seed or 0)
        row = SessionRow(
            id=uuid.uuid4().hex,
            rater=rater,
            started_at=int(time.time()),
            options=asdict(options),
        )
        ledger.add_session(row, queue)
        return cls(folder, ledger, row, found=found)

    @classmethod
    def resume(cls, folder: Path, ledger: Ledger, *, row: SessionRow, found: Found) -> Self:
        """Go on with a session; reports that came since are put behind the others."""
        known = {item.report for item in ledger.queue(row.id)}
        ledger.append_items(row.id, [Item(r) for r in found.reports if r not in known])
        return cls(folder, ledger, row, found=found)

    # --- the queue

    def item(self, position: int) -> Item:
        """Return the item at a position, from 0 on."""
        if not 0 <= position < len(self.items):
            raise NotFoundError(f'there is no report {position + 1}')
        return self.items[position]

    def is_there(self, position: int) -> bool:
        """Whether the report of an item is still in the folder."""
        return self.item(position).report in self._there

    def title(self, position: int) -> str:
        """Say what raters call an item; a blind one has a number only."""
        if self.options.blind:
            return f'Report {position + 1}'
        return Path(self.item(position).report).with_suffix('').as_posix()

    def image(self, position: int) -> Image:
        """Return what is known of an item's image: its JSON is read, pages once they are shown."""
        return self._images[self.item(position).report]

    def hear(self, position: int, page: bytes) -> None:
        """Learn from a report that is shown which image it is about, if its JSON is missing."""
        report = self.item(position).report
        if self._images[report].md5sum is None:
            with suppress(UnknownImageError):  # it names several
                self._images[report] = read_image(self.folder, report, page)

    @cached_property
    def _images(self) -> dict[str, Image]:
        return {i.report: read_image(self.folder, i.report) for i in self.items}

    def next_after(self, position: int, standing: Mapping[int, StoredRating]) -> int | None:
        """Find the next item without a rating, from the start again after the last."""
        n = len(self.items)
        following = ((position + i) % n for i in range(1, n + 1)) if n else ()
        return next((p for p in following if p not in standing and self.is_there(p)), None)

    # --- what was said

    def standing(self) -> dict[int, StoredRating]:
        """Return what stands, by position."""
        given = self.ledger.ratings(session=self.id)
        return {r.position: r for r in given if not r.is_undone}

    def submit(self, position: int, verdict: Verdict) -> StoredRating:
        """Store a rating; when this returns, it is on the disk."""
        self.item(position)
        image = self.image(position)
        about = {
            'md5sum': image.md5sum or 'unspecified',
            'name': self.rater,
            'modality': image.modality,
            'software': image.software,
            'version': image.version,
            'session': self.id,
        }
        return self.ledger.add(
            id=verdict.id,
            session=self.id,
            position=position,
            document={k: v for k, v in about.items() if v is not None} | verdict.document(),
        )

    def progress(self, standing: Mapping[int, StoredRating]) -> Progress:
        """Say how far the session is."""
        times = [d for r in standing.values() if (d := r.document.get('time_s'))]
        return Progress(
            n_items=sum(self.is_there(p) or p in standing for p in range(len(self.items))),
            n_rated=len(standing),
            median_s=statistics.median(times) if times else None,
        )


def open_review(
    folder: Path,
    ledger: Ledger,
    *,
    rater: str,
    found: Found,
    options: Mapping[str, Any],
    anew: bool = False,
) -> Review:
    """Go on with the rater's newest session of this file, or begin one.

    Parameters
    ----------
    options : mapping
        Those of `Options` that were asked for; the others are as they were, or the default.
    anew : bool
        Begin a session, whatever there is.

    Raises
    ------
    QueryError
        The session to go on with has other options.
    """
    before = [] if anew else ledger.sessions(rater=rater)
    if not before:
        return Review.start(folder, ledger, rater=rater, options=Options(**options), found=found)
    row = before[-1]
    changed = [name for name, value in options.items() if row.options[name] != value]
    if changed:
        raise QueryError(
            f'{rater} has a session of this folder with another {", ".join(changed)}: '
            'leave the options out to go on with it, or begin a new one with --new'
        )
    return Review.resume(folder, ledger, row=row, found=found)
