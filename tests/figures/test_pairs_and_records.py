"""Relations, correlations, and single records, drawn."""

import csv
import io
from typing import Any

import pytest

from mriqc_webapi.figures import FIGURES, Wanted, correlation, percentiles, relation, render
from mriqc_webapi.figures.registry import Put
from mriqc_webapi.figures.rendering import specification


def csv_rows(chart: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(chart, 'csv').decode())))


def test_all_records_are_in_a_cell_or_said_to_be_beyond(put: Put) -> None:
    told = FIGURES['relation'].ask(put, Wanted(resource='bold', x='fd_mean', y='tsnr'))
    chart = relation(told)
    assert sum(int(r['n']) for r in csv_rows(chart)) + told['n_outside'] == told['n_used']
    assert told['n_outside'] > 0
    assert 'beyond the axes' in specification(chart)['description']


def test_two_iqms_without_records_give_no_cells(put: Put) -> None:
    wanted = Wanted(resource='bold', x='fd_mean', y='tsnr', where='tsnr < -1')
    svg = render(relation(FIGURES['relation'].ask(put, wanted)), 'svg').decode()
    assert 'There is nothing to draw' in svg


def test_every_pair_is_told_with_its_number_of_records(put: Put) -> None:
    wanted = Wanted(resource='bold', iqm='fd_mean,tsnr')
    told = FIGURES['correlation'].ask(put, wanted)
    found = {(r['x'], r['y']): float(r['r']) for r in csv_rows(correlation(told))}
    assert found['fd_mean', 'tsnr'] == pytest.approx(told['spearman'][0][1])
    assert found['fd_mean', 'fd_mean'] == 1


def test_a_constant_iqm_leaves_its_cells_blank(put: Put) -> None:
    wanted = Wanted(resource='T1w', iqm='cjv,size_z', where='size_z == 192')
    rows = csv_rows(correlation(FIGURES['correlation'].ask(put, wanted)))
    assert {(r['x'], r['y']) for r in rows} == {('cjv', 'cjv')}


def standing(**changed: Any) -> dict[str, Any]:
    """Give a record that is ordinary in one IQM and unusual in another."""
    part = {'unit': '1', 'better': 'lower', 'n_used': 100, 'n_missing': 0, 'value': 1.0}
    return {
        'resource': 'T1w',
        'view': 'canonical',
        'id': 'a' * 24,
        'n_used': 100,
        'n_missing': 0,
        'data_version': 1,
        'same': {'vendor': 'GE'},
        'iqms': [
            {'iqm': 'cjv', 'percentile': 40.0, **part},
            {'iqm': 'cnr', 'percentile': 99.5, **part},
            {'iqm': 'efc', 'percentile': None, **part},
        ],
    } | changed


def test_an_unusual_value_is_marked() -> None:
    kinds = {r['iqm']: r['kind'] for r in csv_rows(percentiles(standing()))}
    assert kinds == {'cjv': 'as most', 'cnr': 'unusual'}


def test_the_peers_are_named() -> None:
    description = specification(percentiles(standing()))['description']
    assert '100 peers of the same vendor GE, canonical view' in description


def test_too_few_peers_are_said_to_be_too_few() -> None:
    svg = render(percentiles(standing(iqms=[])), 'svg').decode()
    assert 'Too few peers to tell' in svg
