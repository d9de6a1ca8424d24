"""Whatever comes: it is accepted or refused, and what is accepted can be stored."""

import json

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mriqc_webapi.errors import InvalidDocumentError, SubmissionError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.parse import parse_json

KNOWN = [
    'cjv',
    'size_x',
    'bids_meta',
    'provenance',
    'settings',
    'md5sum',
    'software',
    'version',
    'email',
    'modality',
    'EchoTime',
    'FlipAngle',
    'run_id',
    'task_id',
    'rating',
    'comment',
    'inputs',
    '_id',
    '_created',
    '_links',
    'snr_cc_shell1_best',
]
texts = st.text(st.characters(codec='utf-8'), max_size=6)
names = st.sampled_from(KNOWN) | texts | st.builds('{}.{}'.format, texts, st.sampled_from(KNOWN))
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(KNOWN)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_storable(submission):
    text = json.dumps(submission.document, allow_nan=False)
    assert orjson.loads(text) == submission.document
    json.dumps(submission.private, allow_nan=False)
    assert not any(name.startswith('_') for name in submission.document)
    for name in (submission.md5sum or '', submission.software, submission.version):
        assert '\0' not in name
    for note in submission.notes:
        assert '\0' not in repr(note)
        assert len(note.example) <= 80


@pytest.mark.parametrize('resource', ['T1w', 'bold', 'dwi', 'rating', 'nipype_telemetry'])
@relaxed
@given(document=documents, keep=st.booleans())
def test_any_value_is_accepted_or_refused(checkers, resource, document, keep):
    try:
        assert_storable(checkers[resource](document, keep_identity=keep))
    except InvalidDocumentError as error:
        orjson.dumps(error.issues)


@relaxed
@given(changes=st.dictionaries(names, documents, max_size=3), data=st.data())
def test_any_change_to_a_good_record_is_accepted_or_refused(checkers, payload, changes, data):
    document = payload('T1w')
    place = data.draw(st.sampled_from(['', 'bids_meta', 'provenance']))
    (document[place] if place else document).update(changes)
    try:
        assert_storable(checkers['T1w'](document))
    except InvalidDocumentError as error:
        orjson.dumps(error.issues)


@relaxed
@given(changes=st.dictionaries(texts.filter(lambda t: '.' not in t), documents, max_size=3))
def test_what_was_accepted_is_accepted_again_unchanged(checkers, payload, changes):
    try:
        once = checkers['bold'](payload('bold') | changes)
    except SubmissionError:
        return
    again = checkers['bold'](once.document)
    assert again.document == once.document
    assert again.private == {}


@relaxed
@given(documents)
def test_json_as_python_writes_it_comes_through_parsing(document):
    assert repr(parse_json(json.dumps(document).encode(), Limits())) is not None
