"""What a policy lets leave of a record, and which policies make no sense."""

import json

import pytest

from mriqc_webapi.errors import SetupError
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Settings
from mriqc_webapi.web.relay.policy import RelayPolicy, content_to_send
from tests.web.asking import payload

CATALOGUE = load_catalogue(None)
IDENTITY = {'_id': '6b02fa4b99a31ddc62417386', '_created': 'Sun, 22 Nov 2026 14:20:59 GMT'}


def leaving(document: dict, resource: str = 'T1w', **settings) -> dict:
    policy = RelayPolicy.of(Settings(relay_to='http://there', **settings), CATALOGUE)
    doc = json.dumps(document | IDENTITY | {'_etag': 'x', '_links': {}})
    return json.loads(content_to_send(policy, doc, CATALOGUE[resource]))


def told() -> dict:
    document = payload()
    document['bids_meta'] |= {'InstitutionName': 'Here', 'EchoTime': 0.003, 'Note': 'of nobody'}
    return document


def test_by_default_a_record_leaves_whole_with_its_id_and_date():
    document = told()
    assert leaving(document) == document | IDENTITY


def test_stripped_fields_stay_here():
    left = leaving(told(), relay_strip='bids_meta.InstitutionName, provenance.settings')
    assert 'InstitutionName' not in left['bids_meta']
    assert 'settings' not in left['provenance']
    assert left['bids_meta']['EchoTime'] == 0.003


def test_strict_privacy_leaves_out_what_could_identify_and_what_nobody_declared():
    left = leaving(told(), relay_privacy='strict')
    assert not {'InstitutionName', 'Note'} & left['bids_meta'].keys()
    assert left['bids_meta']['EchoTime'] == 0.003
    assert len(left['bids_meta']['subject_id']) == 64


def test_strict_privacy_keeps_what_a_correction_corrects():
    rating = {'rating': '1', 'md5sum': 'a' * 32, 'name': '', 'comment': '', 'amends': 'b' * 24}
    assert leaving(rating, 'rating', relay_privacy='strict')['amends'] == 'b' * 24


@pytest.mark.parametrize(
    ('name', 'value', 'said'),
    [
        ('relay_strip', 'provenance.md5sum', 'provenance.md5sum cannot be stripped'),
        ('relay_strip', 'bids_meta', 'bids_meta cannot be stripped'),
        ('relay_policy', 'maybe', 'one of pass, hold, keep'),
        ('relay_where', '{"cjv": ', 'relay_where'),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(name, value, said):
    with pytest.raises(SetupError, match=said):
        leaving(told(), **{name: value})
