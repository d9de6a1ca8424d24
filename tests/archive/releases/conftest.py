"""The demo's records in an archive of the test's own, and a release of them to look at."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.releases.create import create_release
from mriqc_webapi.archive.releases.manifest import Manifest
from mriqc_webapi.archive.releases.shelf import Shelf
from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.errors import ArchiveNotReadyError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.record import make_record
from mriqc_webapi.store.withdrawal import withdraw
from mriqc_webapi.submissions.submission import Submission


@dataclass
class Curator:
    """Who keeps an archive and makes its releases."""

    folder: Path
    catalogue: Catalogue = field(default_factory=load_catalogue)

    def __post_init__(self) -> None:
        self.store = Store.open(f'sqlite:///{self.folder / "store.sqlite"}')
        self.archive = Archive.open(self.folder, catalogue=self.catalogue, store=self.store)
        self.shelf = Shelf.within(self.folder)
        self._wait()

    def create(self, **given: Any) -> Path:
        """Make a release and give its folder."""
        made = create_release(self.archive, self.shelf, catalogue=self.catalogue, **given)
        return self.shelf.path(made.number)

    def create_patiently(self) -> Path:
        """Make one as soon as duplicates are told apart by a new policy."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                return self.create()
            except ArchiveNotReadyError:
                time.sleep(0.02)
        raise AssertionError('duplicates were not told apart')

    def put(self, document: dict[str, Any], resource: str = 'T1w') -> str:
        """Store a record and give its id."""
        submission = Submission(resource=resource, document=document)
        record = make_record(submission, resource=self.catalogue[resource], now=1_800_000_000)
        with self.store.write() as tx:
            return insert_batch(tx, [record])[0].id

    def take_back(self, record_id: str) -> None:
        """Withdraw a record."""
        with self.store.write() as tx:
            withdraw(tx, id=record_id, rule='test', now=1_800_000_000)

    def close(self) -> None:
        """Let go of the files."""
        self.archive.close()
        self.store.close()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                return self.archive.require_ready()
            except ArchiveNotReadyError:
                time.sleep(0.02)
        raise AssertionError('the copy was not made')


@pytest.fixture(scope='session')
def demo_store(tmp_path_factory) -> Path:
    """A store's file with the demo's records."""
    path = tmp_path_factory.mktemp('demo') / 'store.sqlite'
    with Store.open(f'sqlite:///{path}') as store:
        load_demo(store, load_catalogue())
    return path


@pytest.fixture
def curator(demo_store, tmp_path) -> Iterator[Curator]:
    """An archive with the demo's records, which the test may change."""
    shutil.copy(demo_store, tmp_path / 'store.sqlite')
    found = Curator(tmp_path)
    yield found
    found.close()


@pytest.fixture(scope='session')
def released(demo_store, tmp_path_factory) -> Path:
    """A release of the demo's records, which no test changes."""
    folder = tmp_path_factory.mktemp('released')
    shutil.copy(demo_store, folder / 'store.sqlite')
    curator = Curator(folder)
    path = curator.create(notes='The *first* one.')
    curator.close()
    return path


@pytest.fixture(scope='session')
def manifest(released) -> Manifest:
    """What that release says of itself."""
    return Manifest.read(released)


@pytest.fixture
def copied(released, tmp_path) -> Callable[[], Path]:
    """Give a copy of that release, to be damaged."""

    def copied() -> Path:
        return Path(shutil.copytree(released, tmp_path / 'copy' / released.name))

    return copied
