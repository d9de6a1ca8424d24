"""Facets, protocols, coverage, relation: what is counted, against counting by hand."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.archive.compile import Target
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.residual import Profile
from mriqc_webapi.archive.statistics.coverage import Coverage
from mriqc_webapi.archive.statistics.distribution import Distribution
from mriqc_webapi.archive.statistics.facets import Facets
from mriqc_webapi.archive.statistics.protocols import Protocols
from mriqc_webapi.archive.statistics.relation import Relation
from mriqc_webapi.archive.statistics.sample import Population, Sample
from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.where import parse_where
from tests.archive.conftest import make_row
from tests.archive.repeats import Views, make_measured, make_record
from tests.archive.statistics.conftest import FEW, Laboratory


def test_facets_count_values_as_a_counter_does(bold):
    documents, laboratory = bold
    fields = ('bids_meta.task_id', 'bids_meta.RepetitionTime', 'provenance.settings.hmc_fsl')
    told = laboratory.ask(Facets(fields=fields, limit=1000))
    for facet in told['facets']:
        found = Counter(_at(d, facet['field']) for d in documents)
        assert facet['n_missing'] == found.pop(None, 0)
        assert {v['value']: v['n'] for v in facet['values']} == found
        assert (facet['n_values'], facet['other']) == (len(found), {'n_values': 0, 'n': 0})


def test_rare_values_are_counted_together(lab):
    makers = ['A'] * 3 + ['B'] * 2 + ['C'] + ['D']
    documents = [{'bids_meta': {'Manufacturer': m}} for m in makers]
    told = lab(documents).ask(Facets(fields=('bids_meta.Manufacturer',), limit=2))
    (facet,) = told['facets']
    assert [v['value'] for v in facet['values']] == ['A', 'B']
    assert facet['other'] == {'n_values': 2, 'n': 2}


def test_facets_are_those_of_the_records_that_match(bold):
    documents, laboratory = bold
    where = parse_where('{"fd_mean": {"$gt": 0.3}}')
    told = laboratory.ask(Facets(), where=where)
    assert told['n_used'] == sum(d['fd_mean'] > 0.3 for d in documents)
    assert [f['field'] for f in told['facets']][:4] == [
        'epoch',
        'vendor',
        'model',
        'field_strength',
    ]


def test_protocols_are_told_apart_after_rounding(bold):
    documents, laboratory = bold
    fields = ('bids_meta.RepetitionTime', 'spacing_x', 'bids_meta.Manufacturer')
    told = laboratory.ask(Protocols(fields=fields, limit=1000))
    found = Counter(
        (
            _rounded(_at(d, 'bids_meta.RepetitionTime'), 2),
            _rounded(d['spacing_x'], 1),
            _at(d, 'bids_meta.Manufacturer'),
        )
        for d in documents
    )
    assert {tuple(p['protocol'].values()): p['n'] for p in told['protocols']} == found
    assert told['n_protocols'] == len(found)
    assert [f['decimals'] for f in told['fields']] == [2, 1, None]


def test_echo_times_are_told_apart_by_tenths_of_a_millisecond(lab):
    times = [0.00226, 0.00228, 0.00232, 0.002349]
    told = lab([{'bids_meta': {'EchoTime': t}} for t in times]).ask(
        Protocols(fields=('bids_meta.EchoTime',))
    )
    found = {p['protocol']['bids_meta.EchoTime']: p['n'] for p in told['protocols']}
    assert found == {0.0023: 4}
    told = lab([{'bids_meta': {'EchoTime': t}} for t in (0.0022, 0.0023, 0.0024)]).ask(
        Protocols(fields=('bids_meta.EchoTime',))
    )
    assert told['n_protocols'] == 3


def test_an_infinite_value_is_not_a_missing_one():
    # of two repeats that differ in a metric without a scale, and of a record that lacks one
    views = Views()
    differing = [make_record(qi_1=0.0), make_record(qi_1=1.0)]
    documents = [*differing, make_record(efc=None, md5sum='b'), make_record(md5sum='c')]
    views.add([make_row(i, d) for i, d in enumerate(documents)])
    target = Target(views.layout, Profile(), views.layout.derived)
    reading = Reading(views.connection, target, version=1, changed=1)
    sample = Sample(reading, make_measured(), Population(view='raw'), deadline=math.inf)
    ((facet,),) = Facets(fields=('diameter',)).answer(sample).body.values()
    told = Distribution(iqm='cjv', by=('diameter',), min_group=1).answer(sample).body
    views.close()
    assert {v['value']: v['n'] for v in facet['values']} == {'Infinity': 2, 0.0: 1}
    assert facet['n_missing'] == 1
    assert {g['group']['diameter']: g['n_used'] for g in told['groups']} == {
        'Infinity': 2,
        0.0: 1,
        None: 1,
    }


def test_records_that_tell_no_parameter_are_missing(lab):
    documents = [{'cjv': 1.0}, {'bids_meta': {'Manufacturer': 'A'}}]
    told = lab(documents).ask(Protocols(fields=('bids_meta.Manufacturer', 'bids_meta.EchoTime')))
    assert (told['n_used'], told['n_missing']) == (1, 1)
    assert told['protocols'] == [
        {'protocol': {'bids_meta.Manufacturer': 'A', 'bids_meta.EchoTime': None}, 'n': 1}
    ]


def test_rare_protocols_are_counted_together(lab):
    documents = [{'bids_meta': {'Manufacturer': m}} for m in 'AABC']
    told = lab(documents).ask(Protocols(fields=('bids_meta.Manufacturer',), limit=1))
    assert (told['n_protocols'], told['other']) == (3, {'n_protocols': 2, 'n': 2})


def test_coverage_counts_what_is_there_per_version(bold):
    documents, laboratory = bold
    fields = ('bids_meta.EchoTime', 'spikes_num', 'fd_mean')
    told = laboratory.ask(Coverage(fields=fields))
    for i, field in enumerate(fields):
        expected = Counter(
            d['provenance']['version'] for d in documents if _at(d, field) is not None
        )
        assert {
            v['version']: v['n_present'][i] for v in told['versions'] if v['n_present'][i]
        } == (expected)
        assert told['fields'][i]['n_present'] == sum(expected.values())
    assert sum(v['n'] for v in told['versions']) == told['n_used'] == len(documents)


def test_a_value_of_another_type_is_there_and_null_is_not(lab):
    documents = [{'bids_meta': {'EchoTime': v}} for v in (0.1, [0.1, 0.2], None)] + [{}]
    told = lab(documents).ask(Coverage(fields=('bids_meta.EchoTime',)))
    assert told['fields'] == [{'field': 'bids_meta.EchoTime', 'n_present': 2, 'n_missing': 2}]


def test_coverage_is_of_all_fields_by_default(bold):
    _, laboratory = bold
    told = laboratory.ask(Coverage())
    assert {'epoch', 'fd_mean', 'provenance.md5sum'} <= {f['field'] for f in told['fields']}


def test_nothing_is_covered_of_nothing(lab):
    told = lab([]).ask(Coverage())
    assert {f['n_present'] for f in told['fields']} == {0}
    assert lab([]).ask(Facets())['n_used'] == 0
    assert lab([]).ask(Protocols())['protocols'] == []


@FEW
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(-3, 3)), min_size=1, max_size=40),
    st.integers(1, 8),
)
def test_the_grid_counts_as_numpys(pairs, bins):
    laboratory = Laboratory([{'cjv': x, 'snr': y} for x, y in pairs])
    told = laboratory.ask(Relation(x='cjv', y='snr', bins=bins))
    laboratory.connection.close()
    x, y = np.array(pairs, dtype=float).T
    edges = [np.array(told[name]) for name in ('x_edges', 'y_edges')]
    if all((np.diff(e) > 0).all() for e in edges):
        assert told['counts'] == np.histogram2d(x, y, edges)[0].astype(int).tolist()
    assert sum(map(sum, told['counts'])) == len(pairs)


def test_records_with_both_values_make_the_grid(lab):
    told = lab([{'cjv': 1.0, 'snr': 1.0}, {'cjv': 2.0}, {'snr': 2.0}]).ask(
        Relation(x='cjv', y='snr', bins=4)
    )
    assert (told['n_used'], told['n_missing'], told['counts']) == (1, 2, [[1]])


def test_records_outside_a_range_are_counted_apart(lab):
    documents = [{'cjv': x, 'snr': y} for x, y in ((0, 0), (1, 1), (2, 2), (5, 0), (0, -5))]
    told = lab(documents).ask(Relation(x='cjv', y='snr', bins=2, x_range=(0, 2), y_range=(0, 2)))
    assert (told['counts'], told['n_outside']) == ([[1, 0], [0, 2]], 2)


def test_no_records_make_no_grid(lab):
    told = lab([]).ask(Relation(x='cjv', y='snr'))
    assert (told['x_edges'], told['y_edges'], told['counts']) == ([], [], [])


@pytest.mark.parametrize(
    'ask',
    [
        lambda: Facets(limit=0),
        lambda: Facets(fields=tuple(map(str, range(31)))),
        lambda: Protocols(limit=1001),
        lambda: Protocols(fields=('a', 'a')),
        lambda: Relation(x='a', y='b', bins=201),
        lambda: Relation(x='a', y='b', x_range=(1, 0)),
    ],
)
def test_questions_without_an_answer_are_refused(ask):
    with pytest.raises(QueryError):
        ask()


def _at(document: dict, name: str):
    for segment in name.split('.'):
        document = (document or {}).get(segment)
    return document


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
