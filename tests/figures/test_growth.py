"""The growth of the archive, drawn."""

import csv
import io
from typing import Any

from mriqc_webapi.figures import growth, render
from mriqc_webapi.figures.registry import Put


def rows(answer: Any) -> list[dict[str, Any]]:
    """Give the points that are drawn."""
    told = csv.DictReader(io.StringIO(render(growth(answer), 'csv').decode()))
    return [row | {'n': int(row['n'])} for row in told]


def answer(**changed: Any) -> dict[str, Any]:
    """Give the growth of a resource over two months with a gap between them."""
    return {
        'resource': 'T1w',
        'view': 'raw',
        'n_used': 5,
        'n_missing': 0,
        'data_version': 9,
        'per': 'month',
        'periods': ['2020-01-01', '2020-06-01'],
        'new': [3, 2],
        'total': [3, 5],
        'new_unique': [2, 1],
        'total_unique': [2, 3],
        'by': [],
    } | changed


def of(points: list[dict[str, Any]], counted: str) -> list[tuple[str, int]]:
    return [(p['date'], p['n']) for p in points if p['counted'] == counted]


def test_a_count_is_level_while_nothing_comes_in() -> None:
    assert of(rows(answer()), 'records') == [
        ('2020-01-01', 0),
        ('2020-02-01', 3),
        ('2020-06-01', 3),
        ('2020-07-01', 5),
    ]


def test_distinct_images_are_told_beside_records() -> None:
    assert of(rows(answer()), 'distinct images')[-1] == ('2020-07-01', 3)


def test_each_curve_goes_on_to_the_end_of_the_last() -> None:
    early = answer(resource='bold', periods=['2020-01-01'], total=[4], total_unique=[4])
    points = rows({'resources': [early, answer()]})
    assert of([p for p in points if p['series'] == 'bold'], 'records')[-1] == ('2020-07-01', 4)


def test_weeks_end_after_seven_days() -> None:
    points = rows(answer(per='week', periods=['2020-01-06', '2020-01-13']))
    assert [date for date, _ in of(points, 'records')] == [
        '2020-01-06',
        '2020-01-13',
        '2020-01-20',
    ]


def test_groups_beyond_the_colours_are_put_together() -> None:
    part = {'total': [1, 2], 'total_unique': [1, 1]}
    groups = [{'group': {'vendor': f'V{i}'}, **part} for i in range(9)]
    points = rows(answer(groups=groups, other={'n_groups': 3, **part}, by=['vendor']))
    assert {p['series'] for p in points} == {*(f'V{i}' for i in range(7)), 'others'}
    assert of([p for p in points if p['series'] == 'others'], 'records')[-1][1] == 6


def test_an_empty_archive_is_said_to_be_empty() -> None:
    empty = answer(periods=[], total=[], new=[], new_unique=[], total_unique=[], n_used=0)
    assert 'There are no records yet.' in render(growth(empty), 'svg').decode()


def test_the_figure_says_how_many_records_and_of_which_state() -> None:
    svg = render(growth(answer()), 'svg').decode()
    assert '5 records of 3 distinct images, raw view; data version 9' in svg


def test_every_record_of_the_archive_counts(put: Put) -> None:
    points = of(rows(put('growth', view='raw')), 'records')
    assert sum(n for date, n in points if date == points[-1][0]) == 600
