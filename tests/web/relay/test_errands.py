"""What a relay makes of an archive's answers; the answers are given by hand."""

import json
from collections.abc import Iterable

from mriqc_webapi.client.sending.uploading import Later, Refused, Sent, Target
from mriqc_webapi.client.steps import Ask, LostError, Reply
from mriqc_webapi.store.passing import Due
from mriqc_webapi.web.relay.errands import bring, take_back

ID = '6b02fa4b99a31ddc62417386'
DOCUMENT = {'cjv': 0.4, 'provenance': {'md5sum': 'a'}, '_id': ID, '_created': 'a date'}
CONTENT = json.dumps(DOCUMENT).encode()
GONE = Due(1, ID, 'T1w', 'leaving', 0, 'mrq_1', None)
DUE = Due(1, ID, 'T1w', 'pending', 0, None, '{}')
NO_V2 = Reply(status=404, content=b'not here')
TAKEN_V1 = Reply(status=422, content=b'{"_issues":{"_id":"value is not unique"}}')
TAKEN_V2 = Reply(status=409, content=b'{"code":"duplicate-id","detail":"is there already"}')


def play(steps, replies: Iterable[Reply | Exception]) -> tuple[object, list[Ask]]:
    asked: list[Ask] = []
    left = iter(replies)
    try:
        asked.append(next(steps))
        while True:
            reply = next(left)
            step = steps.throw(reply) if isinstance(reply, Exception) else steps.send(reply)
            asked.append(step)
    except StopIteration as end:
        return end.value, asked


def held(document: dict) -> Reply:
    return Reply(status=200, content=json.dumps(document | {'_etag': 'x'}).encode())


def test_an_archive_without_the_current_interface_gets_no_date():
    created = Reply(status=201, content=json.dumps({'_id': ID}).encode())
    target = Target('http://there')
    refused = Reply(status=422, content=b'{"_issues":{"_created":"unknown field"}}')
    outcome, asked = play(bring(DUE, CONTENT, target), [NO_V2, refused, created])
    assert outcome == Sent(ID, None, was_there=False)
    assert [ask.url for ask in asked][1:] == ['http://there/api/v1/T1w'] * 2
    assert json.loads(asked[-1].content).keys() == {'cjv', 'provenance', '_id'}


def test_there_the_image_tells_whether_the_record_has_arrived_before():
    target = Target('http://there')
    target.speaks_v2 = False
    steps = bring(DUE, CONTENT, target)
    outcome, _ = play(steps, [TAKEN_V1, held(DOCUMENT | {'cjv': '0.4'})])
    assert outcome == Sent(ID, None, was_there=True)


def test_a_taken_id_with_the_same_content_is_the_record_itself():
    outcome, _ = play(bring(DUE, CONTENT, Target('http://there')), [TAKEN_V2, held(DOCUMENT)])
    assert outcome == Sent(ID, None, was_there=True)


def test_a_taken_id_with_other_content_is_a_refusal():
    other = held(DOCUMENT | {'cjv': 0.5})
    outcome, _ = play(bring(DUE, CONTENT, Target('http://there')), [TAKEN_V2, other])
    assert isinstance(outcome, Refused)


def test_a_connection_lost_while_comparing_is_tried_later():
    lost = LostError('gone', has_begun=False)
    outcome, _ = play(bring(DUE, CONTENT, Target('http://there')), [TAKEN_V2, lost])
    assert isinstance(outcome, Later)


def test_taking_back_what_is_not_there_any_more_is_done():
    outcome, (ask,) = play(take_back(GONE, Target('http://there')), [Reply(status=404)])
    assert isinstance(outcome, Sent)
    assert (ask.method, ask.headers) == ('DELETE', {'Receipt': 'mrq_1'})


def test_what_the_archive_does_not_take_back_is_told_with_its_reason():
    stays = Reply(status=409, content=b'{"detail":"its image is public"}')
    outcome, _ = play(take_back(GONE, Target('http://there')), [stays])
    assert isinstance(outcome, Refused)
    assert 'its image is public' in outcome.reason


def test_without_a_receipt_nothing_can_be_taken_back():
    outcome, asked = play(take_back(GONE._replace(receipt=None), Target('http://there')), [])
    assert isinstance(outcome, Refused)
    assert asked == []
