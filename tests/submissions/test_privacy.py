"""E-mail addresses never reach what is published, wherever a client puts them."""

import json
import time
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mriqc_webapi.submissions.privacy import (
    REMOVED,
    holds_address,
    is_private_name,
    without_addresses,
)

EMAIL = 'joe.doe@example.org'
PLACES = [
    'newer',
    'bids_meta.ProtocolName',
    'bids_meta.EchoTime',
    'bids_meta.newer',
    'bids_meta.subject_id',
    'provenance.email',
    'provenance.newer',
    'provenance.warnings',
    'provenance.settings',
    'provenance.settings.newer',
    'provenance.data_hash',
    'rating',
]

# a checker holds nothing of a document, so one may serve all examples of a test
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

names = st.text(st.characters(codec='utf-8', exclude_characters='.'), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
surroundings = st.tuples(
    st.sampled_from(['', 'Ask ', 'mailto:', '<', '("', '["', 'é ', '\t', 'a,', "'", '{']),
    st.sampled_from(['', '.', '>', '")', '"]', ' é', ';b', "'", '}', '/x?y=1']),
)
steps = st.lists(st.sampled_from(['name', 'member', 'element']), min_size=1, max_size=4)


def bury(text, path, value):
    """Put a text into a value, from the inside out."""
    buried = text
    for step in path:
        if step == 'name':
            buried = {buried: deepcopy(value)} if isinstance(buried, str) else {'n': buried}
        elif step == 'member':
            buried = {'other': deepcopy(value), 'm': buried}
        else:
            buried = [deepcopy(value), buried]
    return buried


def published(submission) -> str:
    texts = [json.dumps(submission.document, ensure_ascii=False)]
    texts += [repr(note) for note in submission.notes]
    return '\n'.join([*texts, submission.md5sum or '', submission.software, submission.version])


@relaxed
@given(st.emails(), surroundings, steps, values, st.sampled_from(PLACES))
def test_no_buried_address_is_published(accept, email, around, path, value, place):
    submission = accept('T1w', {place: bury(around[0] + email + around[1], path, value)})
    assert email not in published(submission)
    assert submission.private
    assert all(n.example == '' for n in submission.notes if n.kind == 'private')
    assert 'private' in {n.kind for n in submission.notes}


@relaxed
@given(st.emails(), surroundings, st.sampled_from(PLACES))
def test_no_plain_address_is_published_and_none_is_lost(accept, email, around, place):
    text = around[0] + email + around[1]
    submission = accept('T1w', {place: text})
    assert email not in published(submission)
    assert submission.private == {place: text}


@relaxed
@given(st.emails(), surroundings, st.sampled_from(['name', 'comment', 'rating', 'newer']))
def test_no_rater_is_published_by_address(checkers, email, around, field):
    document = {'rating': '3.05', 'md5sum': 'x', field: around[0] + email + around[1]}
    assert email not in published(checkers['rating'](document))


@relaxed
@given(st.emails(), surroundings, st.sampled_from(['', 'bids_meta', 'provenance']))
def test_an_address_as_a_name_is_hidden_with_its_value(checkers, payload, email, around, place):
    document = payload('T1w')
    name = around[0] + email + around[1]
    (document[place] if place else document)[name] = {'joe.doe': 1}
    submission = checkers['T1w'](document)
    assert email not in published(submission)
    assert list(submission.private.values()) == [{'joe': {'doe': 1}}]


@relaxed
@given(values)
def test_values_without_addresses_are_left_alone(accept, value):
    assume('@' not in json.dumps(value) and 'mail' not in json.dumps(value).lower())
    assert accept('T1w', {'newer': value}).private == {}


def test_a_declared_private_field_is_split_off(accept):
    submission = accept('T1w', {'provenance.email': 'no address at all'})
    assert 'email' not in submission.document['provenance']
    assert submission.private == {'provenance.email': 'no address at all'}
    [note] = submission.notes
    assert (note.field, note.kind, note.example) == ('provenance.email', 'private', '')


@pytest.mark.parametrize('name', ['Email', 'EMAIL', 'e-mail', 'E_Mail', 'user_email', 'Mail'])
@pytest.mark.parametrize('place', ['', 'provenance.', 'bids_meta.', 'newer.'])
def test_names_that_say_e_mail_are_private_however_spelt(accept, name, place):
    submission = accept('T1w', {place + name: 'joe'})
    assert submission.private == {place + name: 'joe'}
    assert '"joe"' not in published(submission)


@pytest.mark.parametrize('name', ['mailing_list', 'domain', 'remaining'])
def test_other_names_are_not(name):
    assert not is_private_name(name)


def test_a_text_that_is_only_an_address_goes_altogether(accept):
    meta = accept('T1w', {'bids_meta.Operator': f' {EMAIL} '}).document['bids_meta']
    assert 'Operator' not in meta


def test_a_required_text_that_is_only_an_address_says_that_it_was_removed(accept):
    meta = accept('T1w', {'bids_meta.subject_id': EMAIL}).document['bids_meta']
    assert meta['subject_id'] == REMOVED


def test_the_rest_of_a_longer_text_stays(accept):
    submission = accept('T1w', {'bids_meta.Instructions': f'Call {EMAIL} (or not)'})
    assert submission.document['bids_meta']['Instructions'] == f'Call {REMOVED} (or not)'
    assert submission.private == {'bids_meta.Instructions': f'Call {EMAIL} (or not)'}


def test_a_list_keeps_its_positions(accept):
    submission = accept('T1w', {'newer': ['a', EMAIL, 'b']})
    assert submission.document['newer'] == ['a', None, 'b']
    assert submission.private == {'newer.1': EMAIL}


def test_one_note_stands_for_all_addresses_of_a_field(accept):
    submission = accept('T1w', {'newer': [EMAIL] * 50})
    assert len(submission.private) == 50
    assert [n.kind for n in submission.notes] == ['private', 'unknown']


def test_an_address_that_looks_like_a_name_of_the_server_is_hidden(checkers, payload):
    submission = checkers['T1w'](payload('T1w') | {'_@example.org': 1})
    assert submission.private == {'_@example.org': 1}


def test_an_address_within_a_name_is_not_in_the_notes_either(accept, payload, checkers):
    document = payload('T1w')
    document['provenance'][f'by {EMAIL}'] = 1
    [note] = checkers['T1w'](document).notes
    assert note.field == f'provenance.{REMOVED}'


@pytest.mark.parametrize(
    'text', ['t1_mprage@1.0mm', '3T@site', 'a @ b.org', '@', 'x@y', 'user at example.org', '@1.5']
)
def test_other_uses_of_the_sign_are_no_addresses(text):
    assert not holds_address(text)
    assert without_addresses(text) == text


@pytest.mark.parametrize(
    'text',
    [
        EMAIL,
        f'<{EMAIL}>',
        'jöe@münchen.de',
        'joe@xn--mnchen-3ya.de',
        "o'brien@example.org",
        '"joe doe"@example.org',
        'a+b@sub.example.museum',
        'joe@EXAMPLE.ORG',
    ],
)
def test_addresses_are_known_in_many_shapes(text):
    assert holds_address(text)
    assert REMOVED in without_addresses(text)


@pytest.mark.parametrize('piece', ['a', '@', 'a@', 'a@a.', '.@', '.', 'a.', ' @'])
def test_no_text_takes_long_to_search(piece):
    text = piece * (65_000 // len(piece)) + '@'
    start = time.thread_time()
    without_addresses(text)
    assert time.thread_time() - start < 0.5
