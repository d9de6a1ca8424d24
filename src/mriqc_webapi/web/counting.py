"""How much there is of what: counts that pages show and programs watch."""

import asyncio
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from mriqc_webapi.archive.statistics.frame import Statistics
from mriqc_webapi.archive.statistics.holdings import Holdings
from mriqc_webapi.archive.statistics.sample import Population
from mriqc_webapi.errors import BusyError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.web.reading import QueryGate, in_thread

RATING = 'rating'


class Known(NamedTuple):
    """What takes a query to know; None while it is not known."""

    n_images: int | None = None
    n_scanners: int | None = None  # distinct pairs of vendor and model


@dataclass(frozen=True, slots=True)
class Counts:
    """What the archive holds."""

    n_records: int  # of images; ratings and telemetry apart
    n_ratings: int
    resources: dict[str, int]  # records of each
    known: Known


class Counter:
    """Counts images and scanners once for all who ask meanwhile, and lets none wait for long."""

    def __init__(self, statistics: Statistics, catalogue: Catalogue, gate: QueryGate) -> None:
        self._statistics = statistics
        self._catalogue = catalogue
        self._gate = gate
        self._task: asyncio.Task[Known] | None = None

    async def count(self, by_name: dict[str, int], *, patience_s: float) -> Counts:
        """Put counts of records and what is known of images together.

        Parameters
        ----------
        by_name : dict
            Records of each resource that ever had one.
        patience_s : float
            Longest wait for images and scanners; their count goes on for whoever asks next.
        """
        resources = {name: by_name.get(name, 0) for name in self._catalogue.resources}
        kinds = {name: r.kind for name, r in self._catalogue.resources.items()}
        return Counts(
            n_records=sum(n for name, n in resources.items() if kinds[name] == 'iqm'),
            n_ratings=resources.get(RATING, 0),
            resources=resources,
            known=await self._known(patience_s),
        )

    async def _known(self, patience_s: float) -> Known:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        done, _ = await asyncio.wait([self._task], timeout=patience_s)
        return self._task.result() if done else Known()

    async def _look(self) -> Known:
        try:
            told = orjson.loads(await in_thread(self._gate, self._ask))
        except BusyError:
            return Known()
        return _summed(told)

    def _ask(self) -> bytes:
        measured = [r for r in self._catalogue.resources.values() if r.kind == 'iqm']
        return self._statistics.ask_each(measured, Holdings(), Population(view='raw'))


def _summed(told: list[dict[str, Any]]) -> Known:
    scanners = {tuple(pair) for part in told for pair in part['scanners']}
    return Known(sum(part['n_images'] for part in told), len(scanners))
