import pytest

from mriqc_webapi.cli.demo import DEMO_DATA, load_demo
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store import records
from mriqc_webapi.store.engine import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(f'sqlite:///{tmp_path / "store.sqlite"}') as store:
        yield store


@pytest.fixture(scope='module')
def catalogue():
    return load_catalogue()


def counts(store):
    with store.read() as tx:
        return records.counts(tx)


def test_an_empty_archive_is_filled_with_every_bundled_record(store, catalogue):
    n_added = load_demo(store, catalogue)
    assert counts(store) == {'T1w': 200, 'T2w': 200, 'bold': 200, 'rating': 187}
    assert n_added == 787


def test_an_archive_that_holds_records_stays_as_it_is(store, catalogue):
    load_demo(store, catalogue)
    assert load_demo(store, catalogue) == 0
    assert counts(store)['T1w'] == 200


def test_every_rating_is_of_a_bundled_image(store, catalogue):
    load_demo(store, catalogue)
    with store.read() as tx:
        found = records.changes(tx, after=0, limit=1000)
    images = {change.md5sum for change in found if change.resource != 'rating'}
    assert {change.md5sum for change in found if change.resource == 'rating'} <= images


def test_the_bundle_is_small():
    assert sum(file.stat().st_size for file in DEMO_DATA.iterdir()) < 400_000
