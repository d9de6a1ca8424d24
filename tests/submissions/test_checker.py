"""What is refused, and in which words; what is accepted, kept and noted."""

import math

import pytest

from mriqc_webapi.errors import BrokenBodyError, InvalidDocumentError, LimitError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.check import MAX_HOT_CHARS, Checker, split_documents
from mriqc_webapi.submissions.submission import Note

NAN, INF = math.nan, math.inf


def note_on(submission, field):
    return next((n for n in submission.notes if n.field == field), None)


def test_a_document_that_fits_has_no_notes(accept):
    assert accept('T1w').notes == ()


# ---- refused


@pytest.mark.parametrize('name', ['md5sum', 'software', 'version'])
@pytest.mark.parametrize(
    ('value', 'issue'),
    [
        (None, 'null value not allowed'),
        (5, 'must be of string type'),
        (NAN, 'must be of string type'),
        (['x'], 'must be of string type'),
        ({}, 'must be of string type'),
        (True, 'must be of string type'),
        ('x' * (MAX_HOT_CHARS + 1), 'max length is 256'),
        ('a\0b', 'null character not allowed'),
        ('joe@example.org', 'must not be an e-mail address'),
        ('by joe@example.org', 'must not be an e-mail address'),
    ],
)
def test_scan_and_software_are_short_texts(refuse, name, value, issue):
    assert refuse('T1w', {f'provenance.{name}': value}) == {'provenance': {name: issue}}


@pytest.mark.parametrize('name', ['md5sum', 'software', 'version'])
def test_scan_and_software_are_required(refuse, name):
    issues = refuse('T1w', without=[f'provenance.{name}'])
    assert issues == {'provenance': {name: 'required field'}}


def test_several_issues_of_one_member_are_a_list(refuse):
    issues = refuse('T1w', {'provenance.version': '\0' * 300})
    told = ['max length is 256', 'null character not allowed']
    assert issues == {'provenance': {'version': told}}


@pytest.mark.parametrize('value', ['abc', '', '1,5', [1.0], {}, {'a': 1}])
def test_an_iqm_is_a_number(refuse, value):
    assert refuse('T1w', {'cjv': value}) == {'cjv': 'must be of float type'}


@pytest.mark.parametrize('value', ['3.7', 'nan', 'abc', [1]])
def test_an_integer_iqm_is_an_integer(refuse, value):
    assert refuse('T1w', {'size_x': value}) == {'size_x': 'must be of integer type'}


@pytest.mark.parametrize('name', ['bids_meta', 'provenance'])
@pytest.mark.parametrize(
    ('value', 'issue'),
    [
        (None, 'null value not allowed'),
        ([], 'must be of dict type'),
        ('x', 'must be of dict type'),
    ],
)
def test_the_two_objects_are_objects(refuse, name, value, issue):
    assert refuse('T1w', {name: value}) == {name: issue}


@pytest.mark.parametrize('name', ['modality', 'subject_id'])
def test_modality_and_subject_are_required(refuse, name):
    assert refuse('T1w', without=[f'bids_meta.{name}']) == {'bids_meta': {name: 'required field'}}


def test_a_refused_document_is_told_everything_that_eve_would_have_told(refuse):
    issues = refuse(
        'bold',
        {'newer': 3, 'snr': None, 'bids_meta.run_id': 1, 'provenance.new': 1},
        without=['tsnr', 'bids_meta.TaskName'],
    )
    assert issues == {
        'tsnr': 'required field',
        'newer': 'unknown field',
        'snr': 'null value not allowed',
        'bids_meta': {'run_id': 'must be of string type', 'TaskName': 'required field'},
        'provenance': {'new': 'unknown field'},
    }


def test_undeclared_metadata_are_no_issue_even_then(refuse):
    assert refuse('T1w', {'bids_meta.New': 1}, without=['cjv']) == {'cjv': 'required field'}


@pytest.mark.parametrize(
    ('element', 'shown'),
    [(1, '1'), (None, 'None'), ('a', 'a'), ([1], '[1]'), ('x' * 99, 'x' * 80)],
)
def test_an_element_that_is_no_object_is_told_in_eves_words(checkers, element, shown):
    with pytest.raises(InvalidDocumentError) as caught:
        checkers['rating'](element)
    text = f"'{shown}' is not a document, must be a dict"
    assert caught.value.issues == {'validation exception': text}


# ---- accepted, kept, noted


@pytest.mark.parametrize('field', ['cjv', 'size_x', 'summary_bg_median', 'bids_meta.EchoTime'])
def test_null_is_kept_and_noted(accept, field):
    submission = accept('T1w', {field: None})
    *parents, name = field.split('.')
    place = submission.document[parents[0]] if parents else submission.document
    assert place[name] is None
    assert note_on(submission, field).kind == 'null'


@pytest.mark.parametrize(
    ('value', 'got'), [(NAN, 'NaN'), (INF, 'Infinity'), (-INF, '-Infinity'), ('nan', 'string')]
)
def test_what_is_not_finite_becomes_null_and_is_noted(accept, value, got):
    submission = accept('T1w', {'cjv': value})
    assert submission.document['cjv'] is None
    noted = note_on(submission, 'cjv')
    assert (noted.kind, noted.expected, noted.got) == ('not-finite', 'float', got)


def test_what_is_not_finite_within_undeclared_values_becomes_null_too(accept):
    submission = accept('T1w', {'new': {'a': [1, NAN, {'b': INF}]}})
    assert submission.document['new'] == {'a': [1, None, {'b': None}]}
    assert [(n.field, n.kind) for n in submission.notes] == [
        ('new', 'not-finite'),
        ('new', 'unknown'),
    ]


@pytest.mark.parametrize('value', [208.9, -0.5])
def test_a_fraction_for_an_integer_is_kept_and_noted(accept, value):
    submission = accept('T1w', {'size_x': value})
    assert submission.document['size_x'] == value
    assert note_on(submission, 'size_x') == Note(
        field='size_x', kind='fraction', expected='integer', got='float', example=str(value)
    )


@pytest.mark.parametrize(
    ('field', 'value', 'stored'),
    [
        ('cjv', 1, 1.0),
        ('cjv', 10**400, None),
        ('cjv', 10**30, 1e30),
        ('cjv', True, 1.0),
        ('cjv', ' 1.5 ', 1.5),
        ('cjv', '1e-3', 0.001),
        ('size_x', 208.0, 208),
        ('size_x', False, 0),
        ('size_x', '208', 208),
        ('size_x', 2**63, 2.0**63),
        ('size_x', 1e300, 1e300),
        ('size_x', 10**400, None),
        ('size_x', 2**63 - 1, 2**63 - 1),
    ],
)
def test_what_can_be_cast_without_loss_is_cast(accept, field, value, stored):
    found = accept('T1w', {field: value}).document[field]
    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize(
    ('value', 'stored'),
    [(True, True), (1, True), (0, False), ('TRUE', True), ('false', False), ('1', True)],
)
def test_settings_know_many_words_for_true_and_false(accept, value, stored):
    found = accept('T1w', {'provenance.settings.testing': value}).document
    assert found['provenance']['settings']['testing'] is stored


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        ('bids_meta.run_id', 1),
        ('bids_meta.session_id', 2.5),
        ('bids_meta.subject_id', 50137),
        ('bids_meta.ScanningSequence', ['EP', 'GR']),
        ('bids_meta.EchoTime', [0.01, 0.02]),
        ('bids_meta.EchoTime', 'long'),
        ('bids_meta.PartialFourier', True),
        ('bids_meta.PartialFourier', 'yes'),
        ('bids_meta.MTState', 'maybe'),
        ('bids_meta.MTState', [1]),
        ('provenance.settings', ['none']),
        ('provenance.settings.testing', 'perhaps'),
        ('provenance.mriqc_pred', 'accept'),
        ('provenance.webapi_url', None),
    ],
)
def test_metadata_of_another_type_are_kept_as_they_are_and_noted(accept, field, value):
    submission = accept('T1w', {field: value})
    place = submission.document
    for name in field.split('.'):
        place = place[name]
    assert (place, type(place)) == (value, type(value))
    assert note_on(submission, field).kind == ('null' if value is None else 'type')


@pytest.mark.parametrize('value', [0.75, 1, 123.249])
def test_metadata_keep_their_fractions(accept, value):
    meta = accept('T1w', {'bids_meta.ImagingFrequency': value}).document['bids_meta']
    assert meta['ImagingFrequency'] == value


@pytest.mark.parametrize(
    ('field', 'got', 'value', 'example'),
    [
        ('spikes_num', 'integer', 3, '3'),
        ('bids_meta.Whatever', 'object', {'x': 1.5}, '{"x":1.5}'),
        ('provenance.new', 'string', 'é\0', '"é\\u0000"'),
        ('provenance.settings.new', 'boolean', True, 'true'),
        ('rating', 'object', {'rating': 'good', 'md5sum': 'x'}, '{"rating":"good","md5sum":"x"}'),
        ('new', 'list', ['x' * 200], '["' + 'x' * 77 + '…'),
    ],
)
def test_unknown_fields_are_kept_and_noted(accept, field, got, value, example):
    submission = accept('T1w', {field: value})
    place = submission.document
    for name in field.split('.'):
        place = place[name]
    assert place == value
    assert submission.notes == (
        Note(field=field, kind='unknown', expected='no such field', got=got, example=example),
    )


def test_a_name_with_a_nul_is_kept_and_noted_without_it(accept):
    submission = accept('T1w', {'a\0b': 1})
    assert submission.document['a\0b'] == 1
    assert submission.notes[0].field == 'a\N{REPLACEMENT CHARACTER}b'


def test_an_empty_name_is_kept(accept):
    assert (
        accept('T1w', {'bids_meta': {'modality': 'T1w', 'subject_id': 'x', '': 1}}).document[
            'bids_meta'
        ]['']
        == 1
    )


def test_a_bold_record_without_its_task_is_noted(accept):
    submission = accept('bold', without=['bids_meta.TaskName'])
    noted = note_on(submission, 'bids_meta.TaskName')
    assert (noted.kind, noted.expected, noted.got) == ('absent', 'string', 'nothing')


def test_another_modality_is_noted(accept):
    submission = accept('T1w', {'bids_meta.modality': 'bold'})
    assert submission.notes == (
        Note(
            field='bids_meta.modality',
            kind='modality',
            expected='T1w',
            got='another',
            example='"bold"',
        ),
    )


def test_integers_beyond_64_bits_in_free_places_become_doubles(accept):
    assert accept('T1w', {'new': [2**64 - 1, -(2**63)]}).document['new'] == [2.0**64, -(2**63)]


def test_free_objects_are_taken_without_notes(checkers):
    inputs = {'a': [1, {'b': None}], 'c': 'x', 'n': 9007199254740993}
    document = {
        'interface_class_name': 'C',
        'version': '1',
        'mem_peak_gb': 0.5,
        'duration_sec': 1,
        'inputs': inputs,
    }
    submission = checkers['nipype_telemetry'](document)
    assert submission.document['inputs'] == inputs
    assert submission.notes == ()
    assert (submission.md5sum, submission.version) == (None, '1')


def test_a_data_hash_beside_the_md5sum_is_found(accept):
    assert accept('T1w', {'provenance.data_hash': 'abc'}).data_hash == 'abc'


@pytest.mark.parametrize('value', [None, '', 5, ['a'], 'x' * 300, 'a\0'])
def test_a_data_hash_that_is_none_is_not_taken_for_one(accept, value):
    assert accept('T1w', {'provenance.data_hash': value}).data_hash is None


def test_names_per_shell_are_known(catalogue):
    check = Checker(catalogue['dwi'], limits=Limits())
    iqms = {f.name: 1.0 for f in catalogue['dwi'].by_name.values() if f.role == 'iqm'}
    provenance = {'md5sum': 'm', 'software': 's', 'version': 'v'}
    meta = {'modality': 'dwi', 'subject_id': 'x'}
    document = {**iqms, 'provenance': provenance, 'bids_meta': meta}
    for _ in range(2):  # the second finds the names remembered
        submission = check({**document, 'efc_shell01': 1, 'fber_shell17': 2.5})
        assert submission.notes == ()
        assert type(submission.document['efc_shell01']) is float
    with pytest.raises(InvalidDocumentError) as caught:
        check({**document, 'efc_shell02': 'abc'})
    assert caught.value.issues == {'efc_shell02': 'must be of float type'}


# ---- limits


@pytest.mark.parametrize(
    ('changed', 'reason'),
    [
        ({'new': [[[[[1]]]]]}, 'nested deeper than 5'),
        ({'new': list(range(200))}, 'more than 200'),
        ({'n' * 41: 1}, 'name longer than 40'),
        ({'bids_meta.ProtocolName': 'x' * 101}, 'text longer than 100 characters at bids_meta'),
        ({'cjv': '1' * 101}, 'text longer than 100 characters at cjv'),
        ({'new': ['x' * 101]}, r'text longer than 100 characters at new\.0'),
        ({'a': {'.'.join('abcdefg'): 1}}, 'nested deeper than 5'),
    ],
)
def test_documents_beyond_a_limit_are_refused(catalogue, payload, changed, reason):
    limits = Limits(max_depth=5, max_keys=200, max_key_chars=40, max_text_chars=100)
    with pytest.raises(LimitError, match=reason):
        Checker(catalogue['T1w'], limits=limits)(payload('T1w', changed))


def test_a_deep_document_is_beyond_a_limit_wherever_it_is_deep(checkers, payload):
    deep = []
    for _ in range(50_000):
        deep = [deep]
    for field in ('new', 'cjv', 'bids_meta.EchoTime', 'provenance.email', 'provenance.md5sum'):
        document = payload('T1w')
        *parents, name = field.split('.')
        place = document[parents[0]] if parents else document
        place[name] = deep
        with pytest.raises(LimitError):
            checkers['T1w'](document)


# ---- bodies


def test_an_object_is_one_document():
    assert split_documents({}, Limits()) == [{}]


def test_an_array_is_its_elements_whatever_they_are():
    assert split_documents([{}, 1], Limits()) == [{}, 1]


@pytest.mark.parametrize('parsed', [[], None, 5, 'ab', True, 1.5])
def test_anything_else_is_no_body(parsed):
    with pytest.raises(BrokenBodyError, match='neither an object nor an array'):
        split_documents(parsed, Limits())


def test_too_many_documents_are_beyond_a_limit():
    with pytest.raises(LimitError, match='more than 2 documents'):
        split_documents([{}, {}, {}], Limits(max_documents=2))
