"""``relay``: what it refuses to begin with, and the commands beside it."""

import json

import pytest

from mriqc_webapi.store import passing, records, tokens
from mriqc_webapi.store.engine import Store

NOW = 1_700_000_000


@pytest.fixture
def held(run, data_dir, write_lines, posted):
    """Three records that wait for approval."""
    run('import', write_lines('T1w.ndjson', posted[:3]), '--resource', 'T1w')
    with Store.open(f'sqlite:///{data_dir / "store.sqlite"}') as store, store.write() as tx:
        changes = records.changes(tx, after=0, limit=10)
        passing.take_in(tx, changes, ['held'] * 3, after=0, now=NOW)
    return [change.id for change in changes]


def states(run) -> dict[str, int]:
    counts = json.loads(run('relay', 'status', '--json').out)['counts']
    return {state: n for state, n in counts.items() if n}


@pytest.mark.parametrize(
    ('words', 'code', 'said'),
    [
        ([], 2, 'say where records go'),
        (['--to', 'there'], 2, '--to takes an address'),
        (['--hold', '--keep'], 2, 'exclude each other'),
        (['--keep', '--strip', 'provenance.md5sum'], 3, 'cannot be stripped'),
        (['--keep', '--forward', 'cjv <'], 3, 'relay_where'),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(run, words, code, said):
    ran = run('relay', *words)
    assert (ran.code, said in ran.err) == (code, True), ran.err


def test_what_is_held_is_listed_with_its_image(run, held, posted):
    listed = json.loads(run('relay', 'list', '--json').out)
    assert [one['id'] for one in listed] == held
    assert listed[0]['md5sum'] == posted[0]['provenance']['md5sum']


def test_approving_one_leaves_the_others_held(run, held):
    assert run('relay', 'approve', held[1]).code == 0
    assert states(run) == {'pending': 1, 'held': 2}


def test_approving_all_leaves_none(run, held):
    run('relay', 'approve', '--all')
    assert states(run) == {'pending': 3}


def test_a_reason_for_rejecting_is_kept(run, held):
    run('relay', 'reject', held[0], '--why', 'pilot')
    listed = json.loads(run('relay', 'list', '--state', 'rejected', '--json').out)
    assert [(one['id'], one['problem']) for one in listed] == [(held[0], 'pilot')]


def test_an_id_that_is_not_there_is_named(run, held):
    ran = run('relay', 'approve', 'f' * 24)
    assert (ran.code, 'f' * 24 in ran.out) == (1, True)


def test_mriqcs_own_token_is_good_on_loopback_only(data_dir):
    from mriqc_webapi.cli import cmd_relay
    from mriqc_webapi.settings import Settings

    def is_good_at(host: str) -> bool:
        settings = Settings(host=host, data_dir=data_dir)
        cmd_relay._prepare(settings)
        with Store.open(settings.database_url) as store, store.read() as tx:
            found = tokens.find(tx, '<secret_token>')
            return found is not None and found.revoked_at is None

    hosts = ['0.0.0.0', '127.0.0.1', '0.0.0.0', 'localhost']
    assert [is_good_at(host) for host in hosts] == [False, True, False, True]


def test_an_empty_relay_says_so(run):
    assert run('relay', 'status').out == 'no record to pass on came in yet\n'
