"""Duplicates, the policy on them, and the published tables, over HTTP."""

import statistics
import uuid

import pytest
import requests

from mriqc_webapi.archive.policy import TEXT, first_policy
from mriqc_webapi.iqm.epochs import EPOCHS
from tests.web.asking import payload, upload


def get(service, path, **parameters):
    answer = requests.get(f'{service.root}/api/v2/{path}', params=parameters, timeout=60)
    return answer.json() | {'status': answer.status_code}


@pytest.fixture
def dataset(service):
    """A filter: two groups that are admitted, and one of each kind that is not."""
    name = uuid.uuid4().hex

    def record(md5sum, **changed):
        document = payload(md5sum=md5sum) | changed
        document['bids_meta']['dataset'] = name
        return document

    a, b, c, d, e = (uuid.uuid4().hex for _ in range(5))
    cjv = payload()['cjv']
    documents = [
        *(record(a) for _ in range(3)),
        *(record(b, cjv=value) for value in (cjv, cjv * 10)),
        *(record(c, size_x=size) for size in (64, 65)),
        *(record(d, cnr=value) for value in (None, 3.0)),
        record(e, cjv=cjv * 2),
    ]
    assert upload(service, documents).status_code == 201
    return f'{{"bids_meta.dataset": "{name}"}}'


def test_duplicates_are_counted(service, dataset):
    found = get(service, 'T1w/duplicates', where=dataset)
    names = ('n_records', 'n_scans', 'n_repeats', 'n_groups', 'n_canonical')
    assert [found[name] for name in names] == [10, 5, 5, 5, 2]
    assert found['sizes'] == [
        {'from': 1, 'to': 1, 'n_groups': 1, 'n_records': 1, 'n_quarantined_groups': 0},
        {'from': 2, 'to': 2, 'n_groups': 3, 'n_records': 6, 'n_quarantined_groups': 3},
        {'from': 3, 'to': 3, 'n_groups': 1, 'n_records': 3, 'n_quarantined_groups': 0},
    ]


def test_quarantined_groups_are_shown_with_their_reason(service, dataset):
    found = get(service, 'T1w/duplicates', where=dataset, examples=20)['quarantined']
    assert (found['n_records'], found['n_groups']) == (6, 3)
    reasons = {reason['reason']: reason['n_groups'] for reason in found['reasons']}
    assert reasons == {'missing': 1, 'geometry': 1, 'diameter': 1}
    assert sorted(e['reason'] for e in found['examples']) == ['diameter', 'geometry', 'missing']
    assert {e['n_group'] for e in found['examples']} == {2}
    assert all(len(e['md5sum']) == 32 for e in found['examples'])


def test_the_largest_quarantined_groups_come_first_each_by_the_first_rule_that_it_breaks(service):
    name = uuid.uuid4().hex
    cjv = payload()['cjv']

    def records(n, md5sum, **changed):
        for i in range(n):
            document = payload(md5sum=md5sum) | {k: v[i % 2] for k, v in changed.items()}
            document['bids_meta']['dataset'] = name
            yield document

    two, four, three = (uuid.uuid4().hex for _ in range(3))
    documents = [
        *records(2, two, cjv=(cjv, cjv * 10)),
        *records(4, four, cjv=(cjv, cjv * 10), size_x=(64, 65)),
        *records(3, three, cjv=(None, cjv * 10), size_x=(64, 65)),
    ]
    assert upload(service, documents).status_code == 201
    where = f'{{"bids_meta.dataset": "{name}"}}'
    found = get(service, 'T1w/duplicates', where=where, examples=2)['quarantined']['examples']
    assert [(e['md5sum'], e['n_group'], e['reason']) for e in found] == [
        (four, 4, 'geometry'),
        (three, 3, 'missing'),
    ]


def test_the_bias_of_repeats_is_told(service, dataset):
    (found,) = get(service, 'T1w/duplicates', where=dataset, iqm='cjv')['bias']
    cjv = payload()['cjv']
    raw = [cjv] * 4 + [cjv * 10] + [cjv] * 4 + [cjv * 2]
    before, after = statistics.median(raw), statistics.median([cjv, cjv * 2])
    assert found['raw'] == {'median': pytest.approx(before), 'n': 10}
    assert found['canonical'] == {'median': pytest.approx(after), 'n': 2}
    assert found['relative_change'] == pytest.approx((after - before) / before)


def test_all_iqms_are_told_by_default(service, dataset):
    told = [bias['iqm'] for bias in get(service, 'T1w/duplicates', where=dataset)['bias']]
    assert {'cjv', 'snr_total', 'qi_1'} <= set(told)


def test_an_empty_resource_has_no_duplicates(service):
    found = get(service, 'dwi/duplicates')
    assert (found['n_records'], found['sizes'], found['quarantined']['examples']) == (0, [], [])


@pytest.mark.parametrize(
    ('path', 'parameters', 'status'),
    [
        ('rating/duplicates', {}, 400),
        ('T1w/duplicates', {'iqm': 'nonsense'}, 400),
        ('T1w/duplicates', {'where': '{'}, 400),
        ('T1w/duplicates', {'examples': 1000}, 400),
        ('T1w/duplicates', {'nonsense': 1}, 400),
        ('nonsense/duplicates', {}, 404),
    ],
)
def test_what_cannot_be_told_is_a_problem(service, path, parameters, status):
    assert get(service, path, **parameters)['status'] == status


def test_a_repeat_is_judged_by_the_time_its_upload_is_answered(service):
    md5sum = uuid.uuid4().hex
    where = f'{{"provenance.md5sum": "{md5sum}"}}'
    for n in (1, 2, 3):
        upload(service, payload(md5sum=md5sum))
        found = get(service, 'T1w/duplicates', where=where, iqm='cjv')
        assert (found['n_records'], found['n_canonical']) == (n, 1)


def test_the_policy_is_served_with_its_text(service):
    found = get(service, 'policy')
    assert (found['version'], found['frozen_at'], found['text']) == (1, None, TEXT)
    assert found['scales'] == first_policy().scales
    assert found['limits'] == {'structural': 0.1, 'functional': 1e-6}


def test_each_version_of_the_policy_is_served(service):
    assert get(service, 'policy', version=1) == get(service, 'policy')
    missing = get(service, 'policy', version=2)
    assert (missing['status'], missing['code']) == (404, 'not-found')


@pytest.mark.parametrize('asked', [{'nonsense': 1}, {'version': 'a'}, {'version': [1, 1]}])
def test_what_the_policy_does_not_take_is_refused(service, asked):
    assert get(service, 'policy', **asked)['status'] == 400


def test_the_table_of_scanners_is_served(service):
    vendors = {vendor['name']: vendor for vendor in get(service, 'scanners')['vendors']}
    assert 'general electric' in vendors['GE']['spellings']
    assert {'name': 'Trio', 'aliases': []} in vendors['Siemens']['models']


def test_the_eras_are_served(service):
    assert [e['name'] for e in get(service, 'epochs')['epochs']] == [e.name for e in EPOCHS]
