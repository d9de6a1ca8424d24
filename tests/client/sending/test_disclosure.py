"""What leaves of a record, and what does not."""

import hashlib

import pytest

from mriqc_webapi.client.sending.disclosure import Policy, disclose, fields_that_leave
from mriqc_webapi.errors import QueryError
from mriqc_webapi.iqm.loader import load_catalogue

SALT = bytes(32)
CATALOGUE = load_catalogue()
IQMS = {r.name for r in CATALOGUE.resources.values() if r.kind == 'iqm'}


@pytest.fixture
def leave(make):
    """Say what leaves of a record, and why the rest does not."""

    def leave(policy=None, *, salt=SALT, resource='T1w', **changed):
        given = disclose(
            make(resource, **changed), CATALOGUE[resource], policy or Policy(), salt=salt
        )
        return given.document, {left.field: left.why for left in given.left_out}

    return leave


def test_iqms_leave_as_they_are(make, leave):
    sent, _ = leave(cjv=0.5, summary_bg_k=None)
    assert (sent['cjv'], sent['summary_bg_k']) == (0.5, None)
    assert make().keys() == sent.keys()


def test_numbers_that_a_new_release_adds_leave_too(leave):
    sent, left = leave(brand_new=0.25)
    assert sent['brand_new'] == 0.25
    assert 'brand_new' not in left


@pytest.mark.parametrize('value', ['a remark', {'age': 23}, ['Jane']])
def test_anything_else_that_nobody_declared_stays(leave, value):
    sent, left = leave(remark=value)
    assert 'remark' not in sent
    assert left['remark'] == 'not on the list of what is sent'


@pytest.mark.parametrize(
    'name', ['AcquisitionTime', 'AcquisitionDateTime', 'PatientAge', 'SeriesNumber', 'StudyID']
)
def test_metadata_that_the_catalogue_does_not_declare_stay_even_as_numbers(leave, name):
    sent, left = leave(bids_meta={name: 7})
    assert name not in sent['bids_meta']
    assert f'bids_meta.{name}' in left


def test_metadata_that_the_catalogue_declares_leave(leave):
    sent, _ = leave(bids_meta={'EchoTime': 0.03, 'MagneticFieldStrength': 3})
    assert sent['bids_meta']['EchoTime'] == 0.03


def test_labels_are_hashed_with_the_salt(leave):
    sent, _ = leave()
    other, _ = leave(salt=bytes([1]) * 32)
    label = sent['bids_meta']['subject_id']
    assert len(label) == 64
    assert label != hashlib.sha256(b'01').hexdigest()
    assert label != other['bids_meta']['subject_id']


def test_subject_and_session_of_one_name_have_different_hashes(leave):
    sent, _ = leave(bids_meta={'subject_id': '01', 'session_id': '01'})
    assert sent['bids_meta']['subject_id'] != sent['bids_meta']['session_id']


def test_a_prefix_does_not_make_another_subject(leave):
    one, _ = leave(bids_meta={'subject_id': '01'})
    other, _ = leave(bids_meta={'subject_id': 'sub-01'})
    assert one['bids_meta']['subject_id'] == other['bids_meta']['subject_id']


def test_mriqcs_hash_is_the_plain_one(leave):
    sent, _ = leave(Policy(hashing='mriqc'))
    assert sent['bids_meta']['subject_id'] == hashlib.sha256(b'01').hexdigest()
    assert sent['bids_meta']['session_id'] == hashlib.sha256(b'pre').hexdigest()


def test_what_mriqc_hashed_is_not_hashed_again(leave):
    hashed = hashlib.sha256(b'01').hexdigest()
    sent, _ = leave(Policy(hashing='mriqc'), bids_meta={'subject_id': hashed})
    assert sent['bids_meta']['subject_id'] == hashed


IDENTIFYING = {
    'InstitutionName': 'A hospital',
    'InstitutionAddress': 'A street',
    'DeviceSerialNumber': '4711',
    'StationName': 'MR1',
    'ProtocolName': 'Study of Dr. N.',
    'dataset': 'ours',
}


def test_what_could_identify_leaves_by_default_as_mriqc_sends_it(leave):
    sent, _ = leave(bids_meta=IDENTIFYING)
    assert sent['bids_meta'].items() >= IDENTIFYING.items()


def test_what_could_identify_stays_under_the_strict_policy(leave):
    sent, left = leave(Policy(level='strict'), bids_meta=IDENTIFYING)
    assert not sent['bids_meta'].keys() & IDENTIFYING
    assert left.keys() >= {f'bids_meta.{name}' for name in IDENTIFYING}


FREE = {'Instructions': 'Lie still, Jane', 'TaskDescription': 'rest', 'PulseSequenceDetails': 'x'}


def test_free_text_stays_unless_asked_for(leave):
    sent, left = leave(bids_meta=FREE)
    assert not sent['bids_meta'].keys() & FREE
    assert left['bids_meta.Instructions'] == 'free text; --free-text sends it'
    sent, _ = leave(Policy(free_text=True), bids_meta=FREE)
    assert sent['bids_meta'].items() >= FREE.items()


def test_a_rating_within_a_record_is_free_text(leave):
    sent, left = leave(resource='bold', rating={'name': 'Jane', 'comment': 'blurred'})
    assert 'rating' not in sent
    assert 'rating' in left


def test_addresses_never_leave_within_texts(leave):
    sent, _ = leave(bids_meta={'ReceiveCoilName': 'ask jane@example.org'})
    assert sent['bids_meta']['ReceiveCoilName'] == 'ask [e-mail removed]'


def test_the_senders_own_address_leaves_where_the_service_hides_it(leave):
    sent, _ = leave(Policy(email='me@example.org'), provenance={'email': 'other@example.org'})
    assert sent['provenance']['email'] == 'me@example.org'


def test_an_address_in_the_record_stays(leave):
    sent, left = leave(provenance={'email': 'other@example.org'})
    assert 'email' not in sent['provenance']
    assert left['provenance.email'] == 'private'


def test_of_settings_numbers_leave_and_paths_stay(leave):
    settings = {'fd_thres': 0.2, 'new_flag': True, 'work_dir': '/home/jane'}
    sent, left = leave(provenance={'settings': settings})
    assert sent['provenance']['settings'] == {'fd_thres': 0.2, 'new_flag': True}
    assert 'provenance.settings.work_dir' in left


def test_an_object_in_place_of_a_text_stays(leave):
    sent, _ = leave(bids_meta={'Manufacturer': {'name': 'x', 'operator': 'Jane'}})
    assert 'Manufacturer' not in sent['bids_meta']


def test_objects_within_lists_stay(leave):
    sent, _ = leave(bids_meta={'ScanOptions': ['PFP', {'operator': 'Jane'}]})
    assert sent['bids_meta']['ScanOptions'] == ['PFP']


def test_what_a_service_added_is_not_sent_back(leave):
    sent, left = leave(_id='5f' * 12, _created='Mon, 1 Jan 2018 00:00:00 GMT')
    assert not any(name.startswith('_') for name in sent)
    assert left['_id'] == 'set by the service itself'


def test_the_record_itself_is_left_as_it_is(make):
    document = make()
    before = str(document)
    disclose(document, CATALOGUE['T1w'], Policy(level='strict'), salt=SALT)
    assert str(document) == before


def test_a_modality_that_is_not_said_is_the_resources(leave):
    sent, _ = leave(bids_meta={'modality': 'T1w'})
    assert sent['bids_meta']['modality'] == 'T1w'


@pytest.mark.parametrize('given', [{'level': 'stricter'}, {'hashing': 'none'}])
def test_a_policy_that_does_not_exist_is_not_taken_for_the_loosest(given):
    with pytest.raises(QueryError):
        Policy(**given)


@pytest.mark.parametrize('name', sorted(IQMS))
def test_whatever_the_strict_policy_lets_leave_the_default_does_too(name):
    strict = {f.name for f in fields_that_leave(CATALOGUE[name], Policy(level='strict'))}
    default = {f.name for f in fields_that_leave(CATALOGUE[name], Policy())}
    assert strict < default


@pytest.mark.parametrize(
    ('wanted', 'agreed', 'is_covered'),
    [
        ({}, {}, True),
        ({'level': 'strict'}, {}, True),
        ({}, {'level': 'strict'}, False),
        ({'hashing': 'mriqc'}, {}, False),
        ({}, {'hashing': 'mriqc'}, True),
        ({'free_text': True}, {}, False),
        ({}, {'free_text': True}, True),
        ({'email': 'me@example.org'}, {}, False),
        ({}, {'email': 'me@example.org'}, True),
    ],
)
def test_an_agreement_covers_what_tells_no_more(wanted, agreed, is_covered):
    assert Policy(**wanted).is_covered_by(Policy(**agreed)) is is_covered
