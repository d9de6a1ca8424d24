"""Tokens: made, found, counted, revoked."""

import pytest

from mriqc_webapi.errors import ConflictError, NotFoundError, SetupError
from mriqc_webapi.store import tokens

NOW = 1_700_000_000


@pytest.fixture
def tx(store):
    with store.write() as tx:
        yield tx


def create(tx, name='mriqc', scopes=('submit', 'rate'), **given):
    return tokens.create(tx, name=name, scopes=scopes, now=NOW, **given)


def test_a_made_token_is_found_by_its_text_alone(tx):
    text = create(tx)
    found = tokens.find(tx, text)
    assert (found.name, found.scopes, found.n_used) == ('mriqc', {'submit', 'rate'}, 0)
    assert tokens.find(tx, 'mriqc') is None
    assert tokens.find(tx, '\x00\ud800') is None


def test_made_texts_differ_and_are_long(tx):
    first, second = create(tx, 'a'), create(tx, 'b')
    assert first != second
    assert len(first) >= 40


def test_a_text_can_be_given(tx):
    assert create(tx, text='<secret_token>') == '<secret_token>'
    assert tokens.find(tx, '<secret_token>').name == 'mriqc'


def test_no_text_is_stored(tx):
    text = create(tx)
    stored = tx.exec_driver_sql('SELECT * FROM token').all()
    assert text not in repr(stored)


def test_a_name_is_given_once(tx):
    create(tx)
    with pytest.raises(ConflictError, match="'mriqc' exists already"):
        create(tx)


def test_a_standing_text_is_given_once(tx):
    create(tx, text='t')
    with pytest.raises(ConflictError, match="'mriqc' has the same text"):
        create(tx, 'other', text='t')


def test_the_text_of_a_revoked_token_may_come_back_under_another_name(tx):
    create(tx, text='t')
    tokens.revoke(tx, name='mriqc', now=NOW)
    create(tx, 'other', text='t')
    assert tokens.find(tx, 't').name == 'other'


@pytest.mark.parametrize(
    'wrong', [{'scopes': ()}, {'scopes': ('write',)}, {'name': ' '}, {'text': ''}]
)
def test_nonsense_is_refused(tx, wrong):
    with pytest.raises(SetupError):
        create(tx, **wrong)


def test_a_token_is_valid_until_it_expires(tx):
    found = tokens.find(tx, create(tx, expires_at=NOW + 10))
    assert found.is_valid(NOW + 9)
    assert not found.is_valid(NOW + 10)


def test_a_revoked_token_is_valid_no_more(tx):
    text = create(tx)
    tokens.revoke(tx, name='mriqc', now=NOW + 5)
    tokens.revoke(tx, name='mriqc', now=NOW + 9)
    found = tokens.find(tx, text)
    assert found.revoked_at == NOW + 5
    assert not found.is_valid(NOW)


def test_an_unknown_token_cannot_be_revoked(tx):
    with pytest.raises(NotFoundError, match="'nobody'"):
        tokens.revoke(tx, name='nobody')


def test_uses_are_added_up(tx):
    create(tx, 'a')
    create(tx, 'b')
    tokens.count_use(tx, {'a': 3, 'b': 1}, now=NOW + 1)
    tokens.count_use(tx, {'a': 2, 'gone': 1}, now=NOW + 2)
    assert [(t.name, t.n_used, t.last_used_at) for t in tokens.list_tokens(tx)] == [
        ('a', 5, NOW + 2),
        ('b', 1, NOW + 1),
    ]
