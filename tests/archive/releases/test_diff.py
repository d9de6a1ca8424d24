from pathlib import Path

import pytest

from mriqc_webapi.archive.releases.diff import Part, compare
from mriqc_webapi.errors import SetupError

T1W = {'cjv': 0.4, 'provenance': {'md5sum': 'f' * 32, 'software': 'mriqc', 'version': '24.0.2'}}


def told(before, after):
    return {
        c.resource: (c.n_added, list(c.withdrawn))
        for c in compare(Part.read(before), Part.read(after))
    }


def test_a_release_does_not_differ_from_itself(released):
    assert set(told(released, released)) == {'bold', 'T1w', 'T2w', 'rating'}
    assert all(change == (0, []) for change in told(released, released).values())


def test_added_and_withdrawn_records_are_told_by_resource(curator, released):
    added = curator.put(T1W)
    later = curator.create()
    assert told(released, later)['T1w'] == (1, [])
    assert told(released, later)['bold'] == (0, [])
    assert told(later, released)['T1w'] == (0, [added])


def test_it_does_not_matter_how_a_table_is_split(curator, released):
    split = curator.create(max_rows=150)
    assert all(change == (0, []) for change in told(released, split).values())
    assert all(change == (0, []) for change in told(split, released).values())


@pytest.mark.parametrize(
    ('damage', 'said'),
    [(Path.unlink, 'is missing'), (lambda p: p.write_bytes(b'PAR1'), 'cannot be read')],
    ids=['missing', 'cut off'],
)
def test_a_damaged_table_is_told_by_its_name(released, copied, damage, said):
    folder = copied()
    damage(folder / 'T1w/raw/T1w-raw.parquet')
    with pytest.raises(SetupError, match=f'T1w-raw.parquet {said}') as raised:
        told(released, folder)
    assert 'SELECT' not in str(raised.value)
