"""Ratings sent to the current API: typed, acknowledged, and told about their image."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live import TOKEN
from tests.web.rating import get, make_token, post_v1, rate, rated


def test_a_rating_is_answered_with_what_it_means_and_a_receipt(service) -> None:
    md5sum = uuid.uuid4().hex
    told = rated(service, md5sum=md5sum, rating=3.6, artifacts=['head-motion'], name='jane')
    assert told['receipt'].startswith('mrq_')
    wanted = {
        'status': 'created',
        'md5sum': md5sum,
        'scale': 'v2',
        'score': 3.6,
        'grade': 'excellent',
        'label': 'excellent',
        'artifacts': ['head-motion'],
        'rater': 'jane',
        'amends': None,
        'notes': [],
    }
    assert {name: told[name] for name in wanted} == wanted
    assert told['_links']['scan']['href'] == f'/api/v2/scans/{md5sum}/ratings'


@pytest.mark.parametrize(
    ('scale', 'rating', 'label', 'grade'),
    [
        ('v0', '1', 'exclude', 'exclude'),
        ('v0', 'good', 'good', 'excellent'),
        ('v1', 2, 'poor', 'poor'),
        ('v2', '2.5', 'acceptable', 'acceptable'),
        (None, '2.55', 'acceptable', 'acceptable'),
        (None, '2', None, None),
    ],
)
def test_each_scale_has_its_own_labels_and_grades_in_common(
    service, scale, rating, label, grade
) -> None:
    told = rated(service, scale=scale, rating=rating)
    assert (told['label'], told['grade']) == (label, grade)
    assert told['scale'] == (scale or ('v2' if rating == '2.55' else 'unknown'))


@pytest.mark.parametrize('send', [rated, post_v1])
def test_an_image_has_its_ratings_in_whatever_case_its_md5_was_sent(service, send) -> None:
    md5sum = uuid.uuid4().hex
    send(service, md5sum=md5sum.upper(), rating='2.55')
    assert get(service, f'scans/{md5sum}/ratings')['n_ratings'] == 1
    assert get(service, f'scans/{md5sum.upper()}/ratings')['n_ratings'] == 1


def test_an_image_rated_in_upper_case_has_a_page(service) -> None:
    md5sum = rated(service, md5sum=uuid.uuid4().hex.upper(), rating='2.55')['md5sum']
    assert md5sum == md5sum.lower()
    assert requests.get(f'{service.root}/scans/{md5sum}', timeout=30).status_code == 200


def test_all_that_a_widget_knows_comes_back(service) -> None:
    sent = {
        'rating': '2.55',
        'scale': 'v2',
        'comment': 'Blurred.',
        'artifacts': ['head-motion', 'something new'],
        'confidence': 3.5,
        'time_s': 12.25,
        'modality': 'T1w',
        'software': 'mriqc',
        'version': '25.0.0',
        'report': 'sub-01_T1w.html',
        'session': uuid.uuid4().hex,
        'defaced': True,
    }
    told = get(service, f'ratings/{rated(service, **sent)["id"]}')['rating']
    assert {name: told[name] for name in sent} == sent


@pytest.mark.parametrize(
    ('member', 'value'),
    [
        ('rating', None),
        ('rating', '4.5'),
        ('rating', 'good'),
        ('rating', True),
        ('scale', 'v9'),
        ('confidence', 4.5),
        ('confidence', 'sure'),
        ('time_s', -1),
        ('artifacts', 'head-motion'),
        ('artifacts', [1]),
        ('md5sum', ['x']),
        ('amends', '0' * 24),
        ('rater', 'somebody else'),
    ],
)
def test_what_does_not_fit_together_is_refused_by_name(service, member, value) -> None:
    answer = rate(service, **{member: value})
    assert answer.status_code == 422
    assert set(answer.json()['issues']) == {member}


def test_a_double_click_is_one_rating_with_one_receipt(service) -> None:
    headers, md5sum = {'Idempotency-Key': str(uuid.uuid4())}, uuid.uuid4().hex
    first, second = (rate(service, headers=headers, md5sum=md5sum) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json() | {'status': 'replayed'}
    assert get(service, f'scans/{md5sum}/ratings')['n_ratings'] == 1


def test_a_key_does_not_serve_for_another_rating(service) -> None:
    headers = {'Idempotency-Key': str(uuid.uuid4())}
    assert rate(service, headers=headers).status_code == 201
    answer = rate(service, headers=headers, rating='1')
    assert (answer.status_code, answer.json()['code']) == (409, 'changed-submission')


@pytest.mark.parametrize(
    ('token', 'status'), [('', 401), ('nonsense', 401), ('submit', 403), ('rate', 201)]
)
def test_rating_takes_a_token_for_rating(service, token, status) -> None:
    if token in {'submit', 'rate'}:
        token = make_token(service, token)
    assert rate(service, headers={'Authorization': token}).status_code == status


def test_several_ratings_at_once_go_elsewhere(service) -> None:
    url, document = f'{service.root}/api/v2/ratings', {'rating': '3', 'md5sum': 'x'}
    headers = {'Authorization': TOKEN}
    answer = requests.post(url, json=[document, document], headers=headers, timeout=30)
    assert answer.status_code == 400
    assert '/rating/records' in answer.json()['detail']


def test_a_report_opened_from_disk_may_send_and_correct(service) -> None:
    asked = {
        'Origin': 'null',
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key,receipt',
    }
    url = f'{service.root}/api/v2/ratings/{"0" * 24}'
    answer = requests.options(url, headers=asked, timeout=30)
    assert answer.status_code == 200
    assert answer.headers['Access-Control-Allow-Origin'] == '*'
    sent = rate(service, headers={'Origin': 'null'})
    assert sent.headers['Access-Control-Allow-Origin'] == '*'


def test_an_address_is_published_nowhere_but_its_pseudonym_is(service) -> None:
    name, md5sum = f'{uuid.uuid4().hex}@example.org', uuid.uuid4().hex
    current = rated(service, md5sum=md5sum, name=name)
    frozen = post_v1(service, md5sum=md5sum, name=name)
    assert current['rater'].startswith('rater-')
    told = get(service, f'scans/{md5sum}/ratings')
    assert {r['rater'] for r in told['ratings']} == {current['rater']}
    assert told['n_raters'] == 1
    paths = ('v1/rating', 'v2/rating/export.csv', 'v2/ratings', f'v2/scans/{md5sum}')
    for path in (*paths, f'v1/rating/{frozen}'):
        assert name not in requests.get(f'{service.root}/api/{path}', timeout=30).text


class TestOneImage:
    """`/scans/{md5sum}/ratings`."""

    def test_grades_labels_scores_and_artifacts_are_counted(self, service) -> None:
        md5sum = uuid.uuid4().hex
        rated(service, md5sum=md5sum, rating='1', scale='v0', name='a')
        rated(service, md5sum=md5sum, rating='4', name='b', artifacts=['inu', 'head-motion'])
        rated(service, md5sum=md5sum, rating='3', name='b', artifacts=['inu'])
        told = get(service, f'scans/{md5sum}/ratings')
        assert (told['n_ratings'], told['n_raters']) == (3, 2)
        assert told['grades'] == [
            {'grade': 'exclude', 'n': 1},
            {'grade': 'poor', 'n': 0},
            {'grade': 'acceptable', 'n': 1},
            {'grade': 'excellent', 'n': 1},
        ]
        assert told['labels'][:4] == [
            {'scale': 'v0', 'label': 'invalid', 'n': 0},
            {'scale': 'v0', 'label': 'exclude', 'n': 1},
            {'scale': 'v0', 'label': 'usable', 'n': 0},
            {'scale': 'v0', 'label': 'good', 'n': 0},
        ]
        assert {(entry['scale'], entry['n']) for entry in told['labels'][4:]} == {
            ('v2', 0),
            ('v2', 1),
        }
        assert told['artifacts'] == [
            {'artifact': 'inu', 'n': 2},
            {'artifact': 'head-motion', 'n': 1},
        ]
        assert told['score'] | {'sd': 0} == {
            'n': 3,
            'mean': pytest.approx(8 / 3),
            'sd': 0,
            'min': 1,
            'max': 4,
        }
        assert [r['rating'] for r in told['ratings']] == ['3', '4', '1']  # newest first

    def test_an_image_that_nobody_rated_gives_zeros(self, service) -> None:
        told = get(service, f'scans/{uuid.uuid4().hex}/ratings')
        assert (told['n_ratings'], told['ratings'], told['history']) == (0, [], [])
        assert [g['n'] for g in told['grades']] == [0, 0, 0, 0]
        assert told['score'] == {'n': 0, 'mean': None, 'sd': None, 'min': None, 'max': None}

    def test_ratings_of_all_widgets_come_together(self, service) -> None:
        md5sum = uuid.uuid4().hex
        post_v1(service, md5sum=md5sum, rating='2.55', comment='["head-motion"]')
        post_v1(service, md5sum=md5sum, rating='good', comment='Fine.')
        newest, oldest = get(service, f'scans/{md5sum}/ratings')['ratings']
        assert (oldest['artifacts'], oldest['comment']) == (['head-motion'], '')
        assert (newest['scale'], newest['comment']) == ('v0', 'Fine.')

    @pytest.mark.parametrize('odd', ['%00', 'x' * 300, '\N{SNOWMAN}', '<script>'])
    def test_odd_names_of_images_are_no_fault(self, service, odd) -> None:
        url = f'{service.root}/api/v2/scans/{odd}/ratings'
        assert requests.get(url, timeout=30).status_code in {200, 404}

    def test_the_image_itself_shows_them_too(self, service) -> None:
        md5sum = uuid.uuid4().hex
        rated(service, md5sum=md5sum, rating='1.2')
        (told,) = get(service, f'scans/{md5sum}')['ratings']
        assert (told['rating'], told['grade']) == ('1.2', 'exclude')


class TestListing:
    """`GET /ratings`."""

    @pytest.fixture
    def session(self, service) -> str:
        session = uuid.uuid4().hex
        for number, rating in enumerate(['1', '2', '3', '4']):
            rated(service, rating=rating, session=session, name=f'rater-{number % 2}')
        rated(service, rating='1', session=session, md5sum='unspecified', artifacts=['a "b"'])
        return session

    def test_pages_give_each_rating_once_the_newest_first(self, service, session) -> None:
        seen: list[str] = []
        cursor = ''
        while cursor is not None:
            page = get(service, 'ratings', session=session, limit=2, cursor=cursor, total=True)
            assert page['total'] == 5
            seen += [item['rating'] for item in page['items']]
            cursor = page['next']
        assert seen == ['1', '4', '3', '2', '1']

    @pytest.mark.parametrize(
        ('asked', 'n'),
        [
            ({}, 5),
            ({'linked': True}, 4),
            ({'linked': False}, 1),
            ({'rater': 'rater-1'}, 2),
            ({'rater': ''}, 1),
            ({'grade': 'exclude'}, 2),
            ({'scale': 'v1'}, 0),
            ({'artifact': 'a "b"'}, 1),
            ({'artifact': 'a'}, 0),
            ({'where': '{"score": {"$gte": 3}}'}, 2),
            ({'since': '2020-01-01'}, 5),
            ({'until': '2020-01-01'}, 0),
            ({'since': '2020-01-01', 'until': '2999-01-01', 'grade': 'poor'}, 1),
        ],
    )
    def test_filters_leave_what_matches(self, service, session, asked, n) -> None:
        assert get(service, 'ratings', session=session, total=True, **asked)['total'] == n

    def test_the_modality_is_that_of_the_images_records_if_a_rating_is_silent(
        self, service
    ) -> None:
        from tests.web.asking import payload, upload

        md5sum, session = uuid.uuid4().hex, uuid.uuid4().hex
        rated(service, md5sum=md5sum, session=session)
        rated(service, modality='T2w', session=session)
        assert get(service, 'ratings', session=session, modality='bold')['items'] == []
        upload(service, payload('bold', md5sum=md5sum), resource='bold')
        (found,) = get(service, 'ratings', session=session, modality='bold')['items']
        assert found['md5sum'] == md5sum
        assert len(get(service, 'ratings', session=session, modality='T2w')['items']) == 1

    @pytest.mark.parametrize(
        'asked',
        [
            {'grade': 'so-so'},
            {'where': '{'},
            {'since': 'yesterday'},
            {'cursor': 'x'},
            {'limit': 0},
            {'colour': 'red'},
            {'standing': 'maybe'},
        ],
    )
    def test_what_means_nothing_is_a_problem(self, service, asked: dict[str, Any]) -> None:
        url = f'{service.root}/api/v2/ratings'
        answer = requests.get(url, params=asked, timeout=30)
        assert (answer.status_code, answer.json()['code']) == (400, 'bad-query')

    @pytest.mark.parametrize('unknown', ['0' * 24, 'x', '%00', '0' * 300])
    def test_a_rating_that_is_not_there_is_not_found(self, service, unknown) -> None:
        answer = requests.get(f'{service.root}/api/v2/ratings/{unknown}', timeout=30)
        assert answer.status_code == 404

    def test_a_record_that_is_no_rating_is_not_found(self, service) -> None:
        from tests.web.asking import payload, upload

        (result,) = upload(service, payload()).json()['results']
        answer = requests.get(f'{service.root}/api/v2/ratings/{result["id"]}', timeout=30)
        assert answer.status_code == 404


def test_the_frozen_api_shows_ratings_as_they_were_sent(service) -> None:
    id_ = post_v1(service, rating='2.55', md5sum='unspecified', comment='["inu"]')
    document = requests.get(f'{service.root}/api/v1/rating/{id_}', timeout=30).json()
    sent = {n: v for n, v in document.items() if not n.startswith('_')}
    assert sent == {'rating': '2.55', 'md5sum': 'unspecified', 'name': '', 'comment': '["inu"]'}


def test_scripts_in_a_rating_come_back_as_text(service) -> None:
    nasty = '<script>alert(1)</script>'
    told = rated(service, name=nasty, comment=nasty, artifacts=[nasty], report=nasty)
    answer = requests.get(f'{service.root}/api/v2/ratings/{told["id"]}', timeout=30)
    assert answer.headers['Content-Type'] == 'application/json'
    assert json.loads(answer.text)['rating']['comment'] == nasty


def test_each_route_of_ratings_is_in_the_docs(service) -> None:
    page = (Path(__file__).parents[2] / 'docs' / 'ratings.md').read_text()
    paths = requests.get(f'{service.root}/openapi.json', timeout=30).json()['paths']
    told = [
        (method.upper(), path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if 'ratings' in operation['tags']
    ]
    assert len(told) == 12
    assert [f'{m} {p}' for m, p in told if f'`{m} {p}`' not in page] == []
