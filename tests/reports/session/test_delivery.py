"""Ratings on their way from a session to a real service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from mriqc_webapi.reports.session.delivery import Delivery
from mriqc_webapi.reports.session.ledger import Ledger
from mriqc_webapi.reports.session.review import Review
from tests.live import TOKEN, LiveService
from tests.reports.session.conftest import Serve
from tests.reports.session.rater import Rater
from tests.reports.session.running import LiveSession

NOWHERE = 'http://127.0.0.1:9'


@dataclass(frozen=True)
class Sender:
    """A session whose ratings go to a service."""

    review: Review
    ledger: Ledger

    def send(self, root: str, token: str = TOKEN) -> Delivery:
        """Send what waits, once."""
        delivery = Delivery(self.ledger, self.review.id, url=root, token=token)
        delivery.send_now()
        return delivery


def history(service: LiveService, review: Review, position: int) -> list[dict]:
    """Ask the service for what it has of an image, newest first, and of this session alone."""
    md5sum = review.image(position).md5sum
    answer = requests.get(f'{service.root}/api/v2/scans/{md5sum}/ratings', timeout=30).json()
    every = [*answer['ratings'], *answer['history']]
    return [r for r in every if r['session'] == review.id]


def test_a_rating_arrives_with_all_that_was_said_and_no_names_of_files(
    serve: Serve, ledger: Ledger, service: LiveService
) -> None:
    served = serve()
    served.rate(0, '2.45', artifacts=['inu'], confidence=3, time_s=12.5, comment='dim')
    delivery = Sender(served.review, ledger).send(service.root)
    assert (delivery.status().n_sent, delivery.status().problem) == (1, None)
    (stored,) = history(service, served.review, 0)
    assert (stored['score'], stored['grade'], stored['scale']) == (2.45, 'poor', 'v2')
    assert (stored['artifacts'], stored['confidence']) == (['inu'], 3)
    assert (stored['comment'], stored['rater'], stored['modality']) == ('dim', 'ada', 'T1w')
    assert 'sub-01' not in json.dumps(stored)


def test_sending_twice_is_sending_once(serve: Serve, ledger: Ledger, service: LiveService) -> None:
    served = serve()
    served.rate(1, '3.00')
    sender = Sender(served.review, ledger)
    sender.send(service.root)
    ledger._connection.execute('DELETE FROM answer')  # as if killed before it was noted
    sender.send(service.root)
    assert len(history(service, served.review, 1)) == 1


def test_corrections_and_what_comes_after_an_undo_amend_what_was_sent(
    serve: Serve, ledger: Ledger, service: LiveService
) -> None:
    served = serve()
    sender = Sender(served.review, ledger)
    for grade in ('4.00', '3.00', '1.00'):
        served.rate(2, grade, comment=grade)
        sender.send(service.root)
    served.post('undo', {})
    served.rate(2, '2.00')
    assert sender.send(service.root).status().problem is None
    stored = history(service, served.review, 2)
    assert [r['score'] for r in stored] == [2.0, 1.0, 3.0, 4.0]
    md5sum = served.review.image(2).md5sum
    answer = requests.get(f'{service.root}/api/v2/scans/{md5sum}/ratings', timeout=30).json()
    mine = [r for r in answer['ratings'] if r['session'] == served.review.id]
    assert [(r['score'], r['comment']) for r in mine] == [(2.0, '')]


def test_a_correction_whose_receipt_is_refused_holds_nothing_else_up(
    serve: Serve, ledger: Ledger, service: LiveService
) -> None:
    served = serve()
    sender = Sender(served.review, ledger)
    served.rate(0, '4.00')
    sender.send(service.root)
    ledger._connection.execute("UPDATE answer SET receipt = 'mrq_of another service'")
    served.rate(0, '1.00')
    served.rate(1, '3.00')
    status = sender.send(service.root).status()
    assert (status.n_sent, status.n_waiting, status.n_refused) == (2, 0, 1)
    assert 'answered 403' in (status.problem or '')


def test_a_rating_of_an_unknown_image_stays_and_is_counted_as_such(
    serve: Serve, ledger: Ledger, study: Path, service: LiveService
) -> None:
    (study / 'sub-01/anat/sub-01_T1w.json').unlink()
    served = serve()
    served.rate(0, '3.00')
    status = Sender(served.review, ledger).send(service.root).status()
    assert (status.n_sent, status.n_waiting, status.n_unlinked) == (0, 0, 1)


@pytest.mark.parametrize(
    ('root', 'token', 'words'),
    [
        ('{root}', 'wrong', 'start again with a --token that may rate'),
        ('{root}/api/v1', TOKEN, 'give --url the address of the service itself'),
        (NOWHERE, TOKEN, 'cannot be reached'),
        ('nonsense', TOKEN, 'nonsense'),
    ],
)
def test_what_hinders_is_said_with_what_to_do(
    serve: Serve, ledger: Ledger, service: LiveService, root: str, token: str, words: str
) -> None:
    served = serve()
    served.rate(0, '3.00')
    sender = Sender(served.review, ledger)
    address = root.format(root=service.root)
    delivery = Delivery(ledger, served.review.id, url=address, token=token)
    assert words in (delivery.send_now() or '')
    assert delivery.status().n_waiting == 1
    assert sender.send(service.root).status().n_sent == 1


@pytest.fixture
def away(study: Path) -> Iterator[LiveSession]:
    """A session whose service cannot be reached."""
    session = LiveSession(study, '--rater', 'ada', '--url', NOWHERE, '--token', TOKEN)
    with session:
        yield session


def test_the_page_says_that_ratings_wait(away: LiveSession, rater: Rater) -> None:
    rater.open(away.address).rate('3')
    rater.expect('delivery', '1 waiting')


def test_what_was_rated_offline_is_sent_when_the_service_is_back(
    study: Path, rater: Rater, service: LiveService
) -> None:
    options = ('--rater', 'ada', '--url', service.root, '--token', TOKEN)
    with LiveSession(study, *options, '--offline') as offline:
        rater.open(offline.address).rate('1').rate('2')
        rater.expect('delivery', '2 waiting; offline')
    with LiveSession(study, *options) as session:
        rater.open(session.address).rate('3')
        rater.expect('delivery', '^2 sent to .*, 1 waiting')  # the newest may still be undone
    with Ledger.open(study / '.mriqc-webapi/ratings.sqlite') as ledger:
        answers = ledger.answers(url=service.root)
    assert len(answers) == 3  # the last went out at the end
    assert all(a.receipt for a in answers.values())


def test_ratings_are_sent_while_the_session_goes_on(
    study: Path, rater: Rater, service: LiveService
) -> None:
    options = ('--rater', 'ada', '--url', service.root, '--token', TOKEN)
    with LiveSession(study, *options) as session:
        rater.open(session.address).rate('3').expect('delivery', '1 sent')
