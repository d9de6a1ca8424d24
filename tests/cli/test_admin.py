"""`admin` as it is typed."""

import pytest

from mriqc_webapi.store import tokens
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.records import count
from mriqc_webapi.web.rating_intake import chain_of, rating_of
from tests.factories import ready_rating, ready_record

WHY = ('--why', 'because', '--who', 'jane')
MD5S = ('0' * 32, 'a' * 32)


@pytest.fixture
def opened(data_dir):
    """The store that the commands work on."""
    with Store.open(f'sqlite:///{data_dir}/store.sqlite') as store:
        yield store


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / 'public.md5'
    path.write_text(f'{MD5S[0]}  sub-01_T1w.nii.gz\n\n{MD5S[1].upper()},x\nnonsense\n')
    return path


def log(run):
    return [
        (e['who'], e['act'], e['what'], e['why']) for e in run('admin', 'audit', '--json').lines[0]
    ]


def put(store):
    record = ready_record()
    with store.write() as tx:
        insert_batch(tx, [record])
    return record.id


def test_public_images_are_read_from_a_file(run, listed):
    ran = run('admin', 'add-public', listed, '--source', 'ds000030', *WHY)
    assert (ran.code, ran.out) == (0, '2 added, 0 were there\n')
    assert "public.md5:4: no MD5: 'nonsense'" in ran.err
    assert run('admin', 'list-public').out == ''.join(f'{m}\tds000030\n' for m in MD5S)
    assert log(run) == [('jane', 'add-public', '2 of public.md5: ds000030', 'because')]


def test_public_images_are_removed(run, listed):
    run('admin', 'add-public', listed, '--source', 'x', *WHY)
    assert run('admin', 'remove-public', MD5S[0], *WHY).code == 0
    assert run('admin', 'remove-public', MD5S[0], *WHY).code == 1
    assert [row['md5sum'] for row in run('admin', 'list-public', '--json').lines] == [MD5S[1]]


def test_an_operator_withdraws_without_a_receipt(run, opened):
    ids = [put(opened), put(opened)]
    assert run('admin', 'withdraw', *ids, *WHY).out == '2 withdrawn\n'
    with opened.read() as tx:
        assert count(tx, resource='T1w') == 0
    assert log(run) == [('jane', 'withdraw', ' '.join(ids), 'because')]


def test_of_some_ids_all_are_withdrawn_or_none(run, opened):
    id_ = put(opened)
    assert run('admin', 'withdraw', id_, '0' * 24, *WHY).code != 0
    with opened.read() as tx:
        assert count(tx, resource='T1w') == 1
    assert log(run) == []


def test_a_token_is_blocked_for_a_reason(run, opened):
    with opened.write() as tx:
        text = tokens.create(tx, name='x', scopes=['submit'])
    assert run('admin', 'block', 'x', *WHY).code == 0
    with opened.read() as tx:
        assert not tokens.find(tx, text).is_valid(0)
    assert log(run) == [('jane', 'block', 'x', 'because')]


def test_an_act_without_a_reason_is_not_done(run, opened):
    id_ = put(opened)
    assert run('admin', 'withdraw', id_).code == 2
    assert run('admin', 'withdraw', id_, '--why', ' ').code != 0
    with opened.read() as tx:
        assert count(tx, resource='T1w') == 1


def test_the_log_is_told_for_people_too(run, opened):
    run('admin', 'withdraw', put(opened), *WHY)
    assert run('admin', 'audit').out.split('\t')[1:3] == ['jane', 'withdraw']


def test_records_are_held_and_released(run, opened):
    id_ = put(opened)
    assert run('admin', 'hold', '--id', id_, *WHY, '--dry-run').out == '1 would be held\n'
    assert run('admin', 'hold', '--id', id_, *WHY).out == '1 are held\n'
    assert [row['id'] for row in run('admin', 'held', '--json').lines[0]] == [id_]
    assert run('admin', 'release', '--id', id_, *WHY).code == 0
    with opened.read() as tx:
        assert count(tx, resource='T1w') == 1
    assert [act for _, act, *_ in log(run)] == ['release', 'hold']


def put_rating(store, **given):
    record = ready_rating(**given)
    with store.write() as tx:
        insert_batch(tx, [record])
    return record.id


def images(store, rating_id):
    """Give the image of each rating in a chain, the first one's first."""
    with store.read() as tx:
        return [rating_of(stored).md5sum for stored in chain_of(tx, rating_id)]


def test_a_rating_is_linked_to_its_image(run, opened):
    id_ = put_rating(opened, md5sum=None)
    ran = run('admin', 'link', id_, MD5S[1].upper(), *WHY)
    assert (ran.code, ran.out) == (0, f'{id_} is linked to {MD5S[1]}\n')
    assert images(opened, id_) == [None, MD5S[1]]
    assert log(run) == [('jane', 'link', f'{id_} to {MD5S[1]}', 'because')]


def test_a_link_that_is_there_is_not_made_again(run, opened):
    id_ = put_rating(opened, md5sum=MD5S[1])
    assert (
        run('admin', 'link', id_, MD5S[1], *WHY).out == f'{id_} was linked already to {MD5S[1]}\n'
    )
    assert (images(opened, id_), log(run)) == ([MD5S[1]], [])


def test_a_rating_of_another_image_stays_with_it(run, opened):
    id_ = put_rating(opened, md5sum=MD5S[0])
    ran = run('admin', 'link', id_, MD5S[1], *WHY)
    assert ran.code != 0
    assert MD5S[0] in ran.err
    assert (images(opened, id_), log(run)) == ([MD5S[0]], [])


def test_a_link_without_a_reason_is_not_made(run, opened):
    id_ = put_rating(opened, md5sum=None)
    assert run('admin', 'link', id_, MD5S[1], '--why', ' ').code != 0
    assert images(opened, id_) == [None]


def test_only_a_rating_is_linked(run, opened):
    ran = run('admin', 'link', put(opened), MD5S[1], *WHY)
    assert ran.code != 0
    assert 'there is no rating' in ran.err


def test_an_image_is_named_by_its_md5(run, opened):
    ran = run('admin', 'link', put_rating(opened, md5sum=None), 'sub-01_T1w', *WHY)
    assert (ran.code, 'hex digits' in ran.err) == (2, True)


def test_an_address_is_not_written_to_the_log(run):
    assert run('admin', 'hold', '--email', 'jane@example.org', *WHY).code == 0
    assert log(run) == [('jane', 'hold', '0 records by an address', 'because')]


@pytest.mark.parametrize('which', [(), ('--token', 'x', '--email', 'y')])
def test_it_takes_one_way_to_choose(run, which):
    assert run('admin', 'hold', *which, *WHY).code == 2


@pytest.mark.parametrize('act', ['hold', 'release'])
def test_a_token_that_is_not_there_is_told(run, act):
    ran = run('admin', act, '--token', 'scanner-3', *WHY)
    assert (ran.code, ran.err) == (1, "mriqc-webapi: there is no token named 'scanner-3'\n")
    assert log(run) == []
