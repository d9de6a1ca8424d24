"""A pseudonym is stable, says nothing, and is one per person."""

import re

import pytest

from mriqc_webapi.ratings.pseudonyms import pseudonym

SALT = 'of this archive'


def test_a_pseudonym_is_stable():
    assert pseudonym('ana@example.org', salt=SALT) == 'rater-532b042167f0'


def test_a_pseudonym_has_nothing_of_the_name():
    assert re.fullmatch('rater-[0-9a-f]{12}', pseudonym('ana@example.org', salt=SALT))


def test_another_salt_gives_another_pseudonym():
    assert pseudonym('ana@example.org', salt='a') != pseudonym('ana@example.org', salt='b')


def test_other_people_have_other_pseudonyms():
    assert pseudonym('ana@example.org', salt=SALT) != pseudonym('bo@example.org', salt=SALT)


@pytest.mark.parametrize(
    'name',
    ['Ana@Example.org', ' ana@example.org ', 'Ana <ana@example.org>', 'ana@example.org, Ana'],
)
def test_an_address_is_one_person_however_it_is_written(name):
    assert pseudonym(name, salt=SALT) == pseudonym('ana@example.org', salt=SALT)


def test_accents_are_the_same_in_either_encoding():
    assert pseudonym('Jos\u00e9', salt=SALT) == pseudonym('Jose\u0301', salt=SALT)


def test_bytes_and_text_of_a_salt_are_the_same():
    assert pseudonym('Ana', salt=b'salt') == pseudonym('Ana', salt='salt')


@pytest.mark.parametrize('name', ['', '   '])
def test_nobody_has_no_pseudonym(name):
    assert pseudonym(name, salt=SALT) == ''
