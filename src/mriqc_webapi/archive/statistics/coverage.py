"""What is there and what is missing: per field and software version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mriqc_webapi.archive.columns import Column
from mriqc_webapi.archive.statistics.groups import Groups, find_groups, numbered
from mriqc_webapi.archive.statistics.question import Answer, Question
from mriqc_webapi.archive.statistics.sample import Sample

MAX_VERSIONS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage(Question):
    """In how many records of each software version each field holds something but null."""

    fields: tuple[str, ...] = ()

    def answer(self, sample: Sample) -> Answer:
        """Count values per version; of all fields by default."""
        fields = [sample.field(n) for n in self.fields] if self.fields else sample.fields()
        software, version = sample.resource.software_field, sample.resource.version_field
        by = sample.known_fields(name for name in (software, version) if name)
        names = tuple(field.name for field in by)
        found = find_groups(sample, names, max_groups=MAX_VERSIONS)
        counts = self._counts(sample, found, fields)
        versions = [
            {
                'software': found.named(group).get(software or ''),
                'version': found.named(group).get(version or ''),
                'n': group.n,
                'n_present': counts[i],
            }
            for i, group in enumerate(found.kept)
        ]
        other = {'n_versions': found.n_other_groups, 'n': found.other.n, 'n_present': counts[-1]}
        n = sample.count()
        present = [sum(column) for column in zip(*counts, strict=True)]
        body = {
            'fields': [
                {'field': field.name, 'n_present': n_present, 'n_missing': n - n_present}
                for field, n_present in zip(fields, present, strict=True)
            ],
            'versions': versions,
            'other': other if found.n_other_groups else None,
        }
        return Answer(n, 0, body)

    def _counts(self, sample: Sample, found: Groups, fields: list[Column]) -> list[list[int]]:
        """Count per version and field; the last row is that of all other versions."""
        held = ', '.join(f'{sample.present(field)} AS f{i}' for i, field in enumerate(fields))
        sums = ', '.join(f'count_if(f{i})' for i in range(len(fields)))
        source = numbered(sample, found, held)
        counts = [[0] * len(fields) for _ in range(len(found.kept) + 1)]
        for number, *row in sample.rows(f'SELECT number, {sums} {source} GROUP BY number'):
            counts[number] = row
        return counts
