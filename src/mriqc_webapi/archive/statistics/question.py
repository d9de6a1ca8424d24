"""What a question about a sample is, and how its answer is framed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, TypeAlias

from mriqc_webapi.archive.statistics.sample import Population, Sample
from mriqc_webapi.iqm.definitions import Resource

Body: TypeAlias = dict[str, Any]


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


def framed(answer: Answer, resource: Resource, population: Population) -> Body:
    """Say of an answer which records it rests on."""
    return {
        'resource': resource.name,
        'view': population.view if resource.kind == 'iqm' else 'raw',
        'n_used': answer.n_used,
        'n_missing': answer.n_missing,
        **answer.body,
    }
