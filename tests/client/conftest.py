"""A service with the demo's records, and archives that ask it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from mriqc_webapi.cli import main
from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.client import Archive, Patience
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store import withdrawal
from mriqc_webapi.store.engine import Store
from tests.live import TOKEN, LiveService

HASTY = Patience(first_s=0.01, longest_s=0.05)


def fill(live: LiveService) -> None:
    """Give a service the demo's records and a token."""
    with Store.open(live.database) as store:
        load_demo(store, load_catalogue())
    live.make_token()


ODD = (  # what has no column
    {'bids_meta.ImageType': ['ORIGINAL', 'NORM'], 'snr_total': None, 'cjv': 0.45},
    {'bids_meta.ImageType': ['DERIVED'], 'bids_meta.EchoTime': [0.01, 0.02], 'new_iqm': 7.5},
)
N_T1W = 200 + len(ODD)
N_MEASURED = 600 + len(ODD)


def post_odd(live: LiveService) -> None:
    """Post records that say more than the catalogue knows."""
    url = f'{live.root}/api/v2/T1w/records'
    [record] = requests.get(f'{url}?limit=1', timeout=30).json()['items']
    for members in ODD:
        document = {k: v for k, v in record.items() if not k.startswith('_')}
        for path, value in members.items():
            *way, last = path.split('.')
            at = document
            for name in way:
                at[name] = dict(at[name])
                at = at[name]
            at[last] = value
        headers = {'Authorization': TOKEN}
        requests.post(url, json=document, headers=headers, timeout=30).raise_for_status()


@pytest.fixture(scope='session')
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service with the demo's records, and a release of them; no test changes it."""
    live = LiveService(tmp_path_factory.mktemp('demo'))
    fill(live)
    with live:
        post_odd(live)
        main(['release', 'create', '--data-dir', str(live.data_dir)])
        yield live


@pytest.fixture
def growing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveService]:
    """A service of one test's own, with the demo's records; on SQLite unless a test says else."""
    database = None
    if getattr(request, 'param', 'sqlite') == 'postgresql':
        database = request.getfixturevalue('postgres').create()
    live = LiveService(tmp_path / 'growing', database=database)
    fill(live)
    with live:
        yield live


@pytest.fixture
def archive(demo: LiveService, tmp_path: Path) -> Iterator[Archive]:
    """The demo's service, asked by a client with an empty cache."""
    with Archive(demo.root, cache=tmp_path / 'cache', patience=HASTY) as opened:
        yield opened


@pytest.fixture
def release(demo: LiveService) -> Path:
    """The folder of the demo's release."""
    return demo.data_dir / 'releases' / '0001'


@pytest.fixture
def post() -> Callable[..., str]:
    """Add a record like another one to a service; gives its id."""

    def post(live: LiveService, record: dict, **changed: object) -> str:
        document = {k: v for k, v in record.items() if not k.startswith('_')} | changed
        answer = requests.post(
            f'{live.root}/api/v2/T1w/records',
            json=document,
            headers={'Authorization': TOKEN},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()['results'][0]['id']

    return post


@pytest.fixture
def withdraw() -> Callable[..., None]:
    """Withdraw a record from a service."""

    def withdraw(live: LiveService, id: str) -> None:
        with Store.open(live.database) as store, store.write() as tx:
            withdrawal.withdraw(tx, id=id, rule='test', now=1_800_000_000)

    return withdraw
