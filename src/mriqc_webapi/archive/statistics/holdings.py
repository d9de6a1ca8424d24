"""What the archive holds, in a few numbers: images, and the scanners they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Sample

_SCANNER: Final = ('vendor', 'model')


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings(Question):
    """How many distinct images a resource knows, and of which scanner models.

    An image is known by its MD5. Records that do not say their model count for no scanner.
    """

    def answer(self, sample: Sample) -> Answer:
        """Count them."""
        ((n_images,),) = sample.rows(f'SELECT count(DISTINCT {sample.scan_key}) {sample.source}')
        scanners = sample.known_fields(_SCANNER)
        body: Body = {'n_images': n_images, 'scanners': []}
        if len(scanners) == len(_SCANNER):
            vendor, model = (column.sql for column in scanners)
            body['scanners'] = sample.rows(
                f'SELECT DISTINCT {vendor}, {model} {sample.source} AND {model} IS NOT NULL'
            )
        return Answer(sample.count(), 0, body)
