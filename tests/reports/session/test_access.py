"""Who may speak to a session: the rater's browser, and nobody else on the machine or the web."""

import pytest
import requests

from tests.reports.session.conftest import Serve

RATING = {'id': '2b2d9d2e-5a0c-4d6a-9a55-0c8b8d8f4f3a', 'rating': '3.00'}


@pytest.mark.parametrize('path', ['/', '/reports/0', '/static/session.css', '/wrong/reports/0'])
def test_without_the_secret_there_is_nothing(serve: Serve, path: str) -> None:
    assert requests.get(serve().origin + path, timeout=10).status_code == 404


@pytest.mark.parametrize('origin', ['null', 'http://127.0.0.1:1', 'https://example.org', ''])
def test_another_origin_may_not_rate(serve: Serve, origin: str) -> None:
    served = serve()
    answer = served.post('reports/0/rating', RATING, Origin=origin)
    assert answer.status_code == 403
    assert served.review.standing() == {}


def test_another_name_for_this_host_is_refused(serve: Serve) -> None:
    served = serve()
    answer = served.http.get(f'{served.address}/', headers={'Host': 'evil.example'}, timeout=10)
    assert answer.status_code == 421


def test_the_door_opens_once(serve: Serve) -> None:
    served = serve()
    door = served.server.addresses.door
    first = served.http.get(door, allow_redirects=False, timeout=10)
    second = served.http.get(door, allow_redirects=False, timeout=10)
    assert first.headers['location'] == served.address.removeprefix(served.origin) + '/'
    assert second.status_code == 404


def test_every_page_has_a_strict_policy(serve: Serve) -> None:
    served = serve()
    for path in ('reports/0', 'overview', 'summary', 'static/session.css', 'nothing'):
        policy = served.http.get(f'{served.address}/{path}', timeout=10).headers[
            'content-security-policy'
        ]
        assert policy.startswith("default-src 'none'")
        assert 'unsafe' not in policy


@pytest.mark.parametrize(
    ('path', 'document', 'status'),
    [
        ('reports/99/rating', RATING, 404),
        ('reports/0/rating', {**RATING, 'rating': '9'}, 422),
        ('reports/0/rating', {**RATING, 'rating': 'nan'}, 422),
        ('reports/0/rating', {**RATING, 'rating': True}, 422),
        ('reports/0/rating', {**RATING, 'id': '../x'}, 422),
        ('reports/0/rating', {**RATING, 'artifacts': 'x'}, 422),
        ('reports/0/rating', {**RATING, 'comment': 'x' * 20_000}, 422),
        ('reports/0/rating', {**RATING, 'comment': 'x' * 300_000}, 413),
        ('reports/0/rating', {'id': RATING['id']}, 422),
        ('reports/0/rating', [RATING], 400),
    ],
)
def test_a_bad_rating_is_refused_with_a_reason(serve, path, document, status) -> None:
    served = serve()
    answer = served.post(path, document)
    assert answer.status_code == status
    assert answer.json()['detail']
    assert served.review.ledger.ratings() == []


def test_the_same_rating_twice_is_one(serve: Serve) -> None:
    served = serve()
    answers = [served.post('reports/0/rating', RATING).json()['id'] for _ in range(2)]
    assert len(set(answers)) == 1
    assert len(served.review.ledger.ratings()) == 1


def test_the_same_id_with_another_grade_is_a_conflict(serve: Serve) -> None:
    served = serve()
    served.post('reports/0/rating', RATING)
    assert served.post('reports/0/rating', {**RATING, 'rating': '1.00'}).status_code == 409
