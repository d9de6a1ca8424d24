"""Studies, and sessions on them: in this process over real HTTP, or in a browser."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser

from mriqc_webapi.reports.folder import find_reports
from mriqc_webapi.reports.session.delivery import Delivery
from mriqc_webapi.reports.session.ledger import Ledger
from mriqc_webapi.reports.session.review import Review, open_review
from mriqc_webapi.reports.session.running import SessionServer
from tests.reports.session.rater import Rater
from tests.reports.session.study import make_study


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Six reports."""
    return make_study(tmp_path / 'study', 6)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty file of ratings."""
    with Ledger.open(tmp_path / 'ratings.sqlite') as opened:
        yield opened


@dataclass(frozen=True)
class Served:
    """A session that is served by this process."""

    review: Review
    server: SessionServer
    http: requests.Session

    @property
    def address(self) -> str:
        """Where the session is, without a slash at its end."""
        return self.server.addresses.session.rstrip('/')

    @property
    def origin(self) -> str:
        """The session's origin."""
        return self.address.rpartition('/')[0]

    def post(self, path: str, document: Any, **headers: str) -> requests.Response:
        """Send JSON as the session's page does."""
        return self.http.post(
            f'{self.address}/{path}', json=document, headers={'Origin': self.origin} | headers
        )

    def rate(self, position: int, rating: str, **more: Any) -> str:
        """Rate a report; return the rating's id."""
        document = {'id': str(uuid.uuid4()), 'rating': rating} | more
        answer = self.post(f'reports/{position}/rating', document)
        assert answer.status_code == 201, answer.text
        return str(answer.json()['id'])


Serve = Callable[..., Served]


@pytest.fixture
def serve(study: Path, ledger: Ledger) -> Iterator[Serve]:
    """Serve a session of the study; the keywords are its options."""
    with ExitStack() as stack:

        def serve(
            *, folder: Path = study, rater: str = 'ada', anew: bool = False, **options: Any
        ) -> Served:
            review = open_review(
                folder,
                ledger,
                rater=rater,
                found=find_reports(folder),
                options=options,
                anew=anew,
            )
            delivery = Delivery(ledger, review.id, url=None, token='')
            server = SessionServer(review, delivery)
            thread = server.run_in_thread()
            stack.callback(thread.join, 30)
            stack.callback(server.stop)
            return Served(review, server, stack.enter_context(requests.Session()))

        yield serve


@pytest.fixture
def rater(browser: Browser) -> Iterator[Rater]:
    """Somebody at a browser, with a keyboard and no mouse."""
    context = browser.new_context(viewport={'width': 1280, 'height': 800})
    yield Rater(context.new_page())
    context.close()
