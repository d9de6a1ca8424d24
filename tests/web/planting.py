"""A service in which private things are planted wherever a client could put them."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import requests

from mriqc_webapi.store import tokens
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.receipts import Secrets
from tests.live import TOKEN, LiveService
from tests.web.asking import payload

RESOURCES = ('T1w', 'T2w', 'bold')
MEMBERS = ('Email', 'PatientName', 'PatientID', 'PatientBirthDate', 'api_key', 'password')
CONTROL = f'zqcontrol{uuid.uuid4().hex[:12]}'  # of the version: published on purpose, everywhere
SEEN = f'zqseen{uuid.uuid4().hex[:12]}'  # of what people write: published on purpose


@dataclass
class Planted:
    """What was planted and where it went."""

    live: LiveService
    secrets: dict[str, str] = field(default_factory=dict)  # text → where it was planted
    ids: dict[str, list[str]] = field(default_factory=dict)
    md5sums: list[str] = field(default_factory=list)
    withdrawn: str = ''

    def plant(self, where: str) -> str:
        """Give a new text that nobody may read."""
        text = f'zq{uuid.uuid4().hex}'
        self.secrets[text] = where
        return text

    def address(self, where: str) -> str:
        """Give a new e-mail address that nobody may read."""
        return f'{self.plant(where)}@example.org'

    def found_in(self, text: str, *, besides: str = '') -> list[str]:
        """Name the places of those planted texts that are found; ``besides`` one that may be."""
        lower = text.lower()
        return [w for s, w in self.secrets.items() if s.lower() in lower and s not in besides]


def plant_everywhere(live: LiveService) -> Planted:
    """Send records and ratings by both interfaces, correct, contact and withdraw."""
    planted = Planted(live)
    _plant_store_secrets(planted)
    token = planted.plant('token')
    with Store.open(live.database) as store, store.write() as tx:
        tokens.create(tx, name='planted', scopes=('submit', 'rate'), text=token)
    for resource in RESOURCES:
        for _ in range(2):
            _send_v1(planted, resource, token)
            _send_v2(planted, resource, token)
    for _ in range(2):
        _rate(planted, token)
    return planted


def dirty(planted: Planted, resource: str, way: str) -> dict[str, Any]:
    """Give a document with something private in every place that there is."""
    place = f'{way} {resource}'
    document = payload(resource, version=CONTROL, email=planted.address(f'{place} provenance'))
    document['provenance']['settings'] = document['provenance'].get('settings', {}) | {
        'report_to': f'mail {planted.address(f"{place} settings")}, please'
    }
    for member in MEMBERS:
        document['bids_meta'][member] = planted.plant(f'{place} bids_meta.{member}')
    nested = {member: planted.plant(f'{place} nested {member}') for member in MEMBERS}
    document['bids_meta']['zq_list'] = [{'deep': [nested, planted.address(f'{place} list')]}]
    document['bids_meta']['ImageComments'] = f'ask {planted.address(f"{place} comment")} or {SEEN}'
    document['zq_unknown'] = planted.address(f'{place} unknown field')
    document['zq_nested'] = {'note': SEEN, planted.address(f'{place} name of a member'): 1}
    document['zq_escaped'] = planted.plant(f'{place} escaped') + '%40example.org'
    document['zq_wide'] = planted.plant(f'{place} wide') + '＠example.org'
    document['subject_email'] = planted.plant(f'{place} subject_email')
    document['authorization'] = planted.plant(f'{place} authorization')
    planted.md5sums.append(document['provenance']['md5sum'])
    return document


def _plant_store_secrets(planted: Planted) -> None:
    with Store.open(planted.live.database) as store, store.read() as tx:
        secrets = Secrets.read(tx)
    for name in ('receipt', 'pseudonym', 'network'):
        planted.secrets[getattr(secrets, name)] = f'the secret for {name}'


def _send_v1(planted: Planted, resource: str, token: str) -> None:
    answer = requests.post(
        f'{planted.live.root}/api/v1/{resource}',
        json=dirty(planted, resource, 'v1'),
        headers={'Authorization': token},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    planted.ids.setdefault(resource, []).append(answer.json()['_id'])
    _check(planted, answer)


def _send_v2(planted: Planted, resource: str, token: str) -> None:
    documents = [dirty(planted, resource, 'v2') for _ in range(2)]
    answer = requests.post(
        f'{planted.live.root}/api/v2/{resource}/records',
        json=documents,
        headers={'Authorization': token, 'Idempotency-Key': planted.plant('key')},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    _check(planted, answer)
    kept, gone = answer.json()['results']
    planted.ids.setdefault(resource, []).append(kept['id'])
    for result in (kept, gone):
        planted.secrets[result['receipt']] = f'receipt of {resource}'
    _post(
        planted,
        'receipts/contact',
        {'id': kept['id'], 'receipt': kept['receipt'], 'email': planted.address('contact')},
    )
    _post(planted, 'withdrawals', {'id': gone['id'], 'receipt': gone['receipt']})
    planted.withdrawn = gone['id']
    planted.md5sums.remove(documents[1]['provenance']['md5sum'])


def _rate(planted: Planted, token: str) -> None:
    address = planted.address('name of a rater')
    document = {
        'md5sum': planted.md5sums[0],
        'rating': '3.05',
        'scale': 'v2',
        'version': CONTROL,
        'name': f'Jane <{address}>',
        'comment': f'{SEEN}, write to {planted.address("comment")}',
        'zq_unknown': {'email': planted.plant('unknown field of a rating'), 'more': SEEN},
    }
    headers = {'Authorization': token, 'Idempotency-Key': planted.plant('key of a rating')}
    url = f'{planted.live.root}/api/v2/ratings'
    answer = requests.post(url, json=document, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    _check(planted, answer)
    told = answer.json()
    planted.secrets[told['receipt']] = 'receipt of a rating'
    correction = {'comment': f'{SEEN}, or to {planted.address("corrected comment")}'}
    headers = {'Receipt': told['receipt'], 'Idempotency-Key': planted.plant('key of a correction')}
    corrected = requests.patch(f'{url}/{told["id"]}', json=correction, headers=headers, timeout=60)
    assert corrected.status_code == 201, corrected.text
    planted.ids.setdefault('rating', []).append(told['id'])
    old = {
        'md5sum': planted.md5sums[1],
        'rating': '2',
        'name': planted.address('v1 name'),
        'comment': planted.address('v1 comment'),
    }
    for headers in ({'Authorization': token}, {'Authorization': TOKEN}):
        answer = requests.post(
            f'{planted.live.root}/api/v1/rating', json=old, headers=headers, timeout=60
        )
        assert answer.status_code == 201, answer.text
        _check(planted, answer)


def _post(planted: Planted, path: str, body: dict[str, Any]) -> None:
    answer = requests.post(f'{planted.live.root}/api/v2/{path}', json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    _check(planted, answer)


def _check(planted: Planted, answer: requests.Response) -> None:
    """An upload's own answer shows nothing that was split off either."""
    leaked = planted.found_in(answer.text)
    assert not leaked, (answer.url, leaked)
