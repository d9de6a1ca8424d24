"""Short ways to send ratings to a live service, and to ask for them."""

import uuid
from typing import Any

import requests

from mriqc_webapi.store import tokens
from mriqc_webapi.store.engine import Store
from tests.live import TOKEN, LiveService


def rate(
    service: LiveService, *, headers: dict[str, str] | None = None, **members: Any
) -> requests.Response:
    """Send a rating to the current API, of a new image unless told otherwise."""
    document = {'md5sum': uuid.uuid4().hex, 'rating': '3.05', 'scale': 'v2'} | members
    return requests.post(
        f'{service.root}/api/v2/ratings',
        json=document,
        headers={'Authorization': TOKEN} | (headers or {}),
        timeout=30,
    )


def rated(service: LiveService, **members: Any) -> dict[str, Any]:
    """Send a rating that is taken, and give the answer."""
    answer = rate(service, **members)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def correct(
    service: LiveService, earlier: dict[str, Any], *, receipt: str | None = None, **members: Any
) -> requests.Response:
    """Correct a rating, by its own receipt unless told otherwise."""
    return requests.patch(
        f'{service.root}/api/v2/ratings/{earlier["id"]}',
        json=members,
        headers={'Receipt': earlier['receipt'] if receipt is None else receipt},
        timeout=30,
    )


def post_v1(service: LiveService, token: str = TOKEN, **members: Any) -> str:
    """Send a rating as released MRIQC's reports do; give its id."""
    document = {'md5sum': 'unspecified', 'rating': '2.55', 'name': '', 'comment': '[]'} | members
    answer = requests.post(
        f'{service.root}/api/v1/rating',
        json=document,
        headers={'Authorization': token},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()['_id'])


def get(service: LiveService, path: str, **asked: Any) -> Any:
    """Ask the current API and give its JSON."""
    answer = requests.get(f'{service.root}/api/v2/{path}', params=asked, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def make_token(service: LiveService, *scopes: str) -> str:
    """Store a new token and give its text."""
    with Store.open(service.database) as store, store.write() as tx:
        return tokens.create(tx, name=uuid.uuid4().hex, scopes=scopes)
