"""How questions are put and answers kept.

An answer says which records it rests on. While nothing changes in its resource, the same question
is answered from memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import orjson

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.caches import LruCache
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.statistics.question import Question, framed
from mriqc_webapi.archive.statistics.sample import Population, Sample
from mriqc_webapi.iqm.definitions import Resource

CACHED_ANSWERS: Final = 512
MAX_CACHED_BYTES: Final = 256_000  # of one answer


class Statistics:
    """Answers questions about the archive, exactly, as JSON text.

    Parameters
    ----------
    timeout_s : float
        Longest duration of one answer.
    """

    def __init__(self, archive: Archive, *, timeout_s: float) -> None:
        self._archive = archive
        self._timeout_s = timeout_s
        self._answers: LruCache[bytes, bytes] = LruCache(CACHED_ANSWERS)

    def ask(self, resource: Resource, question: Question, population: Population) -> bytes:
        """Answer a question about all that the store knows now.

        Raises
        ------
        QueryError
            The question or the filter cannot be understood.
        ArchiveNotReadyError, QueryTimeoutError, StoreUnavailableError
            The question is good, but cannot be answered now.
        """
        deadline = time.monotonic() + self._timeout_s
        with self._archive.reading(resource.name, timeout_s=self._timeout_s) as reading:
            key = _key(resource.name, _state(reading), population, question)
            answer = self._answers.get(key)
            if answer is None:
                sample = Sample(reading, resource, population, deadline=deadline)
                told = framed(question.answer(sample), resource, population)
                answer = orjson.dumps(told)  # writes null for what is not finite
                if len(answer) <= MAX_CACHED_BYTES:
                    self._answers.put(key, answer)
            return b'{"data_version":%d,%s' % (reading.version, answer[1:])

    def ask_each(
        self, resources: Iterable[Resource], question: Question, population: Population
    ) -> bytes:
        """Put one question to several resources; gives a JSON array of the answers."""
        answers = (self.ask(resource, question, population) for resource in resources)
        return b'[%s]' % b','.join(answers)


def _key(*parts: object) -> bytes:
    return sha256(repr(parts).encode('utf-8', 'backslashreplace')).digest()


def _state(reading: Reading) -> tuple[object, ...]:
    """What all answers about a resource depend on: its records, and the policy on duplicates."""
    return (reading.changed, *reading.cursor.execute('SELECT digest FROM state.policy').fetchall())
