"""The packaged catalogue against the lists that released MRIQC keeps to."""

import re
from importlib.resources import files
from itertools import product

import pytest

from mriqc_webapi.iqm.definitions import Catalogue

# as the old service declared them; {a,b} stands for each of a and b
BOLD_FLOATS = """aor aqi dvars_nstd dvars_std dvars_vstd efc fber fd_mean fd_num fd_perc
    fwhm_{avg,x,y,z} gcor gsr_{x,y} size_{t,x,y,z} snr spacing_{tr,x,y,z}
    summary_{bg,fg}_{k,mean,median,mad,p05,p95,stdv,n} tsnr"""
ANATOMICAL_FLOATS = """cjv cnr efc fber fwhm_{avg,x,y,z} icvs_{csf,gm,wm} inu_med inu_range qi_1
    qi_2 rpve_{csf,gm,wm} snr_{csf,gm,total,wm} snrd_{csf,gm,total,wm} spacing_{x,y,z}
    summary_{bg,csf,gm,wm}_{k,mean,p05,p95,stdv} tpm_overlap_{csf,gm,wm} wm2max"""
ANATOMICAL_INTEGERS = 'size_{x,y,z}'
ANATOMICAL_OPTIONAL = 'summary_{bg,csf,gm,wm}_{median,mad,n}'
META_INTEGERS = """AccelNumReferenceLines EchoTrainLength NumberOfAverages
    NumberOfPhaseEncodingSteps NumberShots"""
META_FLOATS = """DelayTime EchoTime EffectiveEchoSpacing InversionTime MagneticFieldStrength
    MultibandAccelerationFactor NumberOfVolumesDiscardedByScanner NumberOfVolumesDiscardedByUser
    ParallelReductionFactorInPlane RepetitionTime TotalReadoutTime"""
META_TEXTS = """session_id run_id acq_id task_id AcquisitionMatrix CogAtlasID CogPOID
    CoilCombinationMethod ContrastBolusIngredient ConversionSoftware ConversionSoftwareVersion
    DeviceSerialNumber GradientSetType HardcopyDeviceSoftwareVersion InPlanePhaseEncodingDirection
    InstitutionAddress InstitutionName Instructions MRAcquisitionType MRTransmitCoilSequence
    Manufacturer ManufacturersModelName MatrixCoilMode ParallelAcquisitionTechnique
    PartialFourierDirection PatientPosition PhaseEncodingDirection ProtocolName
    PulseSequenceDetails PulseSequenceType ReceiveCoilName ScanOptions ScanningSequence
    SequenceName SequenceVariant SliceEncodingDirection SoftwareVersions TaskDescription
    TransmitCoilName"""
# the old service truncated these, or lost the record; BIDS has fractions
BIDS_FLOATS = """FlipAngle ImagingFrequency PixelBandwidth PartialFourier TotalScanTimeSec
    AccelerationFactorPE PercentSampling PercentPhaseFieldOfView"""
DWI_REQUIRED = """bdiffs_{mean,median,max,min} fa_degenerate fa_nans fd_{mean,num,perc} ndc
    sigma_{cc,piesno,pca} spikes_global spikes_slice_{i,j,k}
    summary_{bg,fg,wm}_{k,mad,mean,median,n,p05,p95,stdv}"""
DWI_OPTIONAL = """snr_cc_shell0 efc_shell{NN} fber_shell{NN} snr_cc_shell{N}_worst
    snr_cc_shell{N}_best"""
QAP_SPATIAL = 'efc fber fwhm fwhm_{x,y,z} snr'
QAP_REQUIRED = {
    'qap_anatomical_spatial': f'{QAP_SPATIAL} cnr qi1',
    'qap_functional_spatial': QAP_SPATIAL,
    'qap_functional_temporal': 'dvars mean_fd outlier quality',
}
QAP_OPTIONAL = {
    'qap_anatomical_spatial': '{bg,csf,fg,gm,wm}_{mean,size,std}',
    'qap_functional_spatial': '{bg,fg}_{mean,size,std} ghost_{x,y,z}',
    'qap_functional_temporal': 'gcor num_fd perc_fd',
}


def expand(text: str) -> set[str]:
    """Write out the names of a list; a brace without comma stays."""
    names = set[str]()
    for word in text.split():
        parts = re.split(r'\{([^{}]*,[^{}]*)\}', word)
        options = [p.split(',') if i % 2 else [p] for i, p in enumerate(parts)]
        names |= {''.join(choice) for choice in product(*options)}
    return names


def select(catalogue: Catalogue, resource: str, **wanted: object) -> set[str]:
    """Name the fields of a resource whose attributes are the wanted ones."""
    return {
        f.name
        for f in catalogue[resource].fields
        if all(getattr(f, key) == value for key, value in wanted.items())
    }


def required(catalogue: Catalogue, resource: str, type: str) -> set[str]:
    return select(catalogue, resource, required=True, type=type)


def in_meta(text: str) -> set[str]:
    return {f'bids_meta.{name}' for name in text.split()}


def test_resources_come_in_the_order_of_the_old_index_then_the_new_ones(catalogue):
    assert list(catalogue.resources) == [
        'bold',
        'T1w',
        'T2w',
        'nipype_telemetry',
        'rating',
        'dwi',
        'qap_anatomical_spatial',
        'qap_functional_spatial',
        'qap_functional_temporal',
    ]


def test_titles_are_those_of_the_old_links(catalogue):
    titles = [r.title for r in catalogue.resources.values()]
    assert titles[:6] == ['bold', 'T1w', 'T2w', 'Nipype_telemetry', 'Rating', 'dwi']


@pytest.mark.parametrize('resource', ['T1w', 'T2w'])
class TestAnatomical:
    def test_required_numbers_are_the_contracts(self, catalogue, resource):
        assert required(catalogue, resource, 'float') == expand(ANATOMICAL_FLOATS)
        assert required(catalogue, resource, 'integer') == expand(ANATOMICAL_INTEGERS)

    def test_optional_numbers_are_the_contracts_and_those_of_a_fourth_dimension(
        self, catalogue, resource
    ):
        optional = select(catalogue, resource, required=False, role='iqm')
        assert optional == expand(ANATOMICAL_OPTIONAL) | {'size_t', 'spacing_tr'}

    def test_a_three_dimensional_image_has_68_numbers(self, catalogue, resource):
        assert len(select(catalogue, resource, role='iqm') - {'size_t', 'spacing_tr'}) == 68


class TestBold:
    def test_required_numbers_are_the_contracts(self, catalogue):
        assert required(catalogue, 'bold', 'float') == expand(BOLD_FLOATS)
        assert required(catalogue, 'bold', 'integer') == set()

    def test_optional_numbers_are_dummy_trs_and_spikes_num(self, catalogue):
        optional = select(catalogue, 'bold', required=False, role='iqm')
        assert optional == {'dummy_trs', 'spikes_num'}
        assert catalogue['bold'].by_name['dummy_trs'].type == 'integer'

    def test_a_series_has_44_numbers(self, catalogue):
        assert len(select(catalogue, 'bold', role='iqm') - {'spikes_num'}) == 44

    def test_the_name_of_the_task_is_known_and_not_required(self, catalogue):
        task = catalogue['bold'].by_name['bids_meta.TaskName']
        assert (task.type, task.required) == ('string', False)

    def test_a_rating_may_travel_along(self, catalogue):
        rating = catalogue['bold'].by_name['rating']
        assert (rating.type, rating.role, rating.required) == ('object', 'rating', False)


class TestDwi:
    def test_numbers_are_those_of_mriqc_24(self, catalogue):
        assert required(catalogue, 'dwi', 'float') == expand(DWI_REQUIRED)
        assert select(catalogue, 'dwi', required=False, role='iqm') == expand(DWI_OPTIONAL)

    def test_names_per_shell_are_marked_and_have_no_column(self, catalogue):
        per_shell = select(catalogue, 'dwi', per_shell=True)
        assert per_shell == expand(DWI_OPTIONAL) - {'snr_cc_shell0'}
        assert not per_shell & {f.name for f in catalogue['dwi'].columns}


@pytest.mark.parametrize('resource', QAP_REQUIRED)
class TestQap:
    def test_numbers_are_those_of_its_tables(self, catalogue, resource):
        assert required(catalogue, resource, 'float') == expand(QAP_REQUIRED[resource])
        optional = select(catalogue, resource, required=False, role='iqm')
        assert optional == expand(QAP_OPTIONAL[resource])

    def test_only_the_subject_is_required_of_the_metadata(self, catalogue, resource):
        found = select(catalogue, resource, required=True, role='metadata')
        assert found == {'bids_meta', 'bids_meta.subject_id'}


@pytest.mark.parametrize('resource', ['bold', 'T1w', 'T2w', 'dwi'])
class TestMetadata:
    def test_modality_and_subject_are_required(self, catalogue, resource):
        found = select(catalogue, resource, required=True, role='metadata')
        assert found == {'bids_meta', 'bids_meta.modality', 'bids_meta.subject_id'}

    @pytest.mark.parametrize(
        ('type', 'names'),
        [
            ('integer', META_INTEGERS),
            ('float', META_FLOATS),
            ('float', BIDS_FLOATS),
            ('string', META_TEXTS),
            ('boolean', 'VariableFlipAngleFlag'),
        ],
    )
    def test_types_are_the_contracts_except_where_bids_has_fractions(
        self, catalogue, resource, type, names
    ):
        assert in_meta(names) <= select(catalogue, resource, type=type, required=False)

    def test_software_version_and_md5_are_required(self, catalogue, resource):
        found = select(catalogue, resource, required=True, role='provenance')
        assert found == {'provenance'} | {
            f'provenance.{name}' for name in ('md5sum', 'software', 'version')
        }

    def test_the_rest_of_provenance_is_optional(self, catalogue, resource):
        found = catalogue[resource].by_name
        types = {
            'settings': 'object',
            'settings.fd_thres': 'float',
            'settings.hmc_fsl': 'boolean',
            'settings.testing': 'boolean',
            'mriqc_pred': 'integer',
            'email': 'string',
            'data_hash': 'string',
            'warnings': 'object',
            'webapi_url': 'string',
            'webapi_port': 'integer',
        }
        assert {name: found[f'provenance.{name}'].type for name in types} == types

    def test_the_scan_and_the_software_are_named_in_provenance(self, catalogue, resource):
        r = catalogue[resource]
        assert r.md5_field == 'provenance.md5sum'
        assert r.software_field == 'provenance.software'
        assert r.version_field == 'provenance.version'
        assert r.modality == resource


def test_e_mail_is_the_only_private_field_and_has_no_column(catalogue):
    for resource in catalogue.resources.values():
        private = {f.name for f in resource.fields if f.private}
        assert private <= {'provenance.email'}
        assert not private & {f.name for f in resource.columns}
    assert catalogue['T1w'].by_name['provenance.email'].private


def test_a_rating_needs_value_and_image(catalogue):
    rating = catalogue['rating']
    assert {(f.name, f.type) for f in rating.fields if f.required} == {
        ('rating', 'string'),
        ('md5sum', 'string'),
    }
    assert (rating.md5_field, rating.software_field, rating.version_field) == (
        'md5sum',
        None,
        None,
    )


def test_corrections_and_pseudonyms_are_the_services_own_and_nothing_else_is(catalogue):
    for resource in catalogue.resources.values():
        own = {f.name for f in resource.fields if f.assigned}
        assert own == ({'amends', 'rater'} if resource.name == 'rating' else set())


def test_telemetry_needs_all_that_the_contract_names(catalogue):
    telemetry = catalogue['nipype_telemetry']
    assert {(f.name, f.type, f.required) for f in telemetry.fields} == {
        ('interface_class_name', 'string', True),
        ('version', 'string', True),
        ('mem_peak_gb', 'float', True),
        ('duration_sec', 'float', True),
        ('inputs', 'object', True),
    }
    assert (telemetry.md5_field, telemetry.version_field) == (None, 'version')


def test_each_iqm_has_unit_direction_and_source(catalogue):
    for resource in catalogue.resources.values():
        for field in resource.fields:
            if field.role == 'iqm':
                assert field.unit, field.name
                assert field.better in {'lower', 'higher', 'neither'}
                assert field.source in catalogue.references, field.name


def test_each_field_means_something_in_one_sentence_of_its_own(catalogue):
    for resource in catalogue.resources.values():
        meanings = [f.meaning for f in resource.fields]
        assert len(set(meanings)) == len(meanings)
        for meaning in meanings:
            assert re.fullmatch(r'[A-Z0-9].*[^.]\.', meaning), meaning
            assert not re.search(r'[{}]|[.] [A-Z]', meaning), meaning


def test_each_reference_is_cited_and_can_be_found(catalogue):
    cited = {f.source for r in catalogue.resources.values() for f in r.fields}
    assert cited - {''} == set(catalogue.references)
    assert all(reference.url for reference in catalogue.references.values())


def test_each_catalogue_file_serves_some_resource(catalogue):
    names = {f.name for f in files('mriqc_webapi.iqm').joinpath('catalogue').iterdir()}
    texts = '\n'.join(
        files('mriqc_webapi.iqm').joinpath('catalogue', name).read_text('utf-8')
        for name in names
        if name.endswith('.toml')
    )
    included = set(re.findall(r"'(\w+)'", ' '.join(re.findall(r'include = \[(.*)\]', texts))))
    groups = {n.removesuffix('.toml') for n in names if n.endswith('.toml')} - set(
        catalogue.resources
    )
    assert groups == included
