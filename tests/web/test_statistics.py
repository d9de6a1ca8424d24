"""Statistics over HTTP: real answers, documented parameters, honest refusals."""

import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from tests.live import LiveService
from tests.web.asking import payload, upload

STATISTICS = (
    'distribution',
    'summary',
    'growth',
    'facets',
    'relation',
    'correlation',
    'protocols',
    'outliers',
    'coverage',
    'percentiles',
)
NEEDED = {
    'distribution': {'iqm': 'cjv'},
    'relation': {'x': 'cjv', 'y': 'snr_total'},
    'outliers': {'iqm': 'cjv'},
    'correlation': {'iqms': 'cjv,snr_total,efc'},
}


def get(service: LiveService, path: str, **parameters: Any) -> requests.Response:
    return requests.get(f'{service.root}/api/v2/{path}', params=parameters, timeout=60)


@pytest.fixture(scope='module')
def study(service: LiveService) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Upload some scans of a study of their own; gives its filter and the documents."""
    rng = np.random.default_rng(7)
    name = uuid.uuid4().hex
    documents = []
    for i in range(40):
        document = payload('T1w_real')
        document['bids_meta'] |= {'dataset': name, 'Manufacturer': ['SIEMENS', 'GE'][i % 2]}
        document |= {'cjv': rng.normal(0.5, 0.1), 'snr_total': rng.normal(10, 1)}
        documents.append(document)
    assert upload(service, documents).status_code == 201
    return {'where': json.dumps({'bids_meta.dataset': name}), 'view': 'raw'}, documents


@pytest.mark.parametrize('statistic', STATISTICS)
def test_every_statistic_says_what_it_rests_on(service, study, statistic):
    chosen, documents = study
    told = get(service, f'T1w/{statistic}', **chosen, **NEEDED.get(statistic, {})).json()
    assert (told['resource'], told['view']) == ('T1w', 'raw')
    assert (told['n_used'], told['n_missing']) == (len(documents), 0)
    assert told['data_version'] >= len(documents)


def test_a_distribution_is_numpys(service, study):
    chosen, documents = study
    values = [d['cjv'] for d in documents]
    told = get(service, 'T1w/distribution', iqm='cjv', bins=7, percentiles='50', **chosen).json()
    counts, edges = np.histogram(values, 7)
    assert told['counts'] == counts.tolist()
    assert told['edges'] == pytest.approx(edges, rel=1e-9)
    assert told['percentiles'] == [{'p': 50.0, 'value': pytest.approx(np.median(values))}]


def test_scanners_are_grouped_whatever_their_spelling(service, study):
    chosen, _ = study
    told = get(service, 'T1w/distribution', iqm='cjv', by='vendor', **chosen).json()
    assert [g['group']['vendor'] for g in told['groups']] == ['GE', 'Siemens']


def test_a_correlation_is_numpys(service, study):
    chosen, documents = study
    told = get(service, 'T1w/correlation', iqms='cjv,snr_total', **chosen).json()
    columns = [[d[name] for d in documents] for name in ('cjv', 'snr_total')]
    assert np.array(told['pearson']) == pytest.approx(np.corrcoef(columns), rel=1e-9)


def test_what_was_just_uploaded_counts(service):
    before = get(service, 'T1w/summary', view='raw').json()
    assert upload(service, payload()).status_code == 201
    after = get(service, 'T1w/summary', view='raw').json()
    assert after['n_used'] == before['n_used'] + 1
    assert after['data_version'] > before['data_version']


def test_repeats_of_an_image_count_once_by_default(service):
    document = payload()
    md5sum = document['provenance']['md5sum']
    assert upload(service, [document, document]).status_code == 201
    where = json.dumps({'provenance.md5sum': md5sum})
    numbers = {
        view: get(service, 'T1w/facets', where=where, **view_of(view)).json()['n_used']
        for view in ('', 'raw', 'scan', 'canonical', 'canonical+quarantined')
    }
    assert numbers.pop('raw') == 2
    assert set(numbers.values()) == {1}


def view_of(view: str) -> dict[str, str]:
    return {'view': view} if view else {}


def test_a_plus_in_a_view_needs_no_escape(service):
    answer = requests.get(
        f'{service.root}/api/v2/T1w/facets?view=canonical+quarantined', timeout=60
    )
    assert answer.json()['view'] == 'canonical+quarantined'


def test_growth_is_told_for_every_modality_at_once(service):
    told = get(service, 'growth', per='day').json()['resources']
    assert {'T1w', 'T2w', 'bold', 'dwi'} <= {one['resource'] for one in told}
    assert 'rating' not in {one['resource'] for one in told}
    (t1w,) = (one for one in told if one['resource'] == 'T1w')
    assert t1w['new'] == get(service, 'T1w/growth', per='day').json()['new']


def test_ratings_have_statistics_too(service):
    told = get(service, 'rating/growth').json()
    assert (told['view'], told['resource']) == ('raw', 'rating')


@pytest.mark.parametrize(
    ('path', 'parameters', 'complaint'),
    [
        ('distribution', {}, 'iqm'),
        ('distribution', {'iqm': 'no_such'}, "T1w has no number 'no_such'"),
        ('distribution', {'iqm': 'cvj'}, '(did you mean cjv?)'),
        ('distribution', {'iqm': 'vendor'}, "'vendor' of T1w is no number"),
        ('distribution', {'iqm': 'bids_meta'}, "'bids_meta' of T1w is no number"),
        ('distribution', {'iqm': 'cjv', 'bins': '0'}, 'bins'),
        ('distribution', {'iqm': 'cjv', 'bins': 'many'}, 'bins'),
        ('distribution', {'iqm': 'cjv', 'bins': '9' * 5000}, 'bins'),
        ('distribution', {'iqm': 'cjv', 'range': '1'}, 'range'),
        ('distribution', {'iqm': 'cjv', 'range': '2,1'}, 'range'),
        ('distribution', {'iqm': 'cjv', 'range': 'nan,1'}, 'range'),
        ('distribution', {'iqm': 'cjv', 'percentiles': 'a'}, 'percentiles'),
        ('distribution', {'iqm': 'cjv', 'percentiles': '101'}, 'percentiles'),
        ('distribution', {'iqm': 'cjv', 'percentiles': ','}, 'percentiles'),
        ('distribution', {'iqm': 'cjv', 'ecdf': '1'}, 'ecdf'),
        ('distribution', {'iqm': ['cjv', 'efc']}, 'iqm is given twice'),
        ('distribution', {'iqm': 'cjv', 'by': 'vendor,model,epoch'}, 'at most 2'),
        ('distribution', {'iqm': 'cjv', 'by': 'no_such'}, 'vendor'),
        ('distribution', {'iqm': 'cjv', 'min_group': '0'}, 'min_group'),
        ('summary', {'view': 'no_such'}, 'view'),
        ('summary', {'where': '{'}, 'JSON'),
        ('summary', {'no_such': '1'}, 'no_such'),
        ('growth', {'per': 'year'}, 'per'),
        ('growth', {'by': 'vendor,model'}, 'at most 1'),
        ('facets', {'fields': 'bids_meta'}, 'bids_meta'),
        ('facets', {'limit': '100000'}, 'limit'),
        ('relation', {'x': 'cjv'}, 'y'),
        ('relation', {'x': 'cjv', 'y': 'efc', 'bins': '1000'}, 'bins'),
        ('correlation', {'iqms': 'cjv'}, '2 to 70'),
        ('correlation', {'method': 'kendall'}, 'method'),
        ('protocols', {'fields': 'no_such'}, 'no_such'),
        ('outliers', {'iqm': 'cjv', 'low': 'nan'}, 'finite'),
        ('outliers', {'iqm': 'cjv', 'k': '-1'}, 'k'),
        ('outliers', {'iqm': 'cjv', 'low': '2', 'high': '1'}, 'low must not be above high'),
        ('outliers', {'iqm': 'cjv', 'limit': '1001'}, 'limit'),
        ('coverage', {'fields': 'no_such'}, "T1w has no field 'no_such' to count or group by"),
        ('percentiles', {'iqms': 'no_such'}, 'no_such'),
        ('percentiles', {'percentiles': '101'}, 'percentiles'),
        ('percentiles', {'percentiles': ','}, 'percentiles'),
        ('percentiles', {'view': ['raw', 'scan']}, 'view is given twice'),
        ('percentiles.csv', {'percentiles': 'a'}, 'percentiles'),
        ('duplicates', {'examples': ['1', '2']}, 'examples is given twice'),
    ],
)
def test_what_cannot_be_answered_is_a_problem_that_says_why(service, path, parameters, complaint):
    answer = get(service, f'T1w/{path}', **parameters)
    assert answer.status_code == 400
    assert answer.headers['Content-Type'] == 'application/problem+json'
    assert complaint in answer.json()['detail']


@pytest.mark.parametrize('statistic', STATISTICS)
def test_an_unknown_resource_is_not_found(service, statistic):
    answer = get(service, f'no_such/{statistic}', **NEEDED.get(statistic, {}))
    assert (answer.status_code, answer.json()['code']) == (404, 'not-found')


def documented(service: LiveService) -> dict[str, list[dict[str, Any]]]:
    """Give the parameters of the statistics routes by path."""
    document = requests.get(f'{service.root}/docs/api/api-docs', timeout=15).json()
    return {
        path: methods['get'].get('parameters', [])
        for path, methods in document['paths'].items()
        if 'statistics' in methods.get('get', {}).get('tags', [])
    }


def test_each_documented_example_is_answered(service, study):
    paths = documented(service)
    assert {f'/api/v2/{{resource}}/{statistic}' for statistic in STATISTICS} <= set(paths)
    for path, parameters in paths.items():
        queries = [p for p in parameters if p['in'] == 'query']
        needed = {p['name']: _examples(p)[0] for p in queries if p['required']}
        for parameter in queries:
            for example in _examples(parameter):
                where = path.removeprefix('/api/v2/').replace('{resource}', 'T1w')
                answer = get(service, where, **(needed | {parameter['name']: example}))
                assert answer.status_code == 200, (path, parameter['name'], answer.text)


def test_each_route_is_in_the_docs(service):
    page = (Path(__file__).parents[2] / 'docs' / 'statistics.md').read_text()
    assert [path for path in documented(service) if f'`{path}' not in page] == []


def _examples(parameter: dict[str, Any]) -> list[Any]:
    return parameter['schema'].get('examples') or parameter['examples']


def test_answers_are_as_documented(service, study):
    from mriqc_webapi.web.api_v2 import schemas_statistics

    chosen, _ = study
    for statistic in STATISTICS:
        model = getattr(schemas_statistics, statistic.capitalize())
        grouped = {'by': 'vendor'} if statistic in {'distribution', 'growth', 'outliers'} else {}
        parameters = chosen | NEEDED.get(statistic, {}) | grouped
        told = get(service, f'T1w/{statistic}', **parameters).json()
        assert set(model.model_validate(told).model_dump(by_alias=True)) >= set(told)
