"""Where the numbers of an image stand among those of an archive, from a table of percentiles."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from mriqc_webapi.client import Archive
from mriqc_webapi.errors import NotFoundError, QueryError

MIN_PEERS: Final = 20  # with fewer a percentile means little


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerTable:
    """Percentiles of the IQMs of one modality."""

    percentiles: tuple[float, ...]  # ascending, 0–100
    values: Mapping[str, tuple[float, ...]]  # by IQM: its value at each percentile

    def ranks(self, iqms: Mapping[str, Any]) -> dict[str, float]:
        """Interpolate the percentile rank of each IQM, 0–100; those without peers have none.

        A value that many peers have gets the middle of their ranks.
        """
        return {
            name: self._rank(self.values[name], float(value))
            for name, value in iqms.items()
            if name in self.values and isinstance(value, int | float)
        }

    def _rank(self, ordered: tuple[float, ...], value: float) -> float:
        n_below = sum(one < value for one in ordered)
        n_equal = sum(one == value for one in ordered)
        if n_equal:
            return (self.percentiles[n_below] + self.percentiles[n_below + n_equal - 1]) / 2
        if n_below in {0, len(ordered)}:
            return self.percentiles[max(n_below - 1, 0)]
        low, high = ordered[n_below - 1 : n_below + 1]
        first, last = self.percentiles[n_below - 1 : n_below + 1]
        return first + (last - first) * (value - low) / (high - low)


def fetch_peers(where: str, modalities: Iterable[str]) -> dict[str, PeerTable]:
    """Ask an archive for the percentiles of its IQMs; a modality that it lacks is left out.

    Raises
    ------
    WebApiError
        There is no such archive, or it does not answer.
    """
    found = {}
    with Archive(where, cache=False, progress=False) as archive:
        for modality in modalities:
            with suppress(NotFoundError):
                found[modality] = table_of(_percentiles(archive, modality))
    return found


def _percentiles(archive: Archive, modality: str) -> Mapping[str, Any]:
    try:
        return archive.percentiles(modality).document
    except QueryError:  # a table that does not say which of its records stand for others
        return archive.percentiles(modality, view='raw').document


def table_of(document: Mapping[str, Any]) -> PeerTable:
    """Read what ``/api/v2/{resource}/percentiles`` answers."""
    return PeerTable(
        percentiles=tuple(document['percentiles']),
        values={
            one['iqm']: tuple(one['values'])
            for one in document['iqms']
            if one['n_used'] >= MIN_PEERS and None not in one['values']
        },
    )
