"""`withdraw` and `receipts` as they are typed."""

import json

import pytest
import requests

from mriqc_webapi.cli import main
from tests.derivatives import derivatives, make, put, state, stored
from tests.live import TOKEN

__all__ = ['derivatives', 'make', 'put', 'state', 'stored']


@pytest.fixture
def type_(capsys):
    """Run a command; gives the exit code and what it printed."""

    def type_(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, capsys.readouterr()

    return type_


@pytest.fixture
def sent(type_, derivatives, put, service):
    """Send two records from a dataset; gives them."""
    documents = [put(), put('sub-02_T1w')]
    code, said = type_(
        'submit', derivatives, '--url', service.root, '--token', TOKEN, '--yes', '--no-data-hash'
    )
    assert code == 0, said.err
    return documents


def is_there(stored, service, document):
    return bool(stored(service.root, document))


def test_a_dataset_is_withdrawn(type_, derivatives, sent, service, stored):
    code, said = type_('withdraw', derivatives, '--yes')
    assert (code, said.out) == (0, '2 are withdrawn\n')
    assert not any(is_there(stored, service, document) for document in sent)


def test_a_rehearsal_withdraws_nothing(type_, derivatives, sent, service, stored):
    code, said = type_('withdraw', derivatives, '--dry-run')
    assert code == 0
    assert said.out.startswith('2 would be withdrawn\n  sub-01/ses-pre/anat/')
    assert all(is_there(stored, service, document) for document in sent)


def test_where_nobody_can_be_asked_it_takes_a_yes(type_, derivatives, sent, service, stored):
    code, said = type_('withdraw', derivatives)
    assert code == 2
    assert 'say --yes' in said.err
    assert all(is_there(stored, service, document) for document in sent)


def test_some_files_can_be_chosen(type_, derivatives, sent, service, stored):
    assert type_('withdraw', derivatives, '--source', 'sub-02*', '--yes')[0] == 0
    assert [is_there(stored, service, document) for document in sent] == [True, False]


def test_what_has_to_stay_is_told_with_its_reason(type_, derivatives, sent, service, stored):
    requests.post(
        f'{service.root}/api/v2/ratings',
        json={'md5sum': sent[0]['provenance']['md5sum'], 'rating': '3'},
        headers={'Authorization': TOKEN, 'X-Forwarded-For': '198.51.100.7'},
        timeout=30,
    ).raise_for_status()
    code, said = type_('withdraw', derivatives, '--yes')
    assert code == 1
    assert '1 stays:' in said.out
    assert '(rated)' in said.out
    assert [is_there(stored, service, document) for document in sent] == [True, False]


def test_the_same_dataset_is_withdrawn_twice_without_harm(type_, derivatives, sent):
    type_('withdraw', derivatives, '--yes')
    assert type_('withdraw', derivatives, '--yes')[0] == 0


def test_withdrawn_records_are_not_sent_again(type_, derivatives, sent, service, stored):
    type_('withdraw', derivatives, '--yes')
    type_('submit', derivatives, '--url', service.root, '--token', TOKEN, '--yes')
    assert not any(is_there(stored, service, document) for document in sent)


def test_a_record_is_withdrawn_by_its_receipt_alone(type_, derivatives, sent, service):
    kept = json.loads((derivatives / '.mriqc-webapi/receipts.json').read_text())[0]
    one = ('--id', kept['id'], '--receipt', kept['receipt'], '--url', service.root)
    code, said = type_('withdraw', *one, '--yes', '--json')
    (told,) = json.loads(said.out)
    assert (code, told['state'], told['id']) == (0, 'withdrawn', kept['id'])
    assert kept['receipt'] not in said.out


def test_the_list_tells_how_records_stand(type_, derivatives, sent):
    type_('withdraw', derivatives, '--source', 'sub-02*', '--yes')
    code, said = type_('receipts', 'list', derivatives, '--json')
    assert code == 0
    assert [one['state'] for one in json.loads(said.out)] == ['standing', 'withdrawn']
    _, said = type_('receipts', 'list', derivatives)
    assert [line.split('\t')[3].split()[0] for line in said.out.splitlines()] == [
        'can',
        'withdrawn',
    ]


def test_the_contact_of_a_dataset_is_changed(type_, derivatives, sent):
    code, said = type_('receipts', 'contact', derivatives, '--email', 'lab@example.org')
    assert (code, said.err) == (0, '2 changed\n')


def test_no_dataset_is_a_mistake(type_):
    code, said = type_('withdraw')
    assert code == 2
    assert 'name the datasets' in said.err
