"""The views of the project's real records are those of the plainest computation."""

import orjson
import pytest

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.policy import first_policy
from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store import records
from tests.archive.conftest import in_the_end
from tests.archive.repeats import GROUP_COLUMNS, plainly_judged


@pytest.fixture
def archive(local_store, tmp_path):
    """The demo's records, archived."""
    catalogue = load_catalogue()
    load_demo(local_store, catalogue)
    with Archive.open(tmp_path / 'data', catalogue=catalogue, store=local_store) as opened:
        in_the_end(opened.require_ready)
        yield opened


def rows_of(archive, resource):
    """Give the records as stored, with their documents."""
    with archive.store.read() as tx:
        changes = records.changes(tx, after=0, limit=10_000)
    return [(c, orjson.loads(c.doc)) for c in changes if c.resource == resource]


@pytest.mark.parametrize(
    ('resource', 'has_repeats'), [('T1w', True), ('T2w', False), ('bold', True)]
)
def test_real_repeats_are_judged_as_plainly(archive, resource, has_repeats):
    rows = rows_of(archive, resource)
    geometry = [n for n in archive_names(archive, resource) if n.startswith(('size', 'spacing'))]
    scales = first_policy().scales[resource]
    expected = plainly_judged(rows, resource, scales=scales, geometry=geometry)
    with archive.reading(resource) as reading:
        sql = f'SELECT _id, {", ".join(GROUP_COLUMNS)} FROM {reading.layout.table} ORDER BY _id'
        found = {row[0]: row[1:] for row in reading.cursor.execute(sql).fetchall()}
    assert found.keys() == expected.keys()
    for id_, row in expected.items():
        assert found[id_] == (*row[:3], None if row[3] is None else pytest.approx(row[3]))
    assert any(n > 1 for _, _, n, _ in found.values()) == has_repeats


def archive_names(archive, resource):
    """Name the columns of a resource's documents."""
    with archive.reading(resource) as reading:
        return [column.name for column in reading.layout.columns.values()]


def test_real_scanners_have_few_names(archive):
    with archive.reading('bold') as reading:
        sql = f"""
            SELECT "bids_meta.Manufacturer", vendor FROM {reading.layout.table} GROUP BY ALL
        """
        found = dict(reading.cursor.execute(sql).fetchall())
    assert found == {
        None: None,
        'GE_MEDICAL_SYSTEMS': 'GE',
        'General Electric': 'GE',
        'SIEMENS': 'Siemens',
        'Siemens': 'Siemens',
    }
