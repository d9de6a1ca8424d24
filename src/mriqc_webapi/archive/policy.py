"""The policy on duplicates: when records of one image count as one, and which then stands for all.

A policy never changes once it is in force: other scales make the next version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final, Self, TypeAlias

import numpy as np
import orjson
from sqlalchemy import Connection

from mriqc_webapi.archive.columns import Layout
from mriqc_webapi.archive.comparison import FUNCTIONAL, comparison_of
from mriqc_webapi.archive.groups import Scales
from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.store import policies

# by resource, by IQM: the interquartile range in the IQM's own unit, None where there is none
CorpusScales: TypeAlias = Mapping[str, Mapping[str, float | None]]

# raise it when the rules, as they are computed, may judge the same records otherwise: a copy that
# was judged before is then judged anew as it is opened, without being made anew
JUDGEMENT: Final = 2
STRUCTURAL_LIMIT: Final = 0.1
MAX_VERSION: Final = 2**31 - 1  # the database has no larger numbers there
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
    n_vectors : mapping of str to int
        Over how many distinct vectors of this archive scales were measured, by resource; one
        that is not there was not measured, or before this was noted.
    """

    version: int
    scales: CorpusScales
    seq: int = 0
    frozen_at: int | None = None
    n_vectors: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, content: str | bytes, *, seq: int = 0, frozen_at: int | None = None) -> Self:
        """Read a policy as `content` writes it."""
        data = orjson.loads(content)
        return cls(
            version=data['version'],
            scales=data['scales'],
            seq=seq,
            frozen_at=frozen_at,
            n_vectors=data.get('n_vectors', {}),
        )

    @property
    def content(self) -> str:
        """The policy as JSON, always in the same bytes."""
        scales = {resource: dict(own) for resource, own in self.scales.items()}
        data: dict[str, object] = {'version': self.version, 'scales': scales}
        if self.n_vectors:
            data['n_vectors'] = dict(self.n_vectors)
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()

    @property
    def frozen_on(self) -> str | None:
        """When it was frozen, as text (ISO 8601, UTC)."""
        if self.frozen_at is None:
            return None
        return datetime.fromtimestamp(self.frozen_at, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')

    @property
    def digest(self) -> str:
        """A hash of what it says, and of how that is computed."""
        return hashlib.sha256(f'{JUDGEMENT}{TEXT}{self.content}'.encode()).hexdigest()

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
    return first_policy() if found is None else _parsed(found)


def policy_of(tx: Connection, version: int) -> Policy:
    """Look up one version.

    Raises
    ------
    NotFoundError
        There is none of that number.
    """
    if version == policies.FIRST_VERSION:
        return first_policy()
    found = policies.find_version(tx, version) if version <= MAX_VERSION else None
    if found is None:
        raise NotFoundError(f'the policy on duplicates has no version {version}')
    return _parsed(found)


def _parsed(stored: policies.StoredPolicy) -> Policy:
    return Policy.parse(stored.content, seq=stored.seq, frozen_at=stored.frozen_at)
