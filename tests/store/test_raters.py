"""Raters whose name was an address are known by a pseudonym."""

import pytest

from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.store.raters import with_pseudonym
from mriqc_webapi.submissions.check import Checker

RATING = load_catalogue()['rating']


@pytest.fixture(scope='module')
def check():
    return Checker(RATING, limits=Limits())


def named(check, name, salt='salt', **more):
    submission = check({'rating': '3', 'md5sum': 'x', 'name': name, **more}, keep_identity=True)
    return with_pseudonym(submission, resource=RATING, salt=salt).document


def test_an_address_becomes_the_same_pseudonym_each_time(check):
    one, other = named(check, 'jane@example.org'), named(check, 'Jane <JANE@example.org>')
    assert one['rater'] == other['rater']
    assert one['rater'].startswith('rater-')
    assert 'example' not in str(one) + str(other)


def test_two_raters_and_two_stores_have_different_ones(check):
    found = {
        named(check, 'jane@example.org')['rater'],
        named(check, 'joe@example.org')['rater'],
        named(check, 'jane@example.org', salt='other')['rater'],
    }
    assert len(found) == 3


@pytest.mark.parametrize('name', ['jane', '', '@jane', 'jane at example'])
def test_a_name_that_is_no_address_stays_as_it_is(check, name):
    document = named(check, name)
    assert document['name'] == name
    assert 'rater' not in document


def test_an_import_keeps_the_pseudonym_that_is_there(check):
    assert named(check, 'jane@example.org', rater='rater-1')['rater'] == 'rater-1'


def test_an_address_elsewhere_makes_no_rater(check):
    assert 'rater' not in named(check, 'jane', comment='ask jane@example.org')
