import pytest

from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.sources import read_source

MD5 = '0123456789abcdef0123456789abcdef'


@pytest.fixture
def read(catalogue, write):
    def read(name, *rows):
        text = ''.join('\t'.join(row) + '\n' for row in rows)
        return list(read_source(write(name, text), catalogue=catalogue, limits=Limits()))

    return read


def test_a_row_without_md5_is_refused_by_the_name_of_the_missing_file(read):
    (line,) = read('group_T1w.tsv', ['bids_name', 'cjv'], ['sub-01_T1w', '0.5'])
    assert line.line_no == 2
    assert line.error == (
        'the row does not name the MD5 of its image, and there is no sub-01_T1w.json '
        'beside the table that would'
    )


@pytest.mark.parametrize(
    'place',
    [
        'sub-01/ses-a/anat/sub-01_ses-a_T1w.json',
        'sub-01_ses-a_T1w.json',
        'derivatives/sub-01_ses-a_T1w.json',
    ],
)
def test_the_json_beside_the_table_stands_for_its_row(read, write, place):
    write(place, '{\n  "cjv": 0.5\n}')
    (line,) = read('group_T1w.tsv', ['bids_name', 'cjv'], ['sub-01_ses-a_T1w', '9'])
    assert (line.resource, line.document, line.error) == ('T1w', {'cjv': 0.5}, '')


def test_a_row_that_names_its_md5_stands_for_itself(read):
    (line,) = read(
        'group_T1w.tsv',
        ['bids_name', 'cjv', 'size_x', 'md5sum', 'software', 'provenance.version', 'qi'],
        ['sub-01_run-2_T1w', '0.5', '176', MD5, 'mriqc', '23.1.0', 'n/a'],
    )
    assert line.document == {
        'bids_meta': {'subject_id': '01', 'run_id': '2', 'modality': 'T1w'},
        'cjv': 0.5,
        'size_x': 176,
        'provenance': {'md5sum': MD5, 'software': 'mriqc', 'version': '23.1.0'},
        'qi': None,
    }


def test_a_row_of_another_length_is_refused(read):
    (line,) = read('group_T1w.tsv', ['bids_name', 'cjv'], ['sub-01_T1w', '0.5', '7'])
    assert line.error == '3 cells under 2 column names'


def test_a_table_whose_name_says_no_resource_is_refused(read):
    (line,) = read('group.tsv', ['bids_name', 'cjv'], ['sub-01_T1w', '0.5'])
    assert line.error == 'the table does not say its resource: name it with --resource'
