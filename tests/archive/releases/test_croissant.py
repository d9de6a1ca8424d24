"""The description is held against the reference implementation of the vocabulary."""

import json
import math
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pyarrow.parquet
import pytest


def validated(folder):
    tool = Path(sys.executable).with_name('mlcroissant')
    command = [str(tool), 'validate', '--jsonld', str(folder / 'croissant.json')]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stderr


@pytest.fixture(scope='module')
def mlcroissant():
    """The reference implementation."""
    return pytest.importorskip('mlcroissant')


def test_the_description_is_valid_without_a_warning(released):
    code, said = validated(released)
    assert code == 0, said
    assert 'Done' in said
    assert 'arning' not in said


def test_the_description_of_a_split_table_is_valid_too(curator):
    code, said = validated(curator.create(max_rows=150))
    assert code == 0, said
    assert 'arning' not in said


def test_it_follows_version_1_0_and_names_licence_and_citation(released):
    told = json.loads((released / 'croissant.json').read_bytes())
    assert told['conformsTo'] == 'http://mlcommons.org/croissant/1.0'
    assert told['license'].startswith('https://creativecommons.org/publicdomain/zero')
    assert 'doi' in told['citeAs']


@pytest.mark.parametrize('max_rows', [1_000_000, 150])
@pytest.mark.filterwarnings('ignore::DeprecationWarning')  # mlcroissant's own use of rdflib
def test_the_records_can_be_read_by_the_description_alone(curator, mlcroissant, max_rows):
    folder = curator.create(max_rows=max_rows)
    dataset = mlcroissant.Dataset(str(folder / 'croissant.json'))
    found = list(islice(dataset.records('T1w-raw-records'), 3))
    first = min((folder / 'T1w/raw').rglob('*.parquet'))
    wanted = pyarrow.parquet.ParquetFile(first).read().slice(0, 3).to_pylist()
    for record, row in zip(found, wanted, strict=True):
        assert record['T1w-raw-records/_id'] in {row['_id'], row['_id'].encode()}
        assert math.isclose(record['T1w-raw-records/cjv'], row['cjv'])
