"""The policy on duplicates: when records of one image count as one, and which then stands for all.

A policy never changes once it is in force: other scales make the next version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Self, TypeAlias

import numpy as np
import orjson
from sqlalchemy import Connection

from mriqc_webapi.archive.columns import Layout
from mriqc_webapi.archive.comparison import FUNCTIONAL, comparison_of
from mriqc_webapi.archive.groups import Scales
from mriqc_webapi.store import policies

# by resource, by IQM: the interquartile range in the IQM's own unit, None where there is none
CorpusScales: TypeAlias = Mapping[str, Mapping[str, float | None]]

STRUCTURAL_LIMIT: Final = 0.1
FUNCTIONAL_LIMIT: Final = 1e-6
# of every version so far: versions differ in scales
TEXT: Final = files('mriqc_webapi.archive').joinpath('policy.md').read_text(encoding='utf-8')


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the policy.

    Attributes
    ----------
    seq : int
        Number of the change from which on it is in force.
    frozen_at : int or None
        UTC, seconds since 1970; None for the version that comes with the software.
    """

    version: int
    scales: CorpusScales
    seq: int = 0
    frozen_at: int | None = None

    @classmethod
    def parse(cls, content: str | bytes, *, seq: int = 0, frozen_at: int | None = None) -> Self:
        """Read a policy as `content` writes it."""
        data = orjson.loads(content)
        return cls(version=data['version'], scales=data['scales'], seq=seq, frozen_at=frozen_at)

    @property
    def content(self) -> str:
        """The policy as JSON, always in the same bytes."""
        data = {'version': self.version, 'scales': {r: dict(s) for r, s in self.scales.items()}}
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()

    @property
    def digest(self) -> str:
        """A hash of what it says."""
        return hashlib.sha256(f'{TEXT}{self.content}'.encode()).hexdigest()

    def scales_of(self, layout: Layout) -> Scales:
        """Give the scales of a resource's metric vector, in its order."""
        known = self.scales.get(layout.resource, {})
        iqr = [known.get(column.name) or 0.0 for column in comparison_of(layout).metrics]
        return Scales(iqr=np.array(iqr, np.float64), limit=limit_of(layout.resource))


def limit_of(resource: str) -> float:
    """Give the largest diameter of a group that is admitted."""
    return FUNCTIONAL_LIMIT if resource in FUNCTIONAL else STRUCTURAL_LIMIT


@cache
def first_policy() -> Policy:
    """Read the version that every archive starts with; its corpus is the demo's real records."""
    return Policy.parse(files('mriqc_webapi.archive').joinpath('policy_1.json').read_bytes())


def policy_at(tx: Connection, seq: int | None = None) -> Policy:
    """Look up the policy that is in force at a change, by default at the last one."""
    found = policies.find(tx, seq=seq)
    if found is None:
        return first_policy()
    return Policy.parse(found.content, seq=found.seq, frozen_at=found.frozen_at)
