"""What any widget posted becomes one value, and nothing is lost on the way."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.ratings.rating import document_of, parse_rating
from tests.factories import MD5, NOW

RELEASED = {'rating': '2.55', 'md5sum': 'unspecified', 'name': '', 'comment': '["head-motion"]'}
MEMBERS = [
    *('rating', 'md5sum', 'name', 'comment', 'scale', 'artifacts', 'confidence', 'time_s'),
    *('modality', 'software', 'version', 'report', 'session', 'defaced', 'amends', 'rater'),
]

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
lists = st.lists(st.text() | st.sampled_from(['inu', 'Head motion', 'x@y.org']))
likely = st.sampled_from(
    ['0', '2', '2.55', 'good', 'v0', 'v2', 'mriqc', '0.14.0', 'a@example.org']
)
junk = plain | likely | lists | lists.map(json.dumps) | st.dictionaries(st.text(), plain)
documents = st.dictionaries(st.sampled_from(MEMBERS) | st.text(), junk)


def parse(**document):
    return parse_rating(document, id='a' * 24, created_at=NOW)


def test_a_post_of_the_released_widget_is_unpacked():
    rating = parse(**RELEASED)
    assert (rating.scale, rating.score, rating.grade) == ('v2', 2.55, 'acceptable')
    assert (rating.md5sum, rating.artifacts, rating.comment) == (None, ('head-motion',), '')


def test_a_whole_number_of_the_released_widget_is_on_its_scale():
    assert parse(rating='3', comment='[]').scale == 'v2'


def test_a_post_of_2018_keeps_name_and_comment():
    rating = parse(rating='good', md5sum=MD5, name=' Ana  B ', comment='a [ghost]')
    assert (rating.rater, rating.comment, rating.artifacts) == ('Ana B', 'a [ghost]', ())


@pytest.mark.parametrize(
    'comment', ['[1, 2]', '[""]', '["a"', '{"a": 1}', '[' * 9999, '["a", {}]']
)
def test_a_comment_that_lists_no_artifacts_is_a_comment(comment):
    rating = parse(rating='1.5', comment=comment)
    assert (rating.comment, rating.artifacts) == (comment, ())


def test_a_list_in_the_comment_is_a_comment_where_artifacts_have_their_own_member():
    rating = parse(rating='1.5', comment='["inu"]', artifacts=['wrap-around'])
    assert (rating.comment, rating.artifacts) == ('["inu"]', ('wrap-around',))


def test_a_rating_of_the_current_api_is_whole():
    rating = parse(
        rating=3.05,
        scale='v2',
        md5sum=MD5.upper(),
        confidence=3.5,
        time_s=12,
        modality='T1w',
        software='mriqc',
        version='25.0.0',
        report='sub-01_T1w.html',
        session='autumn',
        defaced=False,
        amends='b' * 24,
        name='ana',
        rater='rater-0123',
    )
    assert (rating.value, rating.score, rating.md5sum) == ('3.05', 3.05, MD5)
    assert (rating.confidence, rating.duration_s, rating.is_defaced) == (3.5, 12.0, False)
    assert (rating.rater, rating.session, rating.amends) == ('rater-0123', 'autumn', 'b' * 24)


@pytest.mark.parametrize('md5sum', [None, '', ' unspecified ', 'Unspecified', 7])
def test_no_image_is_named_by_what_the_widget_sends_for_none(md5sum):
    assert parse(rating='2', md5sum=md5sum).md5sum is None


@pytest.mark.parametrize('number', [-1, 4.01, float('nan'), float('inf'), True, '3', 10**400])
def test_confidence_out_of_its_range_is_none(number):
    assert parse(rating='2', confidence=number).confidence is None


def test_an_address_in_a_name_does_not_show():
    assert 'example' not in parse(rating='2', name='Ana ana@example.org').rater


@given(documents)
def test_any_document_is_read_and_its_value_is_as_sent(document):
    rating = parse(**document)
    sent = document.get('rating')
    assert rating.value == sent if isinstance(sent, str) else isinstance(rating.value, str)


@given(documents)
def test_a_rating_written_and_read_again_is_the_same(document):
    rating = parse(**document)
    written = json.loads(json.dumps(document_of(rating)))
    assert parse(**written) == rating


@given(lists, st.text())
def test_artifacts_in_the_comment_are_those_in_their_own_member(artifacts, comment):
    ticked = [a for a in artifacts if a.strip()]
    unpacked = parse(rating='2.5', comment=json.dumps(ticked))
    assert unpacked.artifacts == parse(rating='2.5', artifacts=ticked, comment=comment).artifacts


def test_reading_ratings_needs_no_numpy():
    code = 'import sys, mriqc_webapi.ratings.rating; print("numpy" in sys.modules)'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == 'False\n'
