"""Makes a release of what the archive holds at one moment, while it goes on taking records in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import orjson

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.columns import layouts
from mriqc_webapi.archive.policy import TEXT, Policy, policy_at
from mriqc_webapi.archive.ratings.labels import label_rows, label_table, write_labels
from mriqc_webapi.archive.ratings.selection import RESOURCE as RATINGS
from mriqc_webapi.archive.ratings.selection import Chosen, Selection
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.releases import croissant, writing
from mriqc_webapi.archive.releases.dictionary import released_rows
from mriqc_webapi.archive.releases.diff import Change, Part, compare
from mriqc_webapi.archive.releases.manifest import (
    LABELS,
    MANIFEST,
    SUMS,
    Manifest,
    ReleasedFile,
    sha256_of,
    sums_text,
)
from mriqc_webapi.archive.releases.shelf import Draft, Shelf
from mriqc_webapi.archive.releases.tables import MAX_ROWS, Written, column_names, write_tables
from mriqc_webapi.errors import SetupError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.iqm.dictionary import dictionary_tsv
from mriqc_webapi.query.expression import And
from mriqc_webapi.store import records

Heard = Callable[[int, int], None]  # rows written, rows in all

EVERYTHING: Final = And(())
_JSON: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def create_release(
    archive: Archive,
    shelf: Shelf,
    *,
    catalogue: Catalogue,
    notes: str = '',
    url: str = 'http://127.0.0.1:5000/releases',
    max_rows: int = MAX_ROWS,
    heard: Heard | None = None,
) -> Manifest:
    """Write the next release; nobody sees it before it is whole.

    Parameters
    ----------
    notes : str
        What it is about, in paragraphs; its README shows them as Markdown.
    url : str
        Address of the folder of releases, as readers reach it.
    max_rows : int
        A table of more rows has a file for each month.
    heard : callable, optional
        Called after each window of rows with the numbers of rows written and in all.

    Raises
    ------
    SetupError
        Another process is making one, the folder cannot be written to, or the catalogue lacks a
        resource that the store or the release before has.
    ArchiveNotReadyError
        The copy of the records is being made, or duplicates in it are still to be told apart.
    """
    with shelf.drafting() as draft:
        _require_resources(archive, shelf, draft, catalogue)
        version, written, n_labels = _write_tables(archive, draft, max_rows=max_rows, heard=heard)
        labels = [ReleasedFile.of(draft.folder, LABELS, n_rows=n_labels)] if n_labels else []
        with archive.store.read() as tx:
            in_force = policy_at(tx, version)
        manifest = Manifest(
            number=draft.number,
            created_at=datetime.now(UTC).strftime('%Y-%m-%dT%H:%M:%SZ'),
            data_version=version,
            policy_version=in_force.version,
            previous=draft.previous,
            notes=notes,
            files=(*(_measured(draft, file) for file in written), *labels),
        )
        draft.write('policy.json', _policy_json(in_force))
        _write_descriptions(draft, manifest, catalogue, url)
        _write_pages(draft, manifest, *_changes(shelf, draft, manifest))
        return _seal(draft, manifest)


def _require_resources(archive: Archive, shelf: Shelf, draft: Draft, catalogue: Catalogue) -> None:
    """Refuse a catalogue without all resources: their records would look withdrawn."""
    with archive.store.read() as tx:
        wanted = {name for name, n in records.counts(tx).items() if n}
    if draft.previous is not None:
        wanted |= {table.resource for table in shelf.manifest(draft.previous).tables}
    if missing := sorted(name for name in wanted if name not in catalogue):
        raise SetupError(
            f'the catalogue lacks resources that have records: {", ".join(missing)}; '
            'is --catalogue-dir (MRIQC_WEBAPI_CATALOGUE_DIR) as the service has it?'
        )


def _write_tables(
    archive: Archive, draft: Draft, *, max_rows: int, heard: Heard | None
) -> tuple[int, list[Written], int]:
    """Write all tables from one view, which no new record changes.

    Returns
    -------
    The view's version, the tables, and the number of rated images.
    """
    with archive.snapshot(timeout_s=float('inf')) as snapshot:
        readings = list(snapshot.values())
        total = sum(reading.count(EVERYTHING) for reading in readings)
        n_done = 0

        def hear(n_rows: int) -> None:
            nonlocal n_done
            n_done += n_rows
            if heard is not None:
                heard(n_done, total)

        files = [
            file
            for reading in readings
            for file in write_tables(reading, draft, max_rows=max_rows, heard=hear)
        ]
        return readings[0].version, files, _write_labels(snapshot, draft)


def _write_labels(snapshot: Mapping[str, Reading], draft: Draft) -> int:
    """Write one row per rated image, if there is any, and count them."""
    if RATINGS not in snapshot:
        return 0
    table = label_table(Chosen(snapshot, Selection(is_linked=True)), most=None)()
    if table.num_rows:
        draft.path(LABELS).write_bytes(b''.join(write_labels(table, 'parquet')))
    return int(table.num_rows)


def _measured(draft: Draft, file: Written) -> ReleasedFile:
    return ReleasedFile.of(
        draft.folder, file.path, n_rows=file.n_rows, resource=file.resource, view=file.view
    )


def _policy_json(in_force: Policy) -> bytes:
    return orjson.dumps({'text': TEXT, **orjson.loads(in_force.content)}, option=_JSON)


def _write_descriptions(draft: Draft, manifest: Manifest, catalogue: Catalogue, url: str) -> None:
    """Write the dictionary, and what it says once more for machines."""
    resources = list(dict.fromkeys(table.resource for table in manifest.tables))
    labels = next((file for file in manifest.files if file.path == LABELS), None)
    rows = released_rows(catalogue, resources) + (label_rows() if labels else [])
    draft.write('dictionary.json', orjson.dumps(rows, option=_JSON))
    draft.write('dictionary.tsv', dictionary_tsv(rows))
    known = {(row['resource'], row['name']): row for row in rows}
    laid_out = layouts(catalogue)
    description = croissant.describe(
        manifest,
        columns={r: [known[r, name] for name in column_names(laid_out[r])] for r in resources},
        labels=labels,
        url=f'{url}/{manifest.name}/',
        licence_url=writing.LICENCE_URL,
        citation=writing.CITATION,
    )
    draft.write('croissant.json', orjson.dumps(description, option=_JSON))


def _changes(shelf: Shelf, draft: Draft, manifest: Manifest) -> tuple[Part, list[Change]]:
    """Compare it with the release before, or with nothing."""
    before = Part(draft.folder, ())
    if draft.previous is not None:
        before = Part.read(shelf.path(draft.previous))
    return before, compare(before, Part(draft.folder, manifest.tables))


def _write_pages(
    draft: Draft, manifest: Manifest, before: Part, changes: Sequence[Change]
) -> None:
    policy = before.policy_version
    told = writing.changes_json(manifest, changes, policy_before=policy)
    draft.write('changes.json', orjson.dumps(told, option=_JSON))
    page = writing.changes_page(manifest, changes, policy_before=policy)
    draft.write('CHANGES.md', page)
    draft.write('withdrawn.tsv', writing.withdrawn_tsv(changes))
    draft.write('README.md', writing.readme(manifest))
    draft.write('LICENSE', writing.licence())


def _seal(draft: Draft, manifest: Manifest) -> Manifest:
    """Write down every file, the manifest last."""
    known = {file.path for file in manifest.files}
    present = (p for p in draft.folder.rglob('*') if p.is_file())
    others = {p.relative_to(draft.folder).as_posix() for p in present} - known
    files = [ReleasedFile.of(draft.folder, path) for path in sorted(others)]
    manifest = replace(manifest, files=(*manifest.files, *files))
    draft.write(MANIFEST, manifest.to_json())
    sums = {file.path: file.sha256 for file in manifest.files}
    sums[MANIFEST] = sha256_of(draft.folder / MANIFEST)
    draft.write(SUMS, sums_text(sums))
    return manifest
