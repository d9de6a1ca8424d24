"""Growth: records and scans per period, against counting by hand."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.archive.statistics import growth
from mriqc_webapi.archive.statistics.frame import Statistics
from mriqc_webapi.archive.statistics.growth import Growth
from mriqc_webapi.archive.statistics.sample import Population
from mriqc_webapi.archive.views import VIEWS
from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.record import make_record as stored_record
from mriqc_webapi.submissions.submission import Submission
from tests.archive.conftest import in_the_end, make_catalogue, take_back
from tests.archive.repeats import make_measured, make_record
from tests.archive.statistics.conftest import FEW, Laboratory


def day_of(position: int) -> date:
    """Say when the document at a position was stored: one an hour since 1970."""
    return datetime.fromtimestamp(position * 3600, UTC).date()


def starts(day: date, per: str) -> str:
    if per == 'week':
        day -= timedelta(days=day.weekday())
    return day.replace(day=1).isoformat() if per == 'month' else day.isoformat()


def document(scan: str, maker: str | None = None) -> dict:
    return {'provenance': {'md5sum': scan}, 'bids_meta': {'Manufacturer': maker}}


@FEW
@given(st.lists(st.sampled_from('abcdef'), max_size=80), st.sampled_from(['day', 'week', 'month']))
def test_records_and_scans_are_counted_per_period(scans, per):
    stretched = [s for s in scans for _ in range(20)]  # over two months
    laboratory = Laboratory([document(s) for s in stretched])
    told = laboratory.ask(Growth(per=per))
    laboratory.connection.close()
    records = Counter(starts(day_of(i), per) for i in range(len(stretched)))
    first = Counter(starts(day_of(stretched.index(s)), per) for s in set(stretched))
    assert dict(zip(told['periods'], told['new'], strict=True)) == records
    assert told['new_unique'] == [first[p] for p in told['periods']]
    assert told['periods'] == sorted(records)
    assert told['total'][-1:] == ([len(stretched)] if stretched else [])
    assert told['total_unique'][-1:] == ([len(set(stretched))] if stretched else [])


def test_a_scan_of_two_groups_counts_in_both(lab):
    documents = [document('a', 'GE'), document('b', 'GE'), document('a', None)]
    told = lab(documents).ask(Growth(by=('bids_meta.Manufacturer',)))
    groups = {g['group']['bids_meta.Manufacturer']: g['total_unique'] for g in told['groups']}
    assert groups == {'GE': [2], None: [1]}
    assert (told['total_unique'], told['other']) == ([2], None)


def test_groups_are_lined_up_with_the_periods_of_the_whole(lab):
    documents = [document(str(i), 'GE' if i < 30 else 'Canon') for i in range(48)]
    told = lab(documents).ask(Growth(per='day', by=('bids_meta.Manufacturer',)))
    assert told['periods'] == ['1970-01-01', '1970-01-02']
    assert [g['new'] for g in told['groups']] == [[24, 6], [0, 18]]


def test_groups_beyond_the_largest_twenty_are_told_together(lab):
    documents = [document('a', f'maker {i}') for i in range(25)]
    told = lab(documents).ask(Growth(by=('bids_meta.Manufacturer',)))
    assert len(told['groups']) == 20
    assert (told['other']['n_groups'], told['other']['new']) == (5, [5])
    assert told['other']['new_unique'] == [1]


def test_nothing_has_not_grown(lab):
    told = lab([]).ask(Growth(by=('bids_meta.Manufacturer',)))
    assert (told['periods'], told['new'], told['groups']) == ([], [], [])


def test_an_unknown_period_and_two_fields_are_refused():
    with pytest.raises(QueryError, match='day, week, month'):
        Growth(per='year')
    with pytest.raises(QueryError, match='at most 1'):
        Growth(by=('a', 'b'))


@pytest.mark.parametrize('low_bits', [0, 1, 12])
def test_scans_whose_keys_differ_in_low_bits_only_are_told_apart(low_bits):
    rng = np.random.default_rng(20_170_601)
    scans = (rng.integers(0, 50, 400).astype(np.uint64) << np.uint64(low_bits)) | np.uint64(2**63)
    periods = rng.integers(500, 900, 400).astype(np.int32)
    expected = {}
    for scan, period in zip(scans.tolist(), periods.tolist(), strict=True):
        expected[scan] = min(period, expected.get(scan, period))
    found = growth.first_periods(periods, scans)
    assert sorted(found.tolist()) == sorted(expected.values())


@pytest.mark.parametrize('view', VIEWS)
def test_what_rows_say_of_themselves_gives_what_counting_scans_gives(
    local_store, open_archive, view
):
    repeats = [
        make_record(cjv, md5sum=scan, version=version)
        for cjv, scan, version in [
            (0.5, 'a', '0.16.1'),
            (0.9, 'a', '0.16.1'),
            (0.5, 'a', '22.0.6'),
            (0.5, 'b', '22.0.6'),
            (0.5, 'b', '22.0.6'),
            (0.5, 'c', '22.0.6'),
        ]
    ]
    t1w, week = make_measured(), 7 * 86_400
    archive = open_archive(local_store, catalogue=make_catalogue(t1w))
    statistics = Statistics(archive, timeout_s=20)

    def told(where):
        population = Population(view=view, where=parse_where(where))
        return in_the_end(lambda: statistics.ask(t1w, Growth(per='week'), population))

    ids = [put_at(local_store, t1w, week * n, d) for n, d in enumerate([*repeats, *repeats])]
    everyone = '{"_created": {"$gte": "1970-01-01"}}'
    assert told('') == told(everyone)
    take_back(local_store, ids[0])
    take_back(local_store, ids[3])
    assert told('') == told(everyone)
    assert orjson.loads(told(''))['total_unique'][-1] == 3


def test_a_scan_whose_first_record_is_filtered_out_came_in_with_the_next(
    local_store, open_archive
):
    t1w = make_measured()
    statistics = Statistics(open_archive(local_store, catalogue=make_catalogue(t1w)), timeout_s=20)
    put_at(local_store, t1w, 0, make_record(0.5))
    put_at(local_store, t1w, 86_400 * 40, make_record(0.9))
    population = Population(view='raw', where=parse_where('{"cjv": 0.9}'))
    told = orjson.loads(in_the_end(lambda: statistics.ask(t1w, Growth(), population)))
    assert (told['periods'], told['new_unique']) == (['1970-02-01'], [1])


def put_at(store, resource, created_at, document):
    """Store a document that came in at a time; give its id."""
    submission = Submission(resource=resource.name, document=document, created_at=created_at)
    with store.write() as tx:
        record = stored_record(submission, resource=resource, now=0)
        return insert_batch(tx, [record])[0].id
