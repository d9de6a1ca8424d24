"""Many ratings at once: labels, agreement, how raters err, and how much is rated."""

import csv
import io
import json
import uuid
from itertools import product
from pathlib import Path

import pyarrow.parquet
import pytest
import requests

from tests.live import LiveService
from tests.web.asking import upload
from tests.web.rating import get, rated

ABIDE = Path(__file__).parents[1] / 'data' / 'ratings' / 'abide.tsv'
GRADES = {-1: '1', 0: '2', 1: '3'}  # exclude, doubtful, accept: three grades in a row


@pytest.fixture(scope='module')
def session(service: LiveService) -> str:
    """Three raters of twelve images, one image rated once, and one rating of no image."""
    session = uuid.uuid4().hex
    documents = []
    for number, rater in product(range(12), 'abc'):
        slips = rater == 'c' and number % 4 == 0
        rating = '1' if number % 2 == slips else '4'
        documents.append(_document(session, f'{number:032x}', rating, rater, version='22.0.6'))
    documents[0]['comment'] = '["head-motion"]'
    documents.append(_document(session, 'f' * 32, '2', 'a', scale='v1'))
    documents.append(_document(session, 'unspecified', '2', 'a', scale='v1'))
    answer = upload(service, documents, resource='rating')
    assert answer.status_code == 201, answer.text
    return session


def _document(session: str, md5sum: str, rating: str, name: str, **more: str) -> dict[str, str]:
    base = {'md5sum': md5sum, 'rating': rating, 'name': name, 'comment': '', 'session': session}
    return base | more


def test_there_is_one_label_for_each_rated_image(service, session) -> None:
    told = get(service, 'labels', session=session, limit=1000)
    assert told['total'] == len(told['items']) == 13
    first, *_, last = told['items']
    assert (first['md5sum'], first['method'], first['n_raters']) == ('0' * 32, 'dawid-skene', 3)
    assert first['artifacts'] == ['head-motion']
    assert [r['rater'] for r in first['ratings']] == ['a', 'b', 'c']
    assert 0.5 < first['certainty'] <= 1
    assert last | {'ratings': 0} == {
        'md5sum': 'f' * 32,
        'modality': None,
        'consensus': 'poor',
        'certainty': None,
        'method': 'single',
        'score_mean': 2.0,
        'score_sd': None,
        'scales': ['v1'],
        'n_ratings': 1,
        'n_raters': 1,
        'n_unreadable': 0,
        'artifacts': [],
        'ratings': 0,
    }


def test_pages_of_labels_give_each_image_once(service, session) -> None:
    seen: list[str] = []
    cursor = ''
    while cursor is not None:
        page = get(service, 'labels', session=session, limit=5, cursor=cursor)
        seen += [item['md5sum'] for item in page['items']]
        cursor = page['next']
    assert seen == sorted(set(seen))
    assert len(seen) == 13


def test_every_file_holds_the_same_labels(service, session) -> None:
    wanted = get(service, 'labels', session=session, limit=1000)['items']
    url = f'{service.root}/api/v2/labels'
    asked = {'session': session}

    def fetch(format: str) -> bytes:
        answer = requests.get(f'{url}.{format}', params=asked, timeout=30)
        assert answer.status_code == 200
        return answer.content

    assert [json.loads(line) for line in fetch('ndjson').splitlines()] == wanted
    assert pyarrow.parquet.read_table(io.BytesIO(fetch('parquet'))).to_pylist() == wanted
    for format, delimiter in (('csv', ','), ('tsv', '\t')):
        rows = list(csv.DictReader(io.StringIO(fetch(format).decode()), delimiter=delimiter))
        assert [r['md5sum'] for r in rows] == [w['md5sum'] for w in wanted]
        assert [json.loads(r['ratings']) for r in rows] == [w['ratings'] for w in wanted]


def test_a_file_that_has_not_changed_is_not_sent_again(service, session) -> None:
    url = f'{service.root}/api/v2/labels.csv'
    first = requests.get(url, params={'session': session}, timeout=30)
    headers = {'If-None-Match': first.headers['ETag']}
    again = requests.get(url, params={'session': session}, headers=headers, timeout=30)
    assert (again.status_code, again.content) == (304, b'')
    part = requests.get(
        url, params={'session': session}, headers={'Range': 'bytes=0-8'}, timeout=30
    )
    assert (part.status_code, part.content) == (206, first.content[:9])


def test_a_new_rating_is_in_the_next_answer(service) -> None:
    session = uuid.uuid4().hex
    assert get(service, 'labels', session=session)['total'] == 0
    rated(service, session=session)
    assert get(service, 'labels', session=session)['total'] == 1


def test_no_ratings_are_a_header_and_nothing_else(service) -> None:
    url = f'{service.root}/api/v2/labels.csv'
    answer = requests.get(url, params={'session': uuid.uuid4().hex}, timeout=30)
    (header,) = answer.text.splitlines()
    assert header.startswith('"md5sum","modality"')


def test_agreement_is_told_over_images_with_several_ratings(service, session) -> None:
    told = get(service, 'ratings/agreement', session=session, n_boot=50)
    assert told['selected']['n_ratings'] == 38
    overall = told['overall']
    assert (overall['n_images'], overall['n_shared'], overall['n_raters']) == (12, 12, 3)
    pairs = {tuple(pair['raters']): pair['kappa']['value'] for pair in overall['pairs']}
    assert pairs['a', 'b'] == 1
    assert pairs['a', 'c'] < 1
    alpha = overall['alpha']
    assert alpha['low'] <= alpha['value'] <= alpha['high']


@pytest.mark.parametrize(
    ('by', 'keys'),
    [('artifact', ['head-motion']), ('scale', ['v2']), ('modality', [None])],
)
def test_agreement_is_told_by_group(service, session, by, keys) -> None:
    told = get(service, 'ratings/agreement', session=session, by=by, n_boot=20)
    assert [group['key'] for group in told['groups']] == keys


@pytest.mark.parametrize('measured', ['grade', 'binary', 'score'])
def test_the_same_seed_gives_the_same_interval(service, session, measured) -> None:
    asked = {'session': session, 'measured': measured, 'n_boot': 30, 'seed': 7}
    one, other = (get(service, 'ratings/agreement', **asked)['overall'] for _ in range(2))
    assert one == other


def test_nobody_to_agree_with_is_said_and_not_guessed(service) -> None:
    session = uuid.uuid4().hex
    rated(service, session=session, name='alone')
    told = get(service, 'ratings/agreement', session=session)
    assert told['overall']['alpha']['value'] is None
    assert told['overall']['alpha']['reason']
    assert get(service, 'ratings/raters', session=session)['raters'] == []


def test_who_slips_is_told_apart_from_who_does_not(service, session) -> None:
    told = get(service, 'ratings/raters', session=session)
    assert told['grades'] == ['exclude', 'poor', 'acceptable', 'excellent']
    sure, slips = (
        next(r['matrix'] for r in told['raters'] if r['rater'] == name) for name in 'ac'
    )
    assert sure[0][0] > slips[0][0]
    assert sum(slips[0]) == pytest.approx(1)


def test_activity_counts_by_period_scale_grade_and_artifact(service, session) -> None:
    told = get(service, 'ratings/activity', session=session, per='year')
    assert (told['n_ratings'], told['n_images'], told['n_raters']) == (38, 13, 3)
    assert (told['n_unlinked'], told['n_anonymous']) == (1, 0)
    (period,) = told['periods']
    assert period['scales'] == {'v1': 2, 'v2': 36}
    assert told['artifacts'] == [{'artifact': 'head-motion', 'n': 1, 'n_images': 1}]
    assert sum(entry['n'] for entry in told['grades']) == 38


@pytest.mark.parametrize(
    'path',
    [
        'ratings/agreement?n_boot=100000',
        'ratings/agreement?by=mood',
        'ratings/activity?per=century',
        'labels?limit=100000',
        'labels?where=(',
        'labels.csv?colour=red',
    ],
)
def test_what_means_nothing_is_a_problem(service, path) -> None:
    answer = requests.get(f'{service.root}/api/v2/{path}', timeout=30)
    assert (answer.status_code, answer.json()['code']) == (400, 'bad-query')


def test_labels_come_in_the_formats_that_are_listed(service) -> None:
    answer = requests.get(f'{service.root}/api/v2/labels.xlsx', timeout=30)
    assert (answer.status_code, answer.json()['code']) == (404, 'not-found')


@pytest.fixture(scope='module')
def abide(service: LiveService) -> str:
    """The published ratings of ABIDE by its first two raters, sent as ratings."""
    session = uuid.uuid4().hex
    documents = [
        _document(session, f'abide-{row["subject_id"]}', GRADES[float(row[r])], r, scale='v1')
        for row in csv.DictReader(ABIDE.read_text().splitlines(), delimiter='\t')
        for r in ('rater_1', 'rater_2')
        if row[r] != 'n/a'
    ]
    for start in range(0, len(documents), 1000):
        part = documents[start : start + 1000]
        assert upload(service, part, resource='rating').status_code == 201
    return session


@pytest.mark.parametrize(
    ('measured', 'measure', 'value'),
    [
        ('grade', 'kappa', 0.393),
        ('binary', 'kappa', 0.526),
        ('grade', 'kappa_quadratic', 0.568),
    ],
)
def test_published_ratings_agree_as_published(service, abide, measured, measure, value) -> None:
    told = get(service, 'ratings/agreement', session=abide, measured=measured, n_boot=20)
    (pair,) = told['overall']['pairs']
    assert pair['n_images'] == 99
    assert pair[measure]['value'] == pytest.approx(value, abs=5e-4)
