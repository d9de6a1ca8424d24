"""The formulas, the catalogue and the page of formulas know the same IQMs."""

from dataclasses import replace
from pathlib import Path

import pytest

from mriqc_webapi.extract.formulas import anatomical_iqms, functional_iqms
from mriqc_webapi.extract.formulas.reference import PAGE, page
from mriqc_webapi.extract.formulas.registry import FORMULAS, KINDS
from mriqc_webapi.iqm.loader import load_catalogue
from tests.extract.formulas.frozen import anatomical_case, functional_case, load

DOCS = Path(__file__).parents[3] / 'docs'
SECTIONS = ('Returns', 'References')


def fields_of(resource):
    return {f.name: f for f in load_catalogue()[resource].fields if f.role == 'iqm'}


@pytest.fixture(scope='module')
def taken():
    head = replace(anatomical_case(load('anatomical_0')), n_volumes=3, repetition_time_s=2.0)
    heads = {c: anatomical_iqms(replace(head, contrast=c)).values for c in ('T1w', 'T2w')}
    return heads | {'bold': functional_iqms(functional_case(load('functional_0'))).values}


@pytest.mark.parametrize('resource', KINDS)
def test_no_iqm_of_the_catalogue_is_missing_and_none_is_invented(taken, resource):
    assert set(taken[resource]) == set(fields_of(resource))


@pytest.mark.parametrize('resource', KINDS)
def test_iqms_have_the_types_that_the_catalogue_says(taken, resource):
    kinds = {'float': {float, int}, 'integer': {int}}  # and no others, such as NumPy's
    for name, field in fields_of(resource).items():
        assert type(taken[resource][name]) in kinds[field.type], name


@pytest.mark.parametrize('resource', KINDS)
def test_each_iqm_comes_of_one_formula(resource):
    for name in fields_of(resource):
        assert sum(f.gives(name, KINDS[resource]) for f in FORMULAS) == 1, name


def test_each_formula_says_what_it_gives_and_where_it_comes_from():
    for formula in FORMULAS:
        text = formula.function.__doc__ or ''
        missing = [s for s in SECTIONS if f'{s}\n    {"-" * len(s)}' not in text]
        assert not missing, formula.function.__name__


def test_the_page_of_formulas_is_up_to_date():
    hint = 'run: python -m mriqc_webapi.extract.formulas.reference docs'
    assert (DOCS / PAGE).read_text() == page(), hint


@pytest.mark.parametrize('resource', KINDS)
def test_the_page_of_formulas_names_each_iqm(resource):
    text = page()
    assert [name for name in fields_of(resource) if f'`{name}`' not in text] == []
