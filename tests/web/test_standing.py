"""The standing of a record and the table of percentiles, over HTTP."""

import csv
import io
import json
import uuid
from typing import Any

import numpy as np
import pytest
import requests

from mriqc_webapi.web.api_v2.schemas_statistics import Standing
from tests.live import LiveService
from tests.web.asking import payload, upload

N = 30


def get(service: LiveService, path: str, **parameters: Any) -> requests.Response:
    return requests.get(f'{service.root}/api/v2/{path}', params=parameters, timeout=60)


@pytest.fixture(scope='module')
def study(service: LiveService) -> tuple[str, list[str], list[float]]:
    """Upload images of a study of their own; gives its filter, their ids and their cjv."""
    name, rng = uuid.uuid4().hex, np.random.default_rng(11)
    documents = []
    for _ in range(N):
        document = payload('T1w_real', version='23.1.0')
        document['bids_meta'] |= {
            'dataset': name,
            'Manufacturer': 'Siemens',
            'MagneticFieldStrength': 3,
        }
        document['cjv'] = rng.normal(0.5, 0.1)
        documents.append(document)
    answer = upload(service, documents).json()
    ids = [result['id'] for result in answer['results']]
    return json.dumps({'bids_meta.dataset': name}), ids, [d['cjv'] for d in documents]


def test_a_record_is_placed_among_the_other_images(service, study):
    where, ids, values = study
    told = get(service, f'T1w/records/{ids[3]}/standing', where=where, view='raw').json()
    (cjv,) = (one for one in told['iqms'] if one['iqm'] == 'cjv')
    others = np.delete(values, 3)
    assert (told['n_used'], cjv['n_used'], cjv['better']) == (N - 1, N - 1, 'lower')
    assert cjv['percentile'] == pytest.approx(np.mean(others < values[3]) * 100, rel=1e-9)


def test_the_answer_is_as_documented(service, study):
    where, ids, _ = study
    asked = {'where': where, 'percentiles': '25,75', 'peers': 'scanner'}
    told = get(service, f'T1w/records/{ids[0]}/standing', **asked).json()
    assert set(Standing.model_validate(told).model_dump()) == set(told)
    assert told['same'] == {'epoch': 'mriqc-23.1', 'vendor': 'Siemens', 'field_strength': 3.0}
    assert len(told['iqms'][0]['peers']) == 2


@pytest.mark.parametrize(
    ('path', 'parameters', 'status'),
    [
        ('T1w/records/ffffffffffffffffffffffff/standing', {}, 404),
        ('T1w/records/nonsense/standing', {}, 404),
        ('no_such/records/ffffffffffffffffffffffff/standing', {}, 404),
        ('T1w/records/ffffffffffffffffffffffff/standing', {'peers': 'friends'}, 400),
        ('T1w/records/ffffffffffffffffffffffff/standing', {'min_peers': 0}, 400),
        ('T1w/records/ffffffffffffffffffffffff/standing', {'percentiles': 'x'}, 400),
        ('T1w/records/ffffffffffffffffffffffff/standing', {'no_such': 1}, 400),
    ],
)
def test_what_cannot_be_answered_is_a_problem(service, path, parameters, status):
    answer = get(service, path, **parameters)
    assert (answer.status_code, answer.json()['status']) == (status, status)


def test_resources_that_measure_no_image_have_no_scanner_to_share(service):
    token = {'Authorization': '<secret_token>', 'Content-Type': 'application/json'}
    body = json.dumps({'rating': '3.05', 'md5sum': uuid.uuid4().hex, 'name': '', 'comment': ''})
    posted = requests.post(f'{service.root}/api/v1/rating', data=body, headers=token, timeout=60)
    told = get(service, f'rating/records/{posted.json()["_id"]}/standing', peers='scanner')
    assert (told.status_code, told.json()['same']) == (200, {})


def test_the_table_of_percentiles_says_the_same_as_the_json(service, study):
    where, _, values = study
    asked = {'where': where, 'view': 'raw', 'iqms': 'cjv', 'percentiles': '0,50,100'}
    answer = get(service, 'T1w/percentiles.csv', **asked)
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert answer.headers['Content-Type'].startswith('text/csv')
    assert (row['iqm'], row['better'], row['n_used']) == ('cjv', 'lower', str(N))
    told = get(service, 'T1w/percentiles', **asked).json()['iqms'][0]['values']
    assert [float(row[p]) for p in ('p0', 'p50', 'p100')] == told
    assert told[1] == pytest.approx(np.median(values), rel=1e-9)
