"""Histograms, one or many, drawn."""

import csv
import io
from typing import Any

import pytest

from mriqc_webapi.errors import QueryError
from mriqc_webapi.figures import FIGURES, Wanted, distribution, distributions, render
from mriqc_webapi.figures.registry import Put
from mriqc_webapi.figures.rendering import specification


def asked(put: Put, name: str = 'distribution', **wanted: str) -> Any:
    """Give what a figure is told."""
    return FIGURES[name].ask(put, Wanted(**{'resource': 'T1w', 'iqm': 'cjv'} | wanted))


def csv_rows(chart: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(chart, 'csv').decode())))


def described(chart: Any) -> str:
    text: str = specification(chart)['description']
    return text


def test_all_records_are_in_a_bin_or_said_to_be_beyond(put: Put) -> None:
    told = asked(put, resource='bold', iqm='fd_mean')
    n_drawn = sum(int(row['n']) for row in csv_rows(distribution(told)))
    n_beyond = told['n_below'] + told['n_above']
    assert n_drawn + n_beyond == told['n_used']
    assert n_beyond > 0
    assert f'{n_beyond} record' in described(distribution(told))
    assert 'beyond the axis' in described(distribution(told))


def test_a_distribution_without_a_tail_is_drawn_whole(put: Put) -> None:
    told = asked(put)
    assert (told['edges'][0], told['edges'][-1]) == (told['min'], told['max'])
    assert 'beyond' not in described(distribution(told))


def test_groups_are_drawn_as_shares_of_themselves(put: Put) -> None:
    rows = csv_rows(distribution(asked(put, by='vendor')))
    for name in {row['group'] for row in rows}:
        assert sum(float(r['share']) for r in rows if r['group'] == name) == pytest.approx(1)


def test_a_group_tells_its_number_of_records(put: Put) -> None:
    names = {row['group'] for row in csv_rows(distribution(asked(put, by='vendor')))}
    assert {'Siemens (50)', 'not told (86)'} <= names


def test_groups_that_are_too_small_are_counted_but_not_drawn(put: Put) -> None:
    told = asked(put, resource='bold', iqm='fd_mean', by='vendor')
    chart = distribution(told)
    assert told['other']['n_used'] == 7
    assert '7 records in smaller groups not drawn' in described(chart)
    assert 'others' not in {row['group'].split()[0] for row in csv_rows(chart)}


def test_equal_values_are_drawn_as_one_bar(put: Put) -> None:
    [row] = csv_rows(distribution(asked(put, iqm='size_z', where='size_z == 192')))
    assert float(row['low']) < 192 < float(row['high'])


def test_no_records_are_said_to_be_none(put: Put) -> None:
    chart = distribution(asked(put, where='cjv > 1000'))
    assert 'There is nothing to draw: 0 records' in render(chart, 'svg').decode()


def test_median_and_percentiles_are_told(put: Put) -> None:
    told = asked(put)
    median = next(p['value'] for p in told['percentiles'] if p['p'] == 50)
    assert f'median {median:.3g}, 5–95 %' in described(distribution(told))


def test_the_axis_tells_the_unit(put: Put) -> None:
    chart = distribution(asked(put, resource='bold', iqm='fd_mean'))
    assert 'fd_mean (mm)' in render(chart, 'svg').decode()


@pytest.mark.parametrize(
    ('resource', 'names'),
    [
        ('T1w', ['cjv', 'cnr', 'snr_wm', 'fwhm_avg', 'wm2max']),
        ('bold', ['fd_mean', 'dvars_nstd', 'gcor', 'gsr_x', 'gsr_y', 'tsnr']),
    ],
)
def test_small_multiples_begin_with_the_poster(resource: str, names: list[str], put: Put) -> None:
    told = asked(put, 'distributions', resource=resource, iqm='')
    assert [part['iqm'] for part in told['distributions']] == names


def test_small_multiples_show_what_is_asked_for(put: Put) -> None:
    chart = distributions(asked(put, 'distributions', iqm='efc, cjv,efc'))
    assert {row['iqm'] for row in csv_rows(chart)} == {'efc', 'cjv'}


def test_a_group_has_one_colour_in_all_panels(put: Put) -> None:
    chart = distributions(asked(put, 'distributions', iqm='cjv,snr_wm', by='vendor'))
    assert {row['group'] for row in csv_rows(chart)} == {'Siemens', 'Philips', 'not told'}


def test_more_panels_than_anybody_reads_are_refused(put: Put) -> None:
    with pytest.raises(QueryError, match='at most 30'):
        asked(put, 'distributions', iqm=','.join(f'iqm_{i}' for i in range(31)))


def test_a_modality_without_records_is_said_to_be_empty(put: Put) -> None:
    chart = distributions(asked(put, 'distributions', resource='dwi', iqm=''))
    assert 'There are no records to draw.' in render(chart, 'svg').decode()


HOSTILE = '</text><script>alert(1)</script>'


def test_a_vendor_that_is_a_script_comes_out_as_text(put: Put) -> None:
    told = asked(put, by='vendor')
    told['groups'][0]['group']['vendor'] = HOSTILE
    svg = render(distribution(told), 'svg').decode()
    assert '<script' not in svg
    assert '&lt;script' in svg


def test_a_vendor_that_is_a_formula_does_not_run_in_a_spreadsheet(put: Put) -> None:
    told = asked(put, by='vendor')
    told['groups'][0]['group']['vendor'] = '=HYPERLINK("x")'
    assert "'=HYPERLINK" in render(distribution(told), 'csv').decode()
