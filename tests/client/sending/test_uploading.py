"""What a record is answered with by services of other versions, and by what is none."""

import json
import time

import pytest

from mriqc_webapi.client import submit
from tests.answering import Answer, AnsweringServer
from tests.live import TOKEN

EVE_404 = {'_status': 'ERR', '_error': {'code': 404, 'message': 'The requested URL ...'}}
INDEX = {'_links': {'child': [{'href': 'T1w', 'title': 'T1w'}]}}


class OldService:
    """A service that has v1 alone, and Eve's words."""

    def __init__(self) -> None:
        self.items: dict[str, dict] = {}
        self.resources = {'T1w'}

    def __call__(self, asked):
        if asked.path == '/api/v1':
            return Answer(200, INDEX)
        resource = asked.path.removeprefix('/api/v1/')
        if resource not in self.resources:
            return Answer(404, EVE_404)
        document = asked.document
        if document['_id'] in self.items:
            return Answer(409, {'_status': 'ERR', '_error': {'code': 409, 'message': 'taken'}})
        self.items[document['_id']] = document
        return Answer(201, {'_status': 'OK', '_id': document['_id']})


@pytest.fixture
def send(make):
    """Send a new record to a server that answers like this."""

    def send(answer, *documents, **more):
        with AnsweringServer(answer) as server:
            summary = submit(
                list(documents) or [make()], url=server.root, token=TOKEN, patience_s=0, **more
            )
        return summary, server.asked

    return send


def test_a_service_without_the_current_interface_gets_it_by_the_older_one(send, make):
    old = OldService()
    summary, _ = send(old, make(bids_meta={'run_id': 1}))
    assert (summary.n_sent, summary.is_complete) == (1, True)
    ((id_, item),) = old.items.items()
    assert len(id_) == 24
    assert item['bids_meta']['run_id'] == '1'
    assert summary.receipts[0].receipt is None


def test_there_too_a_repeated_record_is_one(send, make, tmp_path):
    old, document = OldService(), make()
    send(old, document, spool=tmp_path / 'one')
    (tmp_path / 'state' / 'mriqc-webapi' / '.mriqc-webapi' / 'receipts.json').unlink()
    summary, _ = send(old, document, spool=tmp_path / 'other')
    assert (summary.n_present, len(old.items)) == (1, 1)


def test_the_current_interface_is_looked_for_once(send, make):
    _, asked = send(OldService(), make(), make(), make(), n_workers=1)
    assert sum(one.path.startswith('/api/v2') for one in asked) == 1


def test_a_resource_that_an_older_service_does_not_have_is_refused_alone(send, make):
    summary, _ = send(OldService(), make('bold'), make())
    assert (summary.n_sent, summary.n_refused) == (1, 1)
    assert summary.refusals[0].reason.endswith('takes no records of bold')


def test_what_is_no_service_at_all_is_told(send):
    summary, _ = send(lambda asked: Answer(404, 'not here'))
    assert summary.n_spooled == 1
    assert 'is no MRIQC Web-API: give --url the address of one' in summary.problem


def test_a_login_page_is_told(send):
    summary, _ = send(lambda asked: Answer(200, '<h1>Log in</h1>'))
    assert (summary.n_sent, summary.n_spooled) == (0, 1)
    assert 'login page' in summary.problem


@pytest.mark.parametrize('status', [301, 302, 307, 308])
def test_a_service_that_has_moved_is_told_and_the_token_is_not_taken_there(send, status):
    moved = Answer(status, '', {'Location': 'https://new.example/api/v2/T1w/records'})
    summary, asked = send(lambda _: moved)
    assert summary.n_spooled == 1
    assert 'moved to https://new.example' in summary.problem
    assert len(asked) == 1


def test_a_refusal_is_kept_with_its_reason_and_not_repeated(send, make):
    problem = {'code': 'invalid-document', 'detail': 'x', 'issues': {'cjv': 'too large'}}
    document = make()
    with AnsweringServer(lambda _: Answer(422, problem)) as server:
        first = submit([document], url=server.root)
        again = submit([document], url=server.root)
        n_asked = len(server.asked)
        submit([document], url=server.root, retries_refused=True)
        assert len(server.asked) == n_asked + 1 == 2
    assert [r.reason for r in first.refusals] == ['cjv: too large']
    assert [r.reason for r in again.refusals] == ['refused before: cjv: too large']


def test_a_withdrawn_record_is_told_in_the_services_words(send):
    problem = {'code': 'withdrawn', 'detail': 'this record was withdrawn'}
    summary, _ = send(lambda _: Answer(409, problem))
    assert summary.refusals[0].reason == 'this record was withdrawn'


def test_a_wish_to_wait_beyond_all_patience_ends_the_run(send):
    summary, asked = send(lambda _: Answer(429, 'slowly', {'Retry-After': '3600'}))
    assert (summary.n_spooled, len(asked)) == (1, 1)


def test_a_wish_to_wait_is_kept_to(send, make):
    answers = iter([Answer(503, '', {'Retry-After': '2'})])
    created = {'results': [{'id': '5f' * 12, 'receipt': 'mrq_1', 'status': 'created'}]}
    slept = []

    class Clock:
        at = 0.0

        def now(self):
            return self.at

        def sleep(self, seconds):
            slept.append(seconds)
            self.at += seconds

    with AnsweringServer(lambda _: next(answers, Answer(201, created))) as server:
        summary = submit([make()], url=server.root, patience_s=60, clock=Clock(), n_workers=1)
    assert summary.n_sent == 1
    assert sum(slept) == pytest.approx(2.0)


def test_a_service_that_says_nothing_is_asked_again(make):
    answers = iter([1.0])
    created = {'results': [{'id': '5f' * 12, 'receipt': 'mrq_1', 'status': 'created'}]}

    def answer(_):
        time.sleep(next(answers, 0.0))
        return Answer(201, created)

    with AnsweringServer(answer) as server:
        summary = submit([make()], url=server.root, timeout_s=0.2)
        assert (summary.n_sent, len(server.asked)) == (1, 2)


def test_an_answer_that_is_not_understood_leaves_the_record_for_later(send):
    answers = iter([Answer(201, '{"results": [{"id"')])
    summary, _ = send(lambda _: next(answers))
    assert (summary.n_spooled, summary.n_sent) == (1, 0)
    assert 'not understood' in summary.problem


def test_each_request_carries_the_key_of_its_content_and_the_token(send, make):
    document = make()
    created = {'results': [{'id': '5f' * 12, 'receipt': 'mrq_1', 'status': 'created'}]}
    _, (asked,) = send(lambda _: Answer(201, created), document)
    assert len(asked.headers['idempotency-key']) == 64
    assert asked.headers['authorization'] == TOKEN
    assert asked.headers['user-agent'].startswith('mriqc-webapi/')
    assert json.loads(asked.body)['cjv'] == document['cjv']
