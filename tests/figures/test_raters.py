"""What raters do and agree on, drawn."""

import csv
import io
from typing import Any

from mriqc_webapi.figures import agreement, artifacts, grades, ratings_activity, render
from mriqc_webapi.figures.registry import Put
from mriqc_webapi.figures.rendering import specification


def csv_rows(chart: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(chart, 'csv').decode())))


def test_all_ratings_are_in_a_bar(put: Put) -> None:
    told = put('ratings/activity')
    assert sum(int(r['n']) for r in csv_rows(ratings_activity(told))) == told['n_ratings']
    assert sum(int(r['n']) for r in csv_rows(grades(told))) == told['n_ratings']


def test_the_most_frequent_artifact_comes_first(put: Put) -> None:
    named = [
        {'artifact': 'inu', 'n': 2, 'n_images': 2},
        {'artifact': 'ghost', 'n': 9, 'n_images': 1},
    ]
    told = put('ratings/activity') | {'artifacts': named}
    assert [r['artifact'] for r in csv_rows(artifacts(told))] == ['ghost', 'inu']


def test_an_artifact_that_is_a_script_comes_out_as_text(put: Put) -> None:
    named = [{'artifact': '<script>alert(1)</script>', 'n': 2, 'n_images': 2}]
    svg = render(artifacts(put('ratings/activity') | {'artifacts': named}), 'svg').decode()
    assert '<script' not in svg
    assert '&lt;script' in svg


def test_agreement_has_its_interval(put: Put) -> None:
    told = put('ratings/agreement')
    [alpha] = [r for r in csv_rows(agreement(told)) if r['measure'].startswith('Krippendorff')]
    known = told['overall']['alpha']
    assert [float(alpha[k]) for k in ('low', 'value', 'high')] == [
        known['low'],
        known['value'],
        known['high'],
    ]


def test_raters_without_an_image_in_common_are_said_to_have_none(put: Put) -> None:
    told = put('ratings/agreement', where='{"rating": "no such"}')
    description = specification(agreement(told))['description']
    assert 'No image has been rated by two people yet.' in description


def test_no_ratings_are_said_to_be_none(put: Put) -> None:
    told = put('ratings/activity', where='{"rating": "no such"}')
    for draw in (ratings_activity, grades):
        assert 'There are no ratings yet.' in render(draw(told), 'svg').decode()
