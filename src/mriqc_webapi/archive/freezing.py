"""Makes the next version of the policy on duplicates from an archive's own records."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.policy import CorpusScales, Policy, policy_at
from mriqc_webapi.archive.scales import corpus_scales, count_vectors
from mriqc_webapi.errors import ConflictError
from mriqc_webapi.store import policies


class Measured(NamedTuple):
    """What was measured of an archive's own records, by resource."""

    scales: CorpusScales
    n_vectors: Mapping[str, int]  # distinct complete ones, from which the scales are


def measure(archive: Archive) -> Measured:
    """Measure the scales of every resource that has a complete metric vector."""
    scales, n_vectors = {}, {}
    with archive.snapshot(timeout_s=float('inf')) as readings:
        for name, reading in readings.items():
            if reading.layout.has_views and (own := corpus_scales(reading)):
                scales[name], n_vectors[name] = own, count_vectors(reading)
    return Measured(scales, n_vectors)


def measure_scales(archive: Archive) -> CorpusScales:
    """Measure the scales alone."""
    return measure(archive).scales


def freeze(archive: Archive) -> Policy:
    """Put the next version of the policy in force, for every process that serves this store.

    A resource without a complete metric vector keeps its scales.

    Raises
    ------
    ConflictError
        No resource has a complete metric vector, or another process has frozen a version
        meanwhile.
    """
    with archive.store.read() as tx:
        before = policy_at(tx)
    measured = measure(archive)
    if not measured.scales:
        raise ConflictError('no record has all metrics of its resource: nothing to measure')
    policy = Policy(
        version=before.version + 1,
        scales={**before.scales, **measured.scales},
        n_vectors={**before.n_vectors, **measured.n_vectors},
    )
    with archive.store.write() as tx:
        policies.freeze(tx, version=policy.version, content=policy.content, now=int(time.time()))
        return policy_at(tx)
