"""The data dictionary, as rows and as a table."""

import csv
import io

import pytest

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.iqm.dictionary import COLUMNS, dictionary_rows, dictionary_tsv


def read(tsv: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tsv), delimiter='\t', quoting=csv.QUOTE_NONE))


def test_each_field_of_each_resource_has_one_row(catalogue):
    rows = dictionary_rows(catalogue)
    declared = [(r.name, f.name) for r in catalogue.resources.values() for f in r.fields]
    assert [(row['resource'], row['name']) for row in rows] == declared


def test_one_resource_can_be_asked_for(catalogue):
    rows = dictionary_rows(catalogue, 'rating')
    assert [row['name'] for row in rows][:4] == ['rating', 'md5sum', 'name', 'comment']


def test_an_unknown_resource_is_not_found(catalogue):
    with pytest.raises(NotFoundError, match='t1w'):
        dictionary_rows(catalogue, 't1w')


def test_a_row_says_all_that_the_catalogue_knows(catalogue):
    row = next(r for r in dictionary_rows(catalogue, 'bold') if r['name'] == 'fd_mean')
    assert list(row) == list(COLUMNS)
    assert row | {'meaning': '', 'citation': ''} == {
        'resource': 'bold',
        'name': 'fd_mean',
        'type': 'float',
        'unit': 'mm',
        'required': True,
        'better': 'lower',
        'role': 'iqm',
        'meaning': '',
        'source': 'power2012',
        'citation': '',
        'doi': '10.1016/j.neuroimage.2011.10.018',
        'private': False,
    }
    assert row['meaning'].startswith('Framewise displacement')
    assert row['citation'].startswith('Power et al. (2012), ')


def test_every_row_names_a_meaning_and_a_citation(catalogue):
    for row in dictionary_rows(catalogue):
        assert row['meaning']
        assert bool(row['citation']) == bool(row['source'])


def test_the_table_has_a_full_line_per_row(catalogue):
    rows = dictionary_rows(catalogue)
    tsv = dictionary_tsv(rows)
    lines = tsv.split('\n')
    assert lines[0] == '\t'.join(COLUMNS)
    assert lines[-1] == ''
    assert len(lines) == len(rows) + 2
    assert {line.count('\t') for line in lines[:-1]} == {len(COLUMNS) - 1}


def test_the_table_reads_back_as_the_rows(catalogue):
    rows = dictionary_rows(catalogue, 'dwi')
    shown = {True: 'true', False: 'false', '': 'n/a'}
    assert read(dictionary_tsv(rows)) == [
        {key: shown.get(value, value) for key, value in row.items()} for row in rows
    ]


def test_a_meaning_cannot_break_the_table(catalogue):
    row = dictionary_rows(catalogue, 'rating')[0] | {'meaning': 'one\ttwo\nthree'}
    assert read(dictionary_tsv([row]))[0]['meaning'] == 'one two three'
