import re

import pytest

from mriqc_webapi.store import tokens
from mriqc_webapi.store.engine import Store


@pytest.fixture
def find(data_dir):
    def find(text):
        with Store.open(f'sqlite:///{data_dir / "store.sqlite"}') as store, store.read() as tx:
            return tokens.find(tx, text)

    return find


def test_a_new_token_is_printed_once_and_works(run, find):
    text = run('token', 'create', 'mriqc').out.strip()
    assert re.fullmatch(r'[\w-]{40,}', text)
    assert find(text).scopes == {'submit', 'rate'}
    assert text not in run('token', 'list').out


def test_text_scopes_and_end_can_be_given(run, find):
    run('token', 'create', 'mriqc', '--token', 'abc', '--scope', 'rate', '--expires', '2030-01-01')
    token = find('abc')
    assert token.scopes == {'rate'}
    assert token.expires_at == 1893456000


def test_a_revoked_token_ends_and_stays_listed(run, find):
    run('token', 'create', 'mriqc', '--token', 'abc')
    run('token', 'revoke', 'mriqc')
    (listed,) = run('token', 'list', '--json').lines[0]
    assert find('abc').revoked_at is not None
    assert (listed['name'], bool(listed['revoked'])) == ('mriqc', True)


@pytest.mark.parametrize(
    ('arguments', 'code', 'reason'),
    [
        (['revoke', 'nobody'], 1, "there is no token named 'nobody'"),
        (['create', 'x', '--scope', 'read'], 3, 'no such scope: read'),
        (['create', 'x', '--expires', 'soon'], 2, 'Invalid isoformat'),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(run, arguments, code, reason):
    ran = run('token', *arguments)
    assert ran.code == code
    assert reason in ran.err


def test_an_archive_without_tokens_lists_none(run):
    ran = run('token', 'list')
    assert (ran.out, ran.err) == ('', 'no tokens\n')
