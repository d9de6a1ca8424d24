"""What a report says, and that it is one small file of its own."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mriqc_webapi.extract.maps import AnatomicalMaps, FunctionalMaps, MaskOrigin
from mriqc_webapi.extract.report.measures import family_of
from mriqc_webapi.reports.annotate import Outcome, Wishes, change_report, reports_at
from mriqc_webapi.reports.images import read_image
from mriqc_webapi.reports.widget import Widget
from tests.extract.report.heads import MD5, anatomical_head, functional_head
from tests.extract.report.reports import CATALOGUE, NO_TR, SOFTWARE, record_of, written

SMALL = {'shape': (16, 20, 14), 'spacing_mm': (12.0, 12.0, 13.0)}
MODALITIES = ('T1w', 'T2w', 'bold')


def small_head(**changed: Any) -> AnatomicalMaps:
    """Make a head of few voxels, as most tests look at words only."""
    return anatomical_head(**SMALL, **changed)


def small_series(n_volumes: int = 8, **changed: Any) -> FunctionalMaps:
    """Make a series of few voxels."""
    return functional_head(**SMALL, n_volumes=n_volumes, **changed)


@pytest.fixture(scope='module')
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report's page."""
    folder = tmp_path_factory.mktemp('report')
    percentiles = {'cjv': 99.2, 'snr_wm': 40.0, 'qi_1': 3.0}
    return written(folder / 'sub-01_T1w.html', small_head(), percentiles=percentiles).read_text()


def row_of(page: str, iqm: str) -> str:
    """Give the row of the table that tells an IQM, without tags."""
    found = re.search(rf'<th scope="row"><code>{iqm}</code>.*?</tr>', page, re.DOTALL)
    assert found, f'no row tells {iqm}'
    return ' '.join(unescape(re.sub(r'<[^<>]*>', ' ', found[0])).split())


@pytest.mark.parametrize('modality', MODALITIES)
def test_every_iqm_of_the_catalogue_has_a_family(modality: str) -> None:
    names = [field.name for field in CATALOGUE[modality].fields if field.role == 'iqm']
    assert [name for name in names if family_of(name) == 'Others'] == []


def test_every_iqm_is_told_with_its_meaning(told: str) -> None:
    record = record_of('T1w')
    for field in CATALOGUE['T1w'].fields:
        if field.role == 'iqm':
            row = row_of(told, field.name)
            assert field.meaning.replace('`', '') in row
            assert (f'{record[field.name]:.4g}' if record[field.name] else NO_TR) in row


def test_units_and_directions_stand_beside_values(told: str) -> None:
    assert 'mm' in row_of(told, 'spacing_x')
    assert 'Lower is better.' in row_of(told, 'cjv')
    assert 'Higher is better.' in row_of(told, 'snr_wm')
    assert 'better' not in row_of(told, 'icvs_gm')


def test_what_was_not_taken_says_why(told: str) -> None:
    assert f'null Not taken: {NO_TR}.' in row_of(told, 'spacing_tr')


def test_percentiles_stand_beside_the_values_that_have_one(told: str) -> None:
    assert 'higher than 99 %' in row_of(told, 'cjv')
    assert 'higher than' not in row_of(told, 'cnr')


def test_without_an_archive_nothing_is_said_of_percentiles(tmp_path: Path) -> None:
    page = written(tmp_path / 'sub-01_T1w.html', small_head()).read_text()
    assert 'higher than' not in page
    assert '<th scope="col">Percentile</th>' not in page


def test_it_names_its_software_and_what_to_cite(told: str) -> None:
    assert f'{SOFTWARE} 1.2.3' in told
    assert 'they are not MRIQC’s own numbers' in told
    for key in ('esteban2017', 'esteban2019', 'mortamet2009'):
        assert CATALOGUE.references[key].citation in unescape(told)


def test_it_tells_provenance_and_metadata(told: str) -> None:
    for words in (MD5, 'ab' * 16, 'Siemens', 'ORIGINAL, PRIMARY', 'settings.testing'):
        assert words in told


def test_what_files_say_is_never_taken_for_html(tmp_path: Path) -> None:
    evil = '</script><img src=x onerror=alert(1)>"\'&'
    maps = small_head(notes=(evil,), brain_mask=MaskOrigin(method='file', detail=evil))
    record = record_of('T1w', bids_meta={'SeriesDescription': evil, evil: 1})
    record['provenance']['missing'] = {'spacing_tr': evil}
    path = written(tmp_path / 'sub-01_T1w.html', maps, record=record)
    page = path.read_text()
    assert '<img src=x' not in page
    assert page.count('&lt;img src=x') >= 4


def test_a_doubtful_mask_is_told_before_any_picture(tmp_path: Path) -> None:
    origin = MaskOrigin(method='bet+atlas', doubts=('it holds 400 ml only',))
    maps = small_head(brain_mask=origin, notes=('the image has two volumes',))
    page = written(tmp_path / 'sub-01_T1w.html', maps).read_text()
    before = page.partition('<img')[0]
    assert 'The brain mask is doubtful' in before
    assert 'It holds 400 ml only.' in before
    assert 'The image has two volumes.' in before


def test_warnings_of_the_record_are_told_in_words(tmp_path: Path) -> None:
    record = record_of('T1w')
    record['provenance']['warnings'] |= {'small_air_mask': True, 'notes': ['no sidecar']}
    page = written(tmp_path / 'sub-01_T1w.html', small_head(), record=record).read_text()
    before = page.partition('<img')[0]
    assert 'Little air around the head' in before
    assert 'No sidecar.' in before


def annotate(path: Path, **wishes: Any) -> Outcome:
    """Do as ``report annotate`` does."""
    (report,) = reports_at(path)
    return change_report(report, Wishes(**wishes))


def test_the_widget_knows_the_image(tmp_path: Path) -> None:
    page = written(tmp_path / 'sub-01_T1w.html', small_head()).read_text()
    widget = re.search(r'<mriqc-rating ([^<>]*)>', page)
    assert widget
    told = dict(re.findall(r'(\w+)="([^"]*)"', widget[1]))
    assert told['md5sum'] == MD5
    assert (told['modality'], told['software'], told['version']) == ('T1w', SOFTWARE, '1.2.3')
    assert told['report'] == 'sub-01_T1w.html'


def test_annotating_it_again_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / 'sub-01_task-rest_bold.html', small_series())
    before = path.read_bytes()
    assert annotate(path).change == 'unchanged'
    assert path.read_bytes() == before


def test_annotating_it_for_a_service_lets_its_policy_reach_that(tmp_path: Path) -> None:
    path = written(tmp_path / 'sub-01_T1w.html', small_head())
    before = path.read_bytes()
    service = Widget(url='https://mriqc.example.org')
    assert annotate(path, widget=service).change == 'updated'
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', path.read_text())
    assert policy
    assert 'connect-src https://mriqc.example.org' in policy[1]
    assert annotate(path, widget=service).change == 'unchanged'
    assert annotate(path).change == 'updated'
    assert path.read_bytes() == before


def test_the_widget_can_be_taken_out(tmp_path: Path) -> None:
    path = written(tmp_path / 'sub-01_T1w.html', small_head())
    assert annotate(path, undoes=True).change == 'restored'
    assert '<mriqc-rating' not in path.read_text()


def test_the_page_alone_says_which_image_it_is_about(tmp_path: Path) -> None:
    path = written(tmp_path / 'sub-01_T1w.html', small_head())
    annotate(path, undoes=True)
    image = read_image(tmp_path, path.name, path.read_bytes())
    assert (image.md5sum, image.modality) == (MD5, 'T1w')
    assert (image.software, image.version) == (SOFTWARE, '1.2.3')


def test_two_reports_of_one_image_are_the_same(tmp_path: Path) -> None:
    paths = [tmp_path / folder / 'sub-01_bold.html' for folder in ('a', 'b')]
    for path in paths:
        path.parent.mkdir()
        written(path, small_series())
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_head_of_full_size_takes_at_most_5_mb(tmp_path: Path) -> None:
    maps = anatomical_head((192, 256, 160), (1.0, 1.0, 1.0))
    path = written(tmp_path / 'sub-01_T1w.html', maps)
    assert 1e6 < path.stat().st_size <= 5e6


def test_a_series_of_200_volumes_takes_at_most_3_mb(tmp_path: Path) -> None:
    maps = functional_head((64, 64, 36), 200, (3.2, 3.2, 4.0))
    path = written(tmp_path / 'sub-01_task-rest_bold.html', maps)
    assert 5e5 < path.stat().st_size <= 3e6


NOWHERE = np.zeros(SMALL['shape'], bool)
CONSTANT = np.ones((*SMALL['shape'], 3), np.float32)
ODD = {
    'no brain': lambda: small_head(brain=NOWHERE, tissues=NOWHERE.astype(np.uint8)),
    'no head': lambda: small_head(head=NOWHERE, air=NOWHERE, artifacts=NOWHERE),
    'nothing but zeros': lambda: small_head(image=np.zeros(SMALL['shape'], np.float32)),
    'nothing but NaN': lambda: small_head(image=np.full(SMALL['shape'], np.nan, np.float32)),
    'T2w': lambda: small_head(contrast='T2w'),
    'a series without a brain': lambda: small_series(brain=NOWHERE, rim=NOWHERE),
    'nothing changes': lambda: small_series(3, series=CONSTANT, realigned=CONSTANT),
    'two volumes': lambda: small_series(2),
    'no repetition time': lambda: small_series(repetition_time_s=None),
}


@pytest.mark.parametrize('what', ODD)
def test_odd_images_have_reports_too(tmp_path: Path, what: str) -> None:
    maps = ODD[what]()
    suffix = maps.contrast if isinstance(maps, AnatomicalMaps) else 'bold'
    page = written(tmp_path / f'sub-01_{suffix}.html', maps).read_text()
    assert page.count('data:image/webp') > 10
    shown = re.sub(r'<(style|script)\b.*?</\1>|base64,[\w+/=]+', '', page, flags=re.DOTALL)
    assert not re.search(r'\bnan\b', shown, re.IGNORECASE)
