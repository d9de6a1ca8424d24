"""PCP-QAP's tables, whose columns are called differently from version to version."""

import pytest

from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.submissions.sources import read_source

MD5 = '0123456789abcdef0123456789abcdef'
LIMITS = Limits()


@pytest.fixture(scope='module')
def packaged():
    return load_catalogue()


@pytest.fixture
def read(packaged, write):
    """Read a table of those rows."""

    def read(name, *rows):
        text = ''.join(f'{row}\n' for row in rows)
        return list(read_source(write(name, text), catalogue=packaged, limits=LIMITS))

    return read


def test_columns_of_early_versions_are_the_catalogues_own(read):
    (line,) = read(
        'ABIDE_qap_functional_temporal.csv',
        'subject,session,scan,dvars,gcor,mean_fd,num_fd,outlier,perc_fd,quality,site',
        '50002,session_1,rest_1,1.05,0.014,0.117,0,0.0006,0,0.0114,PITT',
    )
    assert line.resource == 'qap_functional_temporal'
    assert line.document == {
        'bids_meta': {'subject_id': '50002', 'session_id': 'session_1', 'run_id': 'rest_1'},
        'provenance': {'software': 'PCP-QAP', 'version': 'unknown'},
        'dvars': 1.05,
        'gcor': 0.014,
        'mean_fd': 0.117,
        'num_fd': 0,
        'outlier': 0.0006,
        'perc_fd': 0,
        'quality': 0.0114,
    }


def test_columns_of_1_0_8_are_given_their_earlier_names(read):
    (line,) = read(
        'qap_functional_temporal.csv',
        ',Fraction of Outliers (Mean),Fraction of Outliers IQR,GCOR,Participant,QAP_pipeline_id,'
        'Quality (Mean),RMSD (Mean),Series,Session,Site,Std. DVARS (Mean),Time,descrip',
        '3171,0.0009,0.0004,0.0178,0003001,QAP version 1.0.8,0.0172,0.0192,rest_1,session_1,'
        'BMB_1,1.307,2/14/17 2:14,nobody',
    )
    assert line.document == {
        'bids_meta': {'subject_id': '0003001', 'session_id': 'session_1', 'run_id': 'rest_1'},
        'provenance': {'software': 'PCP-QAP', 'version': '1.0.8'},
        'outlier': 0.0009,
        'gcor': 0.0178,
        'quality': 0.0172,
        'mean_fd': 0.0192,
        'dvars': 1.307,
    }


def test_a_row_of_1_0_8_with_an_md5_is_acceptable(read, packaged):
    (line,) = read(
        'qap_anatomical_spatial.csv',
        'CNR,Cortical Contrast,EFC,FBER,FWHM,FWHM_x,FWHM_y,FWHM_z,Participant,QAP_pipeline_id,'
        'Qi1,SNR,Series,Session,md5sum',
        f'8.15,0.34,0.51,286.6,2.9,2.7,2.86,3.18,0003001,QAP version 1.0.8,0.31,18.1,'
        f'anat_1,session_1,{MD5}',
    )
    checked = Checker(packaged[line.resource], limits=LIMITS)(line.document)
    assert (checked.md5sum, checked.document['qi1']) == (MD5, 0.31)


def test_a_row_without_md5_lacks_it(read):
    (line,) = read('qap_functional_spatial.csv', 'subject,EFC', 'a,0.5')
    assert 'md5sum' not in line.document['provenance']


def test_rows_of_empty_cells_are_none(read):
    assert len(read('qap_functional_spatial.csv', 'subject,EFC', 'a,0.5', ',', ',')) == 1


def test_cells_with_commas_are_quoted(read):
    (line,) = read('qap_functional_spatial.csv', 'subject,"EFC"', '"a,b",0.5')
    assert line.document['bids_meta'] == {'subject_id': 'a,b'}


def test_a_cell_without_a_value_is_left_out(read):
    (line,) = read('qap_functional_spatial.csv', 'subject,EFC,FBER', 'a,0.5,NA')
    assert 'fber' not in line.document


def test_a_cell_beyond_all_measure_is_told(read):
    (line,) = read('qap_functional_spatial.csv', 'subject,EFC', f'{"a" * 200_000},0.5')
    assert 'field larger' in line.error
