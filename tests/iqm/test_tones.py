"""What is said of a place among others."""

import pytest

from mriqc_webapi.iqm.tones import TAIL, tone_of


@pytest.mark.parametrize(
    ('percentile', 'better', 'tone'),
    [
        (None, 'higher', 'plain'),
        (50.0, 'lower', 'plain'),
        (TAIL + 0.1, 'higher', 'plain'),
        (TAIL, 'higher', 'bad'),
        (100 - TAIL, 'higher', 'good'),
        (0.0, 'lower', 'good'),
        (100.0, 'lower', 'bad'),
        (0.0, 'neither', 'odd'),
    ],
)
def test_only_the_ends_are_unusual_and_the_direction_says_whether_that_is_good(
    percentile, better, tone
):
    assert tone_of(percentile, better) == tone
