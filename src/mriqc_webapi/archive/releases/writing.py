"""The pages of a release for people: what it is, what changed, what one may do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Any, Final

from mriqc_webapi.archive.policy import TEXT as POLICY
from mriqc_webapi.archive.releases.diff import Change
from mriqc_webapi.archive.releases.manifest import LABELS, Manifest, folder_name
from mriqc_webapi.archive.releases.tables import MAX_ROWS

LICENCE_URL: Final = 'https://creativecommons.org/publicdomain/zero/1.0/'
CITATION: Final = (
    'Esteban O, Blair RW, Nielson DM, Varada JC, Marrett S, Thomas AG, Poldrack RA, '
    'Gorgolewski KJ (2019). Crowdsourced MRI quality metrics and expert quality annotations for '
    'training of humans and machines. Scientific Data 6:30. doi:10.1038/s41597-019-0035-4'
)
_READING: Final = re.compile(r'(?<=^## Read it\n\n).*?(?=^## )', re.DOTALL | re.MULTILINE)
_NOTHING: Final = 'There is no table: the archive had no record yet.\n\n'
_FOLDER: Final = Path(__file__).parent / 'pages'


def readme(manifest: Manifest) -> str:
    """Write what the release is, how to read it and how to cite it."""
    tables = manifest.tables
    example = next((t for t in tables if t.view == 'canonical'), tables[0] if tables else None)
    page = _text('README.md')
    if not tables:
        page = _READING.sub(_NOTHING, page)
    return Template(page).substitute(
        number=manifest.number,
        created_at=manifest.created_at,
        data_version=manifest.data_version,
        previous=f', after release {manifest.previous}' if manifest.previous else '',
        notes=f'{manifest.notes.strip()}\n\n' if manifest.notes.strip() else '',
        tables='\n'.join(_table_rows(manifest)),
        max_rows=f'{MAX_ROWS:,}',
        example=f'{example.resource}/{example.view}' if example else '',
        citation=CITATION,
        policy_version=manifest.policy_version,
        policy=POLICY.strip(),
        licence_url=LICENCE_URL,
    )


def _table_rows(manifest: Manifest) -> Iterator[str]:
    for t in manifest.tables:
        yield f'| `{t.resource}/{t.view}` | {t.n_rows:,} | {len(t.files)} | {size(t.n_bytes)} |'
    for file in manifest.files:
        if file.path == LABELS:
            yield f'| `{file.path}` | {file.n_rows:,} | 1 | {size(file.n_bytes)} |'


def licence() -> str:
    """Give what one may do with the data."""
    return _text('LICENSE')


def changes_page(
    manifest: Manifest, changes: Sequence[Change], *, policy_before: int | None
) -> str:
    """Write what changed since the release before."""
    title = f'# Changes of release {manifest.number}\n'
    if manifest.previous is None:
        return f'{title}\nThe first release: everything is new.\n'
    rows = [
        f'| {c.resource} | {c.n_before:,} | {c.n_added:,} | {c.n_withdrawn:,} | {c.n_after:,} |'
        for c in changes
    ]
    before = folder_name(manifest.previous)
    head = [
        f'Since release {before}. The ids of withdrawn records are in `withdrawn.tsv`.\n',
        f'| resource | in {before} | added | withdrawn | in {manifest.name} |',
        '|---|---:|---:|---:|---:|',
    ]
    policy: list[str] = []
    if manifest.policy_version != policy_before:
        policy = [
            f'\nThe duplicate policy went from version {policy_before} to version '
            f'{manifest.policy_version}: the canonical views may hold other records.'
        ]
    return '\n'.join([title, *head, *rows, *policy]) + '\n'


def changes_json(
    manifest: Manifest, changes: Sequence[Change], *, policy_before: int | None
) -> dict[str, Any]:
    """Write the same for programs."""
    resources = {
        c.resource: {
            'n_before': c.n_before,
            'n_added': c.n_added,
            'n_withdrawn': c.n_withdrawn,
            'n_after': c.n_after,
        }
        for c in changes
    }
    return {
        'before': manifest.previous,
        'after': manifest.number,
        'policy_version': {'before': policy_before, 'after': manifest.policy_version},
        'resources': resources,
    }


def withdrawn_tsv(changes: Sequence[Change]) -> str:
    """List the records that are gone."""
    rows = [f'{c.resource}\t{record_id}\n' for c in changes for record_id in c.withdrawn]
    return ''.join(['resource\t_id\n', *rows])


def size(n_bytes: int) -> str:
    """Write a size for people."""
    for unit, factor in (('GB', 1e9), ('MB', 1e6), ('kB', 1e3)):
        if n_bytes >= factor:
            return f'{n_bytes / factor:.1f} {unit}'
    return f'{n_bytes} B'


def _text(name: str) -> str:
    return (_FOLDER / name).read_text('utf-8')
