"""What a client would rather have decides, and what it cannot use is never sent."""

import pytest

from mriqc_webapi.errors import NotAcceptableError
from mriqc_webapi.web.api_v2.exports import choose_format

PARQUET = 'application/vnd.apache.parquet'


@pytest.mark.parametrize(
    ('accept', 'format'),
    [
        ('', 'ndjson'),
        ('  ', 'ndjson'),
        ('*/*', 'ndjson'),
        ('text/html, */*;q=0.8', 'ndjson'),
        (f'text/csv;q=0.5, {PARQUET}', 'parquet'),
        (f'text/csv;Q=0.5, {PARQUET}', 'parquet'),
        (f'*/*;q=0.1, text/csv;q=0.2, {PARQUET};q=0.1', 'csv'),
        ('text/csv, */*', 'csv'),
        ('*/*, text/csv', 'csv'),
        ('text/*', 'csv'),
        ('text/*, text/csv;q=0', 'tsv'),
        (f'{PARQUET}, text/csv', 'parquet'),
        (f'text/csv, {PARQUET}', 'csv'),
        ('application/*, application/x-ndjson;q=0.1', 'parquet'),
        (f'text/csv;q=nan, text/tab-separated-values;q=2, {PARQUET};q=0.1', 'parquet'),
        ('TEXT/CSV ; header=present ; q=0.5', 'csv'),
    ],
)
def test_the_heaviest_format_is_chosen(accept, format) -> None:
    assert choose_format(accept) == format


@pytest.mark.parametrize(
    'accept', ['text/csv;q=0', 'image/png', '*/*;q=0', 'text/csv;q=none', f'{PARQUET};q=-1']
)
def test_who_takes_no_format_is_told_which_there_are(accept) -> None:
    with pytest.raises(NotAcceptableError, match='text/csv'):
        choose_format(accept)
