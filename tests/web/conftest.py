"""A service with something to look at."""

from collections.abc import Iterator

import pytest

from tests.live import LiveService


@pytest.fixture(scope='session')
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service with the demo's records, to which nothing is added."""
    with LiveService(tmp_path_factory.mktemp('demo'), demo=1) as live:
        yield live
