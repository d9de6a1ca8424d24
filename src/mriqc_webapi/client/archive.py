"""The archive as other people's software asks it: once waiting, once awaiting, the same words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from mriqc_webapi.client.cache import Cache, default_folder
from mriqc_webapi.client.driving import AsyncDriver, Driver, own_headers
from mriqc_webapi.client.opening import open_place
from mriqc_webapi.client.patience import PATIENT, Patience
from mriqc_webapi.client.progress import Bars
from mriqc_webapi.client.record_questions import RecordQuestions
from mriqc_webapi.client.statistic_questions import StatisticQuestions

if TYPE_CHECKING:
    import httpx2


class _Questions(RecordQuestions, StatisticQuestions):
    """All that can be asked, wherever the archive is."""

    cache: Cache | None  # what is kept for the next time; `clear()` empties it

    def _open(
        self,
        where: str | Path,
        cache: bool | str | Path,
        progress: bool | None,
        patience: Patience,
    ) -> None:
        folder = default_folder() if cache is True else cache
        self.cache = Cache(Path(folder).expanduser()) if folder is not False else None
        bars = Bars(progress)
        self.place = open_place(where, cache=self.cache, bars=bars, patience=patience)

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.place.name!r})'


class Archive(_Questions):
    """An archive of image quality metrics and ratings.

    Parameters
    ----------
    where : str or Path
        A service's address; a release, at its address or in a folder; a mirror; a Parquet file.
    cache : bool or Path, optional
        Where tables are kept, or whether; the user's own cache folder by default.
    progress : bool, optional
        Whether to show bars while long work goes on; if standard error is a terminal by default.
    patience : Patience, optional
        How long to try again when there is no answer.
    token : str, optional
        Sent along, for services that do not let everybody read.
    transport : httpx2.BaseTransport, optional
        What answers instead of the network: see `mriqc_webapi.client.testing`.

    Raises
    ------
    PlaceError
        There is nothing of this kind.
    """

    def __init__(
        self,
        where: str | Path,
        *,
        cache: bool | str | Path = True,
        progress: bool | None = None,
        patience: Patience = PATIENT,
        token: str | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.driver = Driver(headers=own_headers(token), transport=transport)
        self._open(where, cache, progress, patience)

    def close(self) -> None:
        """Let go of connections and files."""
        self.driver.close()
        self.place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class AsyncArchive(_Questions):
    """The same archive, with every question awaited."""

    __doc__ = f'{__doc__}\n\n{Archive.__doc__}'

    def __init__(
        self,
        where: str | Path,
        *,
        cache: bool | str | Path = True,
        progress: bool | None = None,
        patience: Patience = PATIENT,
        token: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.driver = AsyncDriver(headers=own_headers(token), transport=transport)
        self._open(where, cache, progress, patience)

    async def close(self) -> None:
        """Let go of connections and files."""
        await self.driver.close()
        self.place.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
