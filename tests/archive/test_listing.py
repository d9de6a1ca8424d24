"""Stretches of a listing, put together, are the whole listing in its order."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mriqc_webapi.archive.chosen import Derived
from mriqc_webapi.archive.compile import Target
from mriqc_webapi.archive.listing import MAX_TEXT, Listing, count, stretch
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.query.expression import SortKey
from tests.archive.conftest import EVERYTHING, LARGE_CJV

NUMBERS = st.sampled_from([0, 1, 2, -1.5, 2.5])
TEXTS = st.text(string.ascii_lowercase + 'é', max_size=3)
ODD = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.just([1]), st.just({'a': 1}))
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            'cjv': st.one_of(NUMBERS, st.none(), TEXTS),
            'size_x': st.integers(0, 2),
            'bids_meta': st.fixed_dictionaries({}, optional={'Manufacturer': TEXTS}),
            'odd': ODD,
        },
    ),
    max_size=12,
)
PATHS = ['cjv', 'size_x', 'bids_meta.Manufacturer', 'bids_meta', 'odd', '_id', '_created']
KEYS = st.lists(
    st.builds(
        SortKey, st.sampled_from([tuple(p.split('.')) for p in PATHS]), descending=st.booleans()
    ),
    max_size=3,
    unique_by=lambda key: key.path,
)


def reading_of(table, until=10**9):
    target = Target(table.layout, table.profile)
    return Reading(table.connection, target, version=until, changed=until)


def listed(table, where=EVERYTHING, sort=(), *, limit, until=10**9):
    listing = Listing(where=where, sort=tuple(sort), view='raw', until=until)
    reading, seqs, after = reading_of(table), [], None
    while True:
        found = stretch(reading, listing, after=after, limit=limit)
        seqs += found.seqs
        after = found.after
        if after is None:
            return seqs


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents=DOCUMENTS, keys=KEYS, limit=st.integers(1, 5))
def test_stretches_put_together_are_what_sorting_at_once_gives(table_of, documents, keys, limit):
    table = table_of(*documents)
    assert listed(table, sort=keys, limit=limit) == table.ordered(*keys)


def test_only_what_matches_and_existed_is_listed(table_of):
    table = table_of(*({'cjv': n / 10} for n in range(12)))
    assert listed(table, LARGE_CJV, limit=2, until=9) == [6, 7, 8, 9]


@pytest.mark.parametrize('descending', [True, False])
def test_long_texts_are_all_listed(table_of, descending):
    texts = ['x' * MAX_TEXT + c for c in 'cab']
    table = table_of(*({'bids_meta': {'Manufacturer': t}} for t in texts))
    key = SortKey(('bids_meta', 'Manufacturer'), descending)
    assert listed(table, sort=[key], limit=1) == [0, 1, 2]


def test_a_place_does_not_move_when_records_go(table_of):
    table = table_of(*({'cjv': n % 3} for n in range(9)))
    listing = Listing(where=EVERYTHING, sort=(SortKey(('cjv',)),), view='raw', until=10**9)
    first = stretch(reading_of(table), listing, after=None, limit=4)
    table.connection.execute('DELETE FROM "T1w" WHERE seq IN (0, 3, 1)')  # the place among them
    rest = stretch(reading_of(table), listing, after=first.after, limit=9)
    assert first.seqs + rest.seqs == [0, 3, 6, 1, 4, 7, 2, 5, 8]


def test_a_listing_is_counted_as_it_is_listed(table_of):
    table = table_of(*({'cjv': n / 10} for n in range(12)))
    listing = Listing(where=LARGE_CJV, sort=(), view='raw', until=9)
    assert count(reading_of(table), listing) == 4


def test_derived_columns_come_by_id(table_of):
    table = table_of({'cjv': 1.0})
    table.connection.execute('UPDATE "T1w" SET epoch = \'mriqc-23.1\'')
    derived = Derived((table.layout.derived['epoch',],))
    listing = Listing(where=EVERYTHING, sort=(), view='raw', until=9, derived=derived)
    found = stretch(reading_of(table), listing, after=None, limit=5)
    assert found.derived == {f'{0:024x}': ('mriqc-23.1',)}
    assert derived.add_to('{"a":1}', found.derived[f'{0:024x}']) == '{"a":1,"epoch":"mriqc-23.1"}'
