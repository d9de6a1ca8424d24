import pytest

from mriqc_webapi.query.paging import LAST_PAGE, parse_max_results, parse_page


@pytest.mark.parametrize(
    ('text', 'page'),
    [
        (None, 1),
        ('', 1),
        ('3', 3),
        (' 3 ', 3),
        ('0', 1),
        ('-1', 1),
        ('-2', 2),
        ('1.5', 1),
        ('abc', 1),
        ('inf', 1),
        ('99999999999999999999', LAST_PAGE),
        ('-99999999999999999999', LAST_PAGE),
        ('9' * 5000, 1),
    ],
)
def test_a_page_is_the_absolute_value_of_an_integer(text, page):
    assert parse_page(text) == page


@pytest.mark.parametrize(
    ('text', 'n_results'),
    [
        (None, 25),
        ('', 25),
        ('1', 1),
        ('50', 50),
        ('51', 50),
        ('1000', 50),
        ('3.9', 3),
        ('1e1', 10),
        ('1e300', 50),
        ('0', 25),
        ('0.9', 25),
        ('-5', 25),
        ('abc', 25),
        ('inf', 25),
        ('-inf', 25),
        ('1e999', 25),
        ('nan', 25),
    ],
)
def test_the_size_of_a_page_is_a_truncated_number(text, n_results):
    assert parse_max_results(text) == n_results
