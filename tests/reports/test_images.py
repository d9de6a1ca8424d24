import pytest

from mriqc_webapi.errors import UnknownImageError
from mriqc_webapi.reports.images import read_image
from tests.reports import layouts
from tests.reports.layouts import MD5, write_json

OTHER = 'f' * 32


@pytest.mark.parametrize(
    ('page', 'version'),
    [(layouts.mriqc_0_12(), '0.12.1'), (layouts.mriqc_0_16(), '0.16.1')],
    ids=['0.12', '0.16'],
)
def test_a_report_says_its_image_and_its_software(tmp_path, page, version):
    image = read_image(tmp_path, 'sub-01_T1w.html', page)
    assert (image.md5sum, image.modality) == (MD5, 'T1w')
    assert (image.software, image.version) == ('mriqc', version)


def test_a_report_of_nireports_says_its_image_in_its_provenance(tmp_path):
    path = layouts.made_by_nireports(tmp_path)
    image = read_image(tmp_path, path.name, path.read_bytes())
    assert (image.md5sum, image.software, image.version) == (MD5, 'mriqc', '24.0.2')


def test_the_unspecified_md5_of_a_widget_is_none(tmp_path):
    path = layouts.made_by_nireports(tmp_path, md5sum=None)
    assert read_image(tmp_path, path.name, path.read_bytes()).md5sum is None


@pytest.mark.parametrize(
    'place',
    [
        'sub-01_T1w.json',
        'sub-01/anat/sub-01_T1w.json',
        'derivatives/sub-01_T1w.json',
    ],
)
def test_the_json_of_the_image_is_found_where_mriqc_puts_it(tmp_path, place):
    write_json(tmp_path / place)
    assert read_image(tmp_path, 'sub-01_T1w.html').md5sum == MD5


def test_a_session_has_a_folder_of_its_own(tmp_path):
    write_json(tmp_path / 'sub-01/ses-2/func/sub-01_ses-2_task-rest_bold.json')
    image = read_image(tmp_path, 'sub-01_ses-2_task-rest_bold.html')
    assert (image.md5sum, image.modality) == (MD5, 'bold')


def test_a_json_about_another_image_is_not_heard(tmp_path):
    write_json(tmp_path / 'sub-01_T1w.json', OTHER)
    image = read_image(tmp_path, 'sub-01_T1w.html', layouts.mriqc_0_16())
    assert (image.md5sum, image.iqms) == (MD5, {})


def test_the_iqms_of_a_json_come_with_it(tmp_path):
    write_json(tmp_path / 'sub-01_T1w.json')
    assert read_image(tmp_path, 'sub-01_T1w.html').iqms['cjv'] == 0.4


def test_a_report_on_several_images_is_on_none(tmp_path):
    page = layouts.mriqc_0_16() + layouts.mriqc_0_16(OTHER)
    with pytest.raises(UnknownImageError, match=r'several images: 4608\w+, ffff'):
        read_image(tmp_path, 'sub-01_T1w.html', page)


@pytest.mark.parametrize('text', ['', '[]', '{"provenance": 3}', '{"provenance": {"md5sum": 7}}'])
def test_a_json_of_something_else_says_nothing(tmp_path, text):
    (tmp_path / 'sub-01_T1w.json').write_text(text)
    assert read_image(tmp_path, 'sub-01_T1w.html').md5sum is None


def test_a_json_behind_a_link_out_of_the_folder_is_not_read(tmp_path):
    outside = write_json(tmp_path / 'elsewhere' / 'sub-01_T1w.json')
    inside = tmp_path / 'mriqc'
    inside.mkdir()
    (inside / 'sub-01_T1w.json').symlink_to(outside)
    assert read_image(inside, 'sub-01_T1w.html').md5sum is None


def test_a_linked_folder_of_json_outside_is_not_read(tmp_path):
    write_json(tmp_path / 'elsewhere' / 'anat' / 'sub-01_T1w.json')
    inside = tmp_path / 'mriqc'
    inside.mkdir()
    (inside / 'sub-01').symlink_to(tmp_path / 'elsewhere')
    assert read_image(inside, 'sub-01_T1w.html').md5sum is None
