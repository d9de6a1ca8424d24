"""Distributions over real and generated records, against NumPy and SciPy."""

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mriqc_webapi.archive.statistics.distribution import Distribution
from mriqc_webapi.archive.statistics.summary import Summary
from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.where import parse_where
from tests.archive.statistics.conftest import FEW, Laboratory

REL = 1e-9


def of(iqm: str, documents: list[dict]) -> np.ndarray:
    return np.array([d[iqm] for d in documents if d.get(iqm) is not None], dtype=float)


def check_moments(told: dict, values: np.ndarray) -> None:
    assert told['mean'] == pytest.approx(values.mean(), rel=REL)
    assert told['sd'] == pytest.approx(values.std(ddof=1), rel=REL)
    assert told['skewness'] == pytest.approx(stats.skew(values), rel=REL)
    assert told['kurtosis'] == pytest.approx(stats.kurtosis(values), rel=REL)


@pytest.mark.parametrize('iqm', ['fd_mean', 'fber', 'tsnr', 'gsr_x', 'summary_bg_k'])
def test_real_records_are_described_as_numpy_and_scipy_do(bold, iqm):
    documents, laboratory = bold
    values = of(iqm, documents)
    told = laboratory.ask(Distribution(iqm=iqm, bins=30))
    counts, edges = np.histogram(values, 30)
    assert (told['n_used'], told['n_missing']) == (len(values), len(documents) - len(values))
    assert told['counts'] == counts.tolist()
    assert told['edges'] == pytest.approx(edges, rel=REL)
    wanted = [one['p'] for one in told['percentiles']]
    found = [one['value'] for one in told['percentiles']]
    assert found == pytest.approx(np.percentile(values, wanted), rel=REL)
    check_moments(told['moments'], values)


@pytest.mark.parametrize('iqm', ['fd_mean', 'fber', 'tsnr'])
def test_a_robust_range_spans_the_middle_and_a_margin(bold, iqm):
    documents, laboratory = bold
    values = of(iqm, documents)
    told = laboratory.ask(Distribution(iqm=iqm, bins=20, range='robust'))
    low, high = np.percentile(values, [1, 99])
    margin = 0.15 * (high - low)
    ends = max(values.min(), low - margin), min(values.max(), high + margin)
    assert (told['edges'][0], told['edges'][-1]) == pytest.approx(ends, rel=REL)
    assert told['n_below'] + sum(told['counts']) + told['n_above'] == len(values)
    assert told['min'] == pytest.approx(values.min(), rel=REL)


def test_values_without_spread_have_their_whole_range(bold):
    documents, laboratory = bold
    [size] = {d['size_z'] for d in documents if d['size_z'] == documents[0]['size_z']}
    asked = Distribution(iqm='size_z', range='robust')
    told = laboratory.ask(asked, where=parse_where(f'size_z == {size}'))
    assert told['edges'] == [size, size]


def test_a_summary_says_of_each_iqm_what_its_distribution_says(bold):
    documents, laboratory = bold
    summary = laboratory.ask(Summary())
    names = [one['iqm'] for one in summary['iqms']]
    assert {'fd_mean', 'tsnr', 'size_t'} <= set(names)
    assert 'bids_meta.EchoTime' not in names
    assert summary['n_used'] == len(documents)
    for told in summary['iqms']:
        alone = laboratory.ask(Distribution(iqm=told['iqm']))
        for member in ('n_used', 'n_missing', 'min', 'max', 'percentiles', 'moments'):
            assert told[member] == alone[member]


def test_the_mad_of_a_summary_is_scipys(bold):
    documents, laboratory = bold
    for told in laboratory.ask(Summary())['iqms']:
        values = of(told['iqm'], documents)
        if len(values):
            expected = stats.median_abs_deviation(values)
            assert told['mad'] == pytest.approx(expected, rel=REL)


def test_filters_choose_the_records(bold):
    documents, laboratory = bold
    where = parse_where('{"fd_mean": {"$gt": 0.2}, "bids_meta.RepetitionTime": 2}')
    kept = [
        d['tsnr']
        for d in documents
        if d['fd_mean'] > 0.2 and d['bids_meta'].get('RepetitionTime') == 2
    ]
    told = laboratory.ask(Distribution(iqm='tsnr'), where=where)
    assert told['n_used'] == len(kept) > 10
    assert told['moments']['mean'] == pytest.approx(np.mean(kept), rel=REL)


def test_metadata_can_be_described_too(bold):
    documents, laboratory = bold
    times = [d['bids_meta'].get('EchoTime') for d in documents]
    told = laboratory.ask(Distribution(iqm='bids_meta.EchoTime'))
    held = [t for t in times if isinstance(t, int | float)]
    assert (told['n_used'], told['max']) == (len(held), max(held))


numbers = st.none() | st.floats(-1e100, 1e100) | st.integers(-5, 5)


@FEW
@given(st.lists(st.tuples(numbers, st.sampled_from(['A', 'B', 'C', None])), max_size=25))
def test_groups_are_described_as_if_alone(pairs):
    documents = [{'cjv': v, 'bids_meta': {'Manufacturer': m}} for v, m in pairs]
    laboratory = Laboratory(documents)
    field = 'bids_meta.Manufacturer'
    told = laboratory.ask(Distribution(iqm='cjv', by=(field,), min_group=3))
    for group in told['groups']:
        where = parse_where(orjson.dumps(group.pop('group')).decode())
        alone = laboratory.ask(Distribution(iqm='cjv', percentiles=(50.0,)), where=where)
        assert group['n_used'] == alone['n_used'] >= 3
        assert group['n_missing'] == alone['n_missing']
        assert group['moments'] == alone['moments']
        assert sum(group['counts']) == group['n_used']
    others = told['other'] or {'n_used': 0, 'n_missing': 0}
    for member in ('n_used', 'n_missing'):
        assert sum(g[member] for g in told['groups']) + others[member] == told[member]
    laboratory.connection.close()


def test_small_groups_are_told_together(lab):
    sizes = {'Large': 12, 'Small': 4, 'Smaller': 3}
    documents = [
        {'cjv': float(i), 'bids_meta': {'Manufacturer': name}}
        for name, size in sizes.items()
        for i in range(size)
    ]
    told = lab(documents).ask(Distribution(iqm='cjv', by=('bids_meta.Manufacturer',)))
    assert [g['group'] for g in told['groups']] == [{'bids_meta.Manufacturer': 'Large'}]
    assert (told['other']['n_groups'], told['other']['n_used']) == (2, 7)
    assert told['other']['max'] == 3.0


def test_two_fields_group_by_their_combinations(lab):
    documents = [
        {'cjv': 1.0, 'size_x': x, 'bids_meta': {'Manufacturer': m}}
        for m in ('A', 'B')
        for x in (1, 2)
    ]
    fields = ('bids_meta.Manufacturer', 'size_x')
    told = lab(documents).ask(Distribution(iqm='cjv', by=fields, min_group=1))
    groups = [tuple(g['group'].values()) for g in told['groups']]
    assert groups == [('A', 1), ('A', 2), ('B', 1), ('B', 2)]
    assert told['other'] is None


def test_more_groups_than_are_told_are_told_together(lab):
    documents = [{'cjv': 1.0, 'size_x': i} for i in range(60)]
    told = lab(documents).ask(Distribution(iqm='cjv', by=('size_x',), min_group=1))
    assert (len(told['groups']), told['other']['n_groups']) == (50, 10)


def test_a_number_that_did_not_fit_its_column_counts(lab):
    documents = [{'size_x': 10}, {'size_x': 10.5}, {'size_x': 'ten'}, {'size_x': None}]
    told = lab(documents).ask(Distribution(iqm='size_x'))
    assert (told['n_used'], told['n_missing'], told['max']) == (2, 2, 10.5)


def test_an_iqm_that_no_catalogue_knows_can_be_asked_for_once_it_was_sent(lab):
    documents = [{'brand_new': 1.5}, {'brand_new': 2}, {'brand_new': True}, {'cjv': 1}]
    told = lab(documents).ask(Distribution(iqm='brand_new'))
    assert (told['n_used'], told['moments']['mean']) == (2, 1.75)


def test_no_records_have_no_distribution(lab):
    told = lab([]).ask(Distribution(iqm='cjv', by=('bids_meta.Manufacturer',)))
    assert (told['n_used'], told['edges'], told['counts']) == (0, [], [])
    assert (told['groups'], told['other']) == ([], None)
    assert set(told['moments'].values()) == {None}


def test_one_record_is_its_own_percentiles(lab):
    told = lab([{'cjv': 0.5}]).ask(Distribution(iqm='cjv'))
    assert {one['value'] for one in told['percentiles']} == {0.5}
    assert told['moments'] == {'mean': 0.5, 'sd': None, 'skewness': None, 'kurtosis': None}


def test_a_range_bears_on_the_bins_alone(lab):
    told = lab([{'cjv': v} for v in (0, 1, 2, 3, 100)]).ask(
        Distribution(iqm='cjv', range=(0.0, 3.0), bins=3)
    )
    assert (told['counts'], told['n_above'], told['max']) == ([1, 1, 2], 1, 100)


@pytest.mark.parametrize(
    ('given', 'complaint'),
    [
        ({'bins': 0}, 'bins'),
        ({'bins': 1001}, 'bins'),
        ({'range': (1.0, 1.0)}, 'range'),
        ({'range': (0.0, float('inf'))}, 'range'),
        ({'percentiles': (101.0,)}, 'percentiles'),
        ({'percentiles': (float('nan'),)}, 'percentiles'),
        ({'percentiles': (50.0,) * 102}, 'percentiles'),
        ({'ecdf': 1002}, 'ecdf'),
        ({'ecdf': 1}, 'ecdf'),
        ({'percentiles': ()}, 'percentiles'),
        ({'by': ('a', 'b', 'c')}, '2 field'),
        ({'by': ('a', 'a')}, 'twice'),
    ],
)
def test_questions_without_an_answer_are_refused(given, complaint):
    with pytest.raises(QueryError, match=complaint):
        Distribution(iqm='cjv', **given)


def test_an_unknown_iqm_is_refused_with_a_hint(lab):
    with pytest.raises(QueryError, match='did you mean cjv'):
        lab([]).ask(Distribution(iqm='cjw'))


@pytest.mark.parametrize('name', ['bids_meta', 'bids_meta.Manufacturer', '', '.', 'cjv.x', '_id'])
def test_what_is_no_number_is_refused(lab, name):
    with pytest.raises(QueryError, match='no number'):
        lab([{'cjv': 1.0}]).ask(Distribution(iqm=name))


def test_fields_without_a_column_cannot_group_and_the_answer_says_what_can(lab):
    with pytest.raises(QueryError, match=r'vendor, model, field_strength.*dictionary'):
        lab([{'x': 'a'}]).ask(Distribution(iqm='cjv', by=('x',)))
