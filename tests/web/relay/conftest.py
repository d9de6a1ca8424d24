"""An archive to pass records on to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mriqc_webapi.store import tokens
from mriqc_webapi.store.engine import Store
from tests.live import LiveService

RELAY_TOKEN = 'of-the-relay'


@pytest.fixture(scope='session')
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A running archive that takes records from a relay; it fills as tests go on."""
    live = LiveService(tmp_path_factory.mktemp('upstream'))
    admit_relay(live)
    with live:
        yield live


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The relay's own folder."""
    return tmp_path / 'relay'


def admit_relay(live: LiveService) -> None:
    """Store a token with which ids and dates are kept."""
    with Store.open(live.database) as store, store.write() as tx:
        scopes = ('submit', 'rate', 'relay')
        tokens.create(tx, name='relay', scopes=scopes, text=RELAY_TOKEN)
