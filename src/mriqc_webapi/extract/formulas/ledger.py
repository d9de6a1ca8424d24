"""IQMs as they are taken, and the reasons of those that have no value."""

import math
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.maps import Iqms

T = TypeVar('T')
Number = float | int
_NOT_FINITE = 'it is no finite number for this image'


class Part(Generic[T]):
    """A quantity that several IQMs need: taken once, when first asked for.

    Where it has no value, each IQM that asks for it has none, for the same reason.
    """

    def __init__(self, take: Callable[[], T]) -> None:
        self._take = take
        self._values: list[T] = []
        self._reason: str | None = None

    def __call__(self) -> T:
        if self._reason is not None:
            raise UndefinedIqmError(self._reason)
        if not self._values:
            try:
                self._values.append(self._take())
            except UndefinedIqmError as error:
                self._reason = str(error)
                raise
        return self._values[0]


class Ledger:
    """Collects the IQMs of one image."""

    def __init__(self) -> None:
        self._values: dict[str, Number | None] = {}
        self._reasons: dict[str, str] = {}

    def put(self, name: str, take: Callable[[], Number]) -> None:
        """Take one IQM; where it has no value, keep the reason."""
        self.put_all((name,), lambda: {name: take()})

    def put_all(
        self,
        names: tuple[str, ...],
        take: Callable[[], Mapping[str, Number | None]],
        *,
        otherwise: str = _NOT_FINITE,
    ) -> None:
        """Take IQMs that come together; `names` are what to leave empty where none comes.

        `otherwise` is the reason of those that come as None, or as no finite number.
        """
        try:
            found = take()
        except UndefinedIqmError as error:
            self._values.update(dict.fromkeys(names))
            self._reasons.update(dict.fromkeys(names, str(error)))
            return
        for name, value in found.items():
            is_number = value is not None and math.isfinite(value)
            self._values[name] = value if is_number else None
            if not is_number:
                self._reasons[name] = otherwise

    def close(self) -> Iqms:
        """Give what was taken, by wire name."""
        return Iqms(values=self._values, reasons=self._reasons)
