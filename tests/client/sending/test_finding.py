"""Records are found wherever QC software has put them."""

import json

import pytest

from mriqc_webapi.client.sending.finding import Finder, Found
from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits

CATALOGUE = load_catalogue()


@pytest.fixture
def find(state):
    """Find the records in paths: what each says of itself, and what is wrong."""

    def find(*paths, resource=None):
        finder = Finder(CATALOGUE, Limits(), resource=resource, state=state)
        found = list(finder.in_files(paths))
        return [f for f in found if isinstance(f, Found)], [
            (f.source, f.reason) for f in found if not isinstance(f, Found)
        ]

    return find


@pytest.mark.parametrize(
    'place',
    [
        'sub-01/anat/sub-01_T1w.json',
        'sub-01/ses-a/anat/sub-01_ses-a_T1w.json',
        'derivatives/sub-01_T1w.json',
        'sub-01_T1w.json',
    ],
)
def test_derivatives_of_every_layout_are_found(derivatives, make, find, place):
    path = derivatives / place
    path.parent.mkdir(parents=True, exist_ok=True)
    document = make()
    path.write_text(json.dumps(document))
    ((found,), wrong) = find(derivatives)
    assert (found.resource, found.document, found.source) == ('T1w', document, place)
    assert found.dataset.root == derivatives
    assert wrong == []


def test_a_single_file_is_found_by_its_name_or_its_modality(tmp_path, make, find):
    path = tmp_path / 'anything.json'
    path.write_text(json.dumps(make('bold')))
    ((found,), _) = find(path)
    assert found.resource == 'bold'


def test_a_file_is_found_once_however_often_it_is_named(derivatives, put, find):
    put()
    found, _ = find(derivatives, derivatives / 'sub-01', derivatives)
    assert len(found) == 1


def test_rows_of_a_group_table_stand_for_the_files_beside_it(derivatives, put, find):
    document = put('sub-01_ses-pre_T1w')
    (derivatives / 'group_T1w.tsv').write_text('bids_name\tcjv\nsub-01_ses-pre_T1w\t0.5\n')
    found, wrong = find(derivatives)
    assert [f.document for f in found] == [document, document]
    assert len({f.digest for f in found}) == 1
    assert wrong == []


def test_a_group_table_alone_is_told_why_it_cannot_be_sent(derivatives, find):
    (derivatives / 'group_T1w.tsv').write_text('bids_name\tcjv\nsub-01_T1w\t0.5\n')
    _, ((source, reason),) = find(derivatives)
    assert source == 'group_T1w.tsv:2'
    assert 'does not name the MD5' in reason


def test_tables_of_qap_are_found(tmp_path, find):
    path = tmp_path / 'qap_functional_spatial.csv'
    path.write_text('Participant,EFC,md5sum\n01,0.5,0123456789abcdef0123456789abcdef\n')
    ((found,), _) = find(tmp_path)
    assert found.resource == 'qap_functional_spatial'


def test_sidecars_of_images_are_passed_over_in_silence(tmp_path, find):
    (tmp_path / 'sub-01').mkdir()
    (tmp_path / 'sub-01' / 'sub-01_T1w.json').write_text('{"EchoTime": 0.03}')
    assert find(tmp_path) == ([], [])


def test_ratings_are_passed_over_unless_they_are_named(tmp_path, find):
    path = tmp_path / 'ratings.json'
    path.write_text('{"rating": "2", "md5sum": "x"}')
    assert find(tmp_path) == ([], [])
    assert find(path)[1] == [('ratings.json', 'not IQMs')]


def test_what_is_no_json_is_told(derivatives, find):
    (derivatives / 'sub-01_T1w.json').write_text('{"cjv": ')
    found, ((source, reason),) = find(derivatives)
    assert found == []
    assert source == 'sub-01_T1w.json'
    assert 'JSON' in reason


def test_what_is_kept_for_sending_is_not_sent(derivatives, find):
    kept = derivatives / '.mriqc-webapi'
    kept.mkdir()
    (kept / 'T1w.json').write_text('{"cjv": 1}')
    assert find(derivatives) == ([], [])


def test_a_place_that_is_not_there_is_told(tmp_path, find):
    with pytest.raises(NotFoundError):
        find(tmp_path / 'nowhere')


def test_the_order_of_members_makes_no_other_record(make):
    document = make()
    turned = dict(reversed(document.items()))
    digests = {
        Found(resource='T1w', document=d, dataset=None, source='').digest
        for d in (document, turned)
    }
    assert len(digests) == 1


def test_a_number_beyond_64_bits_can_be_sent(make):
    found = Found(resource='T1w', document=make(cjv=2**70), dataset=None, source='')
    assert len(found.digest) == 64
