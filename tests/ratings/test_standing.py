"""Of a chain of amendments the newest counts; what was amended is history."""

from itertools import permutations

from mriqc_webapi.ratings.rating import standing
from tests.ratings.rated import rated


def ids(ratings):
    return [r.id for r in ratings]


def test_ratings_that_amend_nothing_all_stand_oldest_first():
    first, second = rated(id='b'), rated(id='a')
    assert ids(standing([second, first])) == ['b', 'a']


def test_the_newest_of_a_chain_stands_in_whatever_order_they_come():
    chain = [rated(id='a'), rated(id='b', amends='a'), rated(id='c', amends='b')]
    assert {tuple(ids(standing(p))) for p in permutations(chain)} == {('c',)}


def test_of_two_corrections_the_later_counts():
    chain = [rated(id='a'), rated(id='c', amends='a'), rated(id='b', amends='a')]
    assert ids(standing(chain)) == ['b']


def test_an_amendment_counts_though_its_clock_was_behind():
    chain = [rated(id='a', created_at=9), rated(id='b', amends='a', created_at=5)]
    assert ids(standing(chain)) == ['b']


def test_amendments_of_a_rating_that_is_gone_are_one_chain():
    assert ids(standing([rated(id='b', amends='a'), rated(id='c', amends='a')])) == ['c']


def test_a_chain_that_bites_its_own_tail_gives_one_rating():
    ring = [rated(id='a', amends='c'), rated(id='b', amends='a'), rated(id='c', amends='b')]
    assert ids(standing(ring)) == ['c']


def test_what_hangs_on_a_ring_is_of_its_chain():
    ring = [rated(id='a', amends='b'), rated(id='b', amends='a'), rated(id='c', amends='b')]
    assert ids(standing(ring)) == ['c']


def test_a_rating_that_amends_itself_stands():
    assert ids(standing([rated(id='a', amends='a')])) == ['a']


def test_a_rating_given_twice_is_one():
    rating = rated(id='a')
    assert standing([rating, rating]) == [rating]


def test_what_stands_goes_on_standing():
    chain = [rated(id='a'), rated(id='b', amends='a'), rated(id='c')]
    assert standing(standing(chain)) == standing(chain)
