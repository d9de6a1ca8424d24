"""Makes the next version of the policy on duplicates from an archive's own records."""

from __future__ import annotations

import time

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.policy import CorpusScales, Policy, policy_at
from mriqc_webapi.archive.scales import corpus_scales
from mriqc_webapi.store import policies


def measure_scales(archive: Archive) -> CorpusScales:
    """Measure the scales of every resource that has a complete metric vector."""
    with archive.snapshot(timeout_s=float('inf')) as readings:
        measured = {
            name: corpus_scales(reading)
            for name, reading in readings.items()
            if reading.layout.has_views
        }
    return {name: scales for name, scales in measured.items() if scales}


def freeze(archive: Archive) -> Policy:
    """Put the next version of the policy in force, for every process that serves this store.

    A resource without a complete metric vector keeps its scales.

    Raises
    ------
    ConflictError
        Another process has frozen a version meanwhile.
    """
    with archive.store.read() as tx:
        before = policy_at(tx)
    scales = {**before.scales, **measure_scales(archive)}
    policy = Policy(version=before.version + 1, scales=scales)
    with archive.store.write() as tx:
        policies.freeze(tx, version=policy.version, content=policy.content, now=int(time.time()))
        return policy_at(tx)
