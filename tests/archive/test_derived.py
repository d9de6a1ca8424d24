"""What the archive itself says of records: how it is derived, filtered and sorted."""

import contextlib
import json

import pytest

from mriqc_webapi.archive.batches import metric_vectors
from mriqc_webapi.archive.comparison import comparison_of
from mriqc_webapi.archive.copy import Copy, CopyOptions
from mriqc_webapi.archive.follower import follow
from mriqc_webapi.archive.policy import Policy, first_policy, policy_at
from mriqc_webapi.archive.slots import Slot
from mriqc_webapi.archive.views import VIEWS, view_predicate
from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.errors import CatalogueError
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.query.expression import SortKey
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.store import policies, records
from tests.archive.conftest import EVERYTHING, in_the_end, make_catalogue, put, take_back
from tests.archive.repeats import make_measured, make_record

CATALOGUE = make_catalogue(make_measured(), make_measured('bold'))
SCANNER = {
    'Manufacturer': 'GE_MEDICAL_SYSTEMS',
    'ManufacturersModelName': 'DISCOVERY_MR750w',
    'MagneticFieldStrength': 2.98,
}


@pytest.fixture
def archive(local_store, open_archive):
    """An archive of an empty store; it knows resources whose metrics are required."""
    return open_archive(local_store, catalogue=CATALOGUE)


def ask(archive, sql, resource='T1w'):
    """Ask for columns of all records, in order of insertion."""

    def asked():
        with archive.reading(resource) as reading:
            text = f'SELECT {sql} FROM {reading.layout.table} ORDER BY seq'
            return reading.cursor.execute(text).fetchall()

    return in_the_end(asked)


def count(archive, where):
    """Count as the current API does."""
    with archive.reading('T1w') as reading:
        return reading.count(parse_where(json.dumps(where)))


def views_of(archive):
    """Number the records of each view."""
    found = {}
    for view in VIEWS:
        with archive.reading('T1w') as reading:
            holds = view_predicate(view, reading.layout)
            sql = f'SELECT seq FROM {reading.layout.table} WHERE {holds} ORDER BY seq'
            found[view] = [seq for (seq,) in reading.cursor.execute(sql).fetchall()]
    return found


def test_scanner_and_era_are_derived(archive, local_store):
    put(local_store, make_record() | {'bids_meta': SCANNER})
    found = ask(archive, 'epoch, vendor, model, field_strength')
    assert found == [('mriqc-0.16', 'GE', 'DISCOVERY MR750w', 3.0)]


def test_nothing_is_derived_from_what_is_missing_or_of_another_type(archive, local_store):
    record = make_record() | {'bids_meta': {'Manufacturer': ['GE'], 'MagneticFieldStrength': '3'}}
    del record['provenance']['software']
    put(local_store, record)
    assert ask(archive, 'epoch, vendor, model, field_strength') == [(None, None, None, None)]


def test_the_document_stays_as_it_was_sent(archive, local_store):
    put(local_store, make_record() | {'bids_meta': SCANNER})
    assert ask(archive, '"bids_meta.Manufacturer"') == [('GE_MEDICAL_SYSTEMS',)]


@pytest.mark.parametrize(
    ('where', 'n'),
    [
        ({'vendor': 'GE'}, 2),
        ({'vendor': None}, 1),
        ({'vendor': {'$exists': False}}, 1),
        ({'vendor': {'$in': ['GE', None]}}, 3),
        ({'vendor': {'$ne': 'GE'}}, 1),
        ({'field_strength': {'$gte': 3}}, 2),
        ({'n_group': 2}, 2),
        ({'n_group': {'$gt': 1}, 'group_state': 'canonical'}, 1),
        ({'in_scan': True}, 2),
        ({'diameter': {'$lte': 0.1}}, 3),
        ({'epoch': {'$in': ['mriqc-0.16', 'mriqc-22.0']}}, 3),
    ],
)
def test_derived_columns_can_be_filtered(archive, local_store, where, n):
    repeated = make_record() | {'bids_meta': SCANNER}
    put(local_store, repeated, repeated, make_record(md5sum='b', version='22.0.6'))
    assert count(archive, where) == n


def test_derived_columns_can_be_sorted_by(archive, local_store):
    many = [
        make_record(md5sum=f'{n}') for n, times in ((1, 2), (2, 1), (3, 3)) for _ in range(times)
    ]
    put(local_store, *many)
    with archive.reading('T1w') as reading:
        key = SortKey(('n_group',), descending=True)
        found = reading.page(EVERYTHING, (key,), offset=0, limit=6, total=6)
    assert found == [4, 5, 6, 1, 2, 3]


def test_to_the_frozen_api_their_names_mean_what_documents_say(archive, local_store):
    put(local_store, make_record() | {'vendor': 'me', 'n_group': 7}, make_record())
    vendor = parse_where('{"vendor": "me"}')
    assert in_the_end(lambda: archive.count('T1w', where=vendor)) == 1
    assert archive.count('T1w', where=parse_where('{"n_group": 2}')) == 0
    descending = (SortKey(('n_group',), descending=True),)
    assert archive.find('T1w', where=EVERYTHING, sort=descending).seqs == [1, 2]
    assert count(archive, {'vendor': 'me'}) == 0


@pytest.mark.parametrize('name', ['epoch', 'vendor', 'n_group', 'diameter', 'in_scan'])
def test_no_catalogue_may_declare_a_field_of_that_name(tmp_path, name):
    (tmp_path / 'mine.toml').write_text(
        f"[resource]\nname = 'mine'\nkind = 'iqm'\nmeaning = 'Mine.'\n"
        f"[fields.{name}]\ntype = 'string'\nmeaning = 'Mine.'\n"
    )
    with pytest.raises(CatalogueError, match='the service itself adds'):
        load_catalogue(tmp_path)


def test_the_views_stay_true_as_records_come_and_go(archive, local_store):
    first, second = put(local_store, make_record(0.50), make_record(0.51))
    assert views_of(archive) == {
        'raw': [1, 2],
        'scan': [2],
        'canonical': [1],
        'canonical+quarantined': [1],
    }
    (third,) = put(local_store, make_record(9.0))
    assert views_of(archive)['canonical'] == []
    assert views_of(archive)['canonical+quarantined'] == [1, 2, 3]
    take_back(local_store, third)
    take_back(local_store, first)
    assert views_of(archive) == {
        'raw': [2],
        'scan': [2],
        'canonical': [2],
        'canonical+quarantined': [2],
    }
    take_back(local_store, second)
    assert views_of(archive)['raw'] == []


def test_a_copy_that_is_made_at_once_has_the_same_views(local_store, open_archive, tmp_path):
    old = open_archive(local_store, catalogue=CATALOGUE)
    for value in (0.50, 0.51, 0.53):
        put(local_store, make_record(value), make_record(value, md5sum=str(value)))
        in_the_end(lambda: ask(old, 'seq'))
    new = open_archive(local_store, tmp_path / 'new', catalogue=CATALOGUE)
    columns = 'seq, in_scan, group_state, n_group, diameter'
    assert ask(new, columns) == ask(old, columns)


def test_after_a_long_way_all_views_are_judged_once(
    local_store, open_archive, monkeypatch, caplog
):
    from mriqc_webapi.archive import follower

    monkeypatch.setattr(follower, 'MAX_BATCH_ROWS', 1)  # everything is a long way
    caplog.set_level('INFO')
    put(local_store, make_record(), make_record(), make_record(md5sum='b'))
    archive = open_archive(local_store, catalogue=CATALOGUE)
    in_the_end(archive.require_ready)
    assert views_of(archive)['canonical'] == [1, 3]
    assert 'all duplicates were judged' in caplog.text


def freeze(store, version=2, **scales):
    """Put a version of the policy in force."""
    policy = Policy(version=version, scales={'T1w': scales})
    with store.write() as tx:
        policies.freeze(tx, version=version, content=policy.content, now=3600)


def test_a_new_policy_judges_all_records_anew(archive, local_store):
    put(local_store, make_record(0.5), make_record(0.7))
    assert ask(archive, 'group_state') == [('quarantined',)] * 2
    with archive.reading('T1w') as reading:
        before = reading.changed
    freeze(local_store, cjv=10.0)
    assert ask(archive, 'group_state') == [('canonical',), ('member',)]
    with archive.reading('T1w') as reading:
        assert reading.changed > before


def test_a_copy_that_was_judged_by_another_policy_is_judged_anew(
    local_store, open_archive, tmp_path
):
    put(local_store, make_record(0.5), make_record(0.7))
    first = open_archive(local_store, catalogue=CATALOGUE)
    assert ask(first, 'group_state') == [('quarantined',)] * 2
    first.close()
    freeze(local_store, cjv=10.0)
    again = open_archive(local_store, catalogue=CATALOGUE)
    assert ask(again, 'group_state') == [('canonical',), ('member',)]


@pytest.mark.parametrize('changed', [{'TEXT': 'Other rules.'}, {'JUDGEMENT': 10**6}])
def test_the_rules_themselves_changing_judges_a_copy_anew(
    local_store, open_archive, monkeypatch, changed
):
    from mriqc_webapi.archive import policy

    put(local_store, make_record(0.5), make_record(0.51))
    first = open_archive(local_store, catalogue=CATALOGUE)
    assert ask(first, 'group_state') == [('canonical',), ('member',)]
    first.close()
    for name, value in changed.items():
        monkeypatch.setattr(policy, name, value)
    monkeypatch.setattr(policy, 'STRUCTURAL_LIMIT', 1e-9)
    again = open_archive(local_store, catalogue=CATALOGUE)
    in_the_end(again.require_ready)
    assert ask(again, 'group_state') == [('quarantined',)] * 2


def test_a_policy_is_in_force_from_its_change_on(local_store):
    freeze(local_store)
    put(local_store, make_record())
    freeze(local_store, 3)
    with local_store.read() as tx:
        assert [policy_at(tx, seq).version for seq in range(4)] == [1, 2, 2, 3]
        assert policy_at(tx).version == 3


def test_a_record_that_the_store_has_lost_meanwhile_still_counts_in_its_group(
    local_store, tmp_path
):
    first, _, third = (make_record(cjv=cjv) for cjv in (0.50, 0.51, 0.52))
    with opened_copy(tmp_path, local_store, CATALOGUE) as copy:
        (gone, _) = put(local_store, first, make_record(cjv=0.51))
        follow(copy, local_store)
        put(local_store, third)
        take_back(local_store, gone)
        follow(copy, local_store, max_rows=1)
        told = 'SELECT n_group, diameter, group_state FROM "T1w" ORDER BY seq'
        diameter = pytest.approx(0.02 / first_policy().scales['T1w']['cjv'])
        expected = [(3, diameter, state) for state in ('member', 'canonical', 'member')]
        assert copy.writer.execute(told).fetchall() == expected
        follow(copy, local_store)
        assert [n for n, *_ in copy.writer.execute(told).fetchall()] == [2, 2]


@contextlib.contextmanager
def opened_copy(folder, store, catalogue):
    """Make a copy that nobody but the test brings up to date."""
    slot = Slot.claim(folder)
    copy = Copy.create(slot, catalogue, store.identity(), CopyOptions())
    try:
        yield copy
    finally:
        copy.close()
        slot.release()


def test_vectors_are_recalled_as_the_table_holds_them(local_store, tmp_path):
    catalogue = load_catalogue()
    load_demo(local_store, catalogue)
    with opened_copy(tmp_path, local_store, catalogue) as copy:
        while follow(copy, local_store):
            pass
        layout = copy.layouts['bold']
        numbers = ', '.join(f'{c.sql}::DOUBLE' for c in comparison_of(layout).metrics)
        told = f'SELECT seq, {numbers} FROM "bold" WHERE _vector IS NOT NULL ORDER BY seq'
        rows = copy.writer.execute(told).fetchall()
    with local_store.read() as tx:
        docs = [d.doc for d in records.documents(tx, seqs=[seq for seq, *_ in rows])]
    assert len(rows) > 100
    assert metric_vectors(layout, docs).tolist() == [list(row[1:]) for row in rows]
