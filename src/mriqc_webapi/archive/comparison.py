"""What of two records of one image is compared, to tell whether they say the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from mriqc_webapi.archive.columns import Column, Layout

# with which settings a software measures what it measures; other resources are told apart by none
_SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    'T1w': ('testing',),
    'T2w': ('testing',),
    'bold': ('fd_thres', 'hmc_fsl'),
}
FUNCTIONAL: Final = frozenset({'bold'})
_GEOMETRY: Final = re.compile(r'(size|spacing)_.+')


@dataclass(frozen=True, slots=True)
class Comparison:
    """The columns of one resource's table that decide on duplicates."""

    md5sum: Column | None
    software: Column | None
    version: Column | None
    settings: tuple[Column, ...]  # those that tell groups apart
    metrics: tuple[Column, ...]  # the required IQMs: the vector of a record
    geometry: tuple[Column, ...]  # sizes and spacings

    @classmethod
    def of(cls, layout: Layout) -> Self:
        """Choose the columns by what the catalogue says of the resource."""

        def column(name: str | None) -> Column | None:
            return layout.columns.get(tuple(name.split('.'))) if name else None

        resource = layout.definition
        settings = (f'provenance.settings.{s}' for s in _SETTINGS.get(resource.name, ()))
        numbers = [
            (f, c)
            for f in resource.columns
            if f.role == 'iqm' and f.type in {'float', 'integer'} and (c := column(f.name))
        ]
        return cls(
            md5sum=column(resource.md5_field),
            software=column(resource.software_field),
            version=column(resource.version_field),
            settings=tuple(c for s in settings if (c := column(s))),
            metrics=tuple(c for f, c in numbers if f.required and not _is_geometry(c)),
            geometry=tuple(c for _, c in numbers if _is_geometry(c)),
        )


@lru_cache(maxsize=64)
def comparison_of(layout: Layout) -> Comparison:
    """Give the comparison of one resource's records."""
    return Comparison.of(layout)


def _is_geometry(column: Column) -> bool:
    return _GEOMETRY.fullmatch(column.name) is not None
