"""How questions are put and answers kept.

An answer says which records it rests on. While nothing changes in its resource, the same question
is answered from memory.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeAlias

import orjson

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.caches import LruCache
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.statistics.sample import Population, Sample
from mriqc_webapi.iqm.definitions import Resource

Body: TypeAlias = dict[str, Any]

CACHED_ANSWERS: Final = 512
MAX_CACHED_BYTES: Final = 256_000  # of one answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found out, and from how many records."""

    n_used: int  # records that contribute to it
    n_missing: int  # records of the population that lack what was asked about
    body: Body


class Question(ABC):
    """Something to find out about a sample; a frozen dataclass, known by its representation."""

    @abstractmethod
    def answer(self, sample: Sample) -> Answer:
        """Find it out.

        Raises
        ------
        QueryError
            The resource has no such field, or not of that kind.
        """


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
                answer = _framed(question.answer(sample), resource, population)
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


def _framed(answer: Answer, resource: Resource, population: Population) -> bytes:
    frame = {
        'resource': resource.name,
        'view': population.view if resource.kind == 'iqm' else 'raw',
        'n_used': answer.n_used,
        'n_missing': answer.n_missing,
    }
    return orjson.dumps(frame | answer.body)  # writes null for what is not finite
