import math

import pytest

from mriqc_webapi.submissions.sources.extended_json import plain

DATE = 'Thu, 24 Aug 2017 23:55:19 GMT'
MILLIS = 1503618919000


@pytest.mark.parametrize(
    ('wrapped', 'value'),
    [
        ({'$oid': '599f6767265d2000079e86c5'}, '599f6767265d2000079e86c5'),
        ({'$numberInt': '42'}, 42),
        ({'$numberLong': '-9007199254740993'}, -9007199254740993),
        ({'$numberDouble': '0.1'}, 0.1),
        ({'$numberDouble': '-Infinity'}, -math.inf),
        ({'$numberDecimal': '2.50'}, 2.5),
        ({'$undefined': True}, None),
        ({'$date': '2017-08-24T23:55:19.000Z'}, DATE),
        ({'$date': '2017-08-25T01:55:19.12+02:00'}, DATE),
        ({'$date': MILLIS}, DATE),
        ({'$date': DATE}, DATE),
        ({'$date': {'$numberLong': str(MILLIS)}}, DATE),
    ],
)
def test_a_wrapper_becomes_its_value_at_any_depth(wrapped, value):
    assert plain({'a': [{'b': wrapped}]}) == {'a': [{'b': value}]}


def test_not_a_number_stays_one():
    assert math.isnan(plain({'$numberDouble': 'NaN'}))


def test_keys_that_differ_in_case_only_are_both_kept():
    both = {'Modality': 'MR', 'modality': 'T1w'}
    assert plain({'bids_meta': both}) == {'bids_meta': both}


def test_objects_that_merely_look_like_wrappers_stay():
    assert plain({'$oid': 'x', 'y': 1}) == {'$oid': 'x', 'y': 1}


@pytest.mark.parametrize(
    'wrapped',
    [
        {'$numberInt': 'many'},
        {'$numberInt': 1.5},
        {'$numberDecimal': '1E6000'},
        {'$date': 'yesterday'},
        {'$date': None},
        {'$date': 1e300},
    ],
)
def test_a_wrapper_around_nonsense_is_an_error(wrapped):
    with pytest.raises(ValueError, match=r'\S'):
        plain(wrapped)
