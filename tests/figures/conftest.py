"""An archive with the demo's records, asked as figures ask."""

from collections.abc import Iterator

import pytest

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.ratings.desk import RatingDesk
from mriqc_webapi.archive.statistics.frame import Statistics
from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.cli.waiting import wait_for
from mriqc_webapi.figures.registry import Put
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store import records, schema
from mriqc_webapi.store.engine import Store
from mriqc_webapi.web.answering import answering


@pytest.fixture(scope='session')
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the demo's records."""
    url = f'sqlite:///{tmp_path_factory.mktemp("store") / "store.sqlite"}'
    schema.upgrade(url)
    with Store.open(url) as store:
        load_demo(store, load_catalogue())
        yield store


@pytest.fixture(scope='session')
def put(tmp_path_factory: pytest.TempPathFactory, demo_store: Store) -> Iterator[Put]:
    """What answers the questions of figures about real records."""
    catalogue = load_catalogue()
    folder = tmp_path_factory.mktemp('archive')
    with Archive.open(folder, catalogue=catalogue, store=demo_store) as archive:
        wait_for(archive)
        yield answering(
            Statistics(archive, timeout_s=60), RatingDesk(archive, patience_s=60), catalogue
        )


@pytest.fixture(scope='session')
def first_id(demo_store: Store) -> str:
    """The id of a real T1w record."""
    with demo_store.read() as tx:
        [found] = records.page(tx, resource='T1w', offset=0, limit=1)
    return found.id
