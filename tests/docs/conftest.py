"""A service with the demo's records."""

from collections.abc import Iterator

import pytest

from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store
from tests.live import LiveService


@pytest.fixture(scope='session')
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service with the demo's records; no test changes it."""
    live = LiveService(tmp_path_factory.mktemp('demo'))
    with Store.open(live.database) as store:
        load_demo(store, load_catalogue())
    with live:
        yield live


@pytest.fixture
def own_folders(tmp_path, monkeypatch):
    """Keep what clients keep in the test's folder, and work there."""
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    for name in ('CACHE', 'STATE', 'DATA', 'CONFIG'):
        monkeypatch.setenv(f'XDG_{name}_HOME', str(tmp_path / 'home' / name))
    monkeypatch.chdir(tmp_path)
    return tmp_path
