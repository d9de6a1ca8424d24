"""Names with dots, nested as Eve nests them."""

import pytest

from mriqc_webapi.errors import InvalidDocumentError
from mriqc_webapi.submissions.nesting import nest


@pytest.mark.parametrize(
    ('sent', 'nested'),
    [
        ({'a.b': 1}, {'a': {'b': 1}}),
        ({'a.b': 1, 'a.c': {'d.e': 2}}, {'a': {'b': 1, 'c': {'d': {'e': 2}}}}),
        ({'a.b': 1, 'a': {'c': 2}}, {'a': {'b': 1, 'c': 2}}),
        ({'a': {'c': 2}, 'a.b': 1}, {'a': {'c': 2, 'b': 1}}),
        ({'a': {'b': 1}, 'a.b': 2}, {'a': {'b': 2}}),
        ({'a': [{'b.c': 1}]}, {'a': [{'b': {'c': 1}}]}),
        ({'Vol.': 1}, {'Vol': {'': 1}}),
        ({'.': 1}, {'': {'': 1}}),
        ({'joe@example.org': 1}, {'joe@example.org': 1}),
    ],
)
def test_dots_make_objects_at_any_depth(sent, nested):
    assert nest(sent) == nested


@pytest.mark.parametrize(
    ('sent', 'issues'),
    [
        ({'a': 1, 'a.b': 2}, {'a': 'must be of dict type'}),
        ({'a.b': 2, 'a': 1}, {'a': 'must be of dict type'}),
        ({'x': {'a': None, 'a.b': 2}}, {'x': {'a': 'must be of dict type'}}),
        ({'a.b': 1, 'a.b.c': 2}, {'a': {'b': 'must be of dict type'}}),
        ({'a': [{'b': 1, 'b.c': 2}]}, {'a': {'0': {'b': 'must be of dict type'}}}),
    ],
)
def test_one_path_cannot_be_an_object_and_something_else(sent, issues):
    with pytest.raises(InvalidDocumentError) as caught:
        nest(sent)
    assert caught.value.issues == issues


def test_dotted_names_reach_declared_fields(accept, payload, checkers):
    document = payload('T1w', without=['provenance.md5sum', 'bids_meta.modality'])
    document |= {'provenance.md5sum': 'abc', 'bids_meta.modality': 'T1w', '_id.x': 1}
    with pytest.raises(InvalidDocumentError) as caught:
        checkers['T1w'](document)
    assert caught.value.issues == {'_id': 'must be of objectid type'}
    del document['_id.x']
    submission = checkers['T1w'](document)
    assert submission.md5sum == 'abc'
    assert submission.notes == ()


def test_dots_deep_within_free_objects_are_split_too(accept):
    assert accept('T1w', {'newer': [{'a.b': 1}]}).document['newer'] == [{'a': {'b': 1}}]
