import pytest

from mriqc_webapi.submissions.sources import find_sources, resource_in_name


@pytest.mark.parametrize(
    ('name', 'resource'),
    [
        ('T1w.ndjson', 'T1w'),
        ('group_bold.tsv', 'bold'),
        ('t1w.json.gz', 'T1w'),
        ('sub-01_ses-2_task-rest_bold.json', 'bold'),
        ('mriqc_api.ratings.json', 'rating'),
        ('bold.2019-01.ndjson.zst', 'bold'),
        ('records.ndjson', None),
        ('notT1w.ndjson', None),
    ],
)
def test_a_file_name_names_its_resource(catalogue, name, resource):
    assert resource_in_name(name, catalogue) == resource


def test_of_two_resources_in_a_name_the_suffix_counts(catalogue):
    assert resource_in_name('sub-01_acq-T1w_bold.json', catalogue) == 'bold'


def test_a_folder_gives_the_files_that_name_a_resource_in_order(catalogue, write, tmp_path):
    write('dataset_description.json', '{}')
    write('sub-02/anat/sub-02_T1w.json', '{}')
    write('sub-01/anat/sub-01_T1w.json', '{}')
    write('sub-01/anat/sub-01_T1w.html', '')
    found = [p.name for p in find_sources(tmp_path, catalogue)]
    assert found == ['sub-01_T1w.json', 'sub-02_T1w.json']


def test_a_file_is_taken_whatever_its_name(catalogue, write):
    path = write('anything.dump', '{}')
    assert list(find_sources(path, catalogue)) == [path]
