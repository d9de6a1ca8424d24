"""Ratings as tests need them, and real tables of them."""

import csv
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from mriqc_webapi.ratings.rating import Rating, parse_rating
from mriqc_webapi.ratings.resampling import Floats
from tests.factories import MD5, NOW

TABLES = Path(__file__).parents[1] / 'data' / 'ratings'
GRADE_OF = {'-1': 'exclude', '0': 'poor', '1': 'acceptable'}  # of the tables' three classes

_numbers = count(1)


def rated(
    value: Any = '3.05', md5sum: str | None = MD5, rater: str = 'ana', **members: Any
) -> Rating:
    """Make a rating; each is a second younger than the one made before it."""
    number = next(_numbers)
    id = members.pop('id', f'{number:024x}')
    created_at = members.pop('created_at', NOW + number)
    document = {'rating': value, 'md5sum': md5sum, 'name': rater, 'comment': '', **members}
    return parse_rating(document, id=id, created_at=created_at)


def read_table(name: str) -> tuple[list[str], Floats]:
    """Read a real table: subjects, and what each of their raters said (NaN: not rated)."""
    with (TABLES / f'{name}.tsv').open(encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file, delimiter='\t'))
    raters = [column for column in rows[0] if column.startswith('rater_')]
    values = [[np.nan if r[c] == 'n/a' else float(r[c]) for c in raters] for r in rows]
    return [r['subject_id'] for r in rows], np.array(values)


def ratings_of(name: str) -> list[Rating]:
    """Read a real table as ratings on the scale v1, each image named by its subject."""
    subjects, values = read_table(name)
    return [
        rated(GRADE_OF[f'{values[i, j]:.0f}'], subjects[i], f'rater_{j + 1}', scale='v1')
        for i, j in zip(*np.nonzero(~np.isnan(values)), strict=True)
    ]
