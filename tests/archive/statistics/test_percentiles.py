"""Percentiles of many IQMs, against NumPy's."""

import numpy as np
import pytest

from mriqc_webapi.archive.statistics.percentiles import TABULATED, Percentiles
from mriqc_webapi.errors import QueryError


def test_the_percentiles_of_every_iqm_of_real_records_are_numpys(bold):
    documents, laboratory = bold
    told = laboratory.ask(Percentiles())
    names = [one['iqm'] for one in told['iqms']]
    assert {'fd_mean', 'tsnr', 'aor'} <= set(names)
    for one in told['iqms']:
        values = [d[one['iqm']] for d in documents if d.get(one['iqm']) is not None]
        assert (one['n_used'], one['n_missing']) == (len(values), len(documents) - len(values))
        if values:
            assert one['values'] == pytest.approx(np.percentile(values, TABULATED), rel=1e-9)


def test_the_table_goes_up_without_gaps_larger_than_one_percent():
    steps = np.diff(TABULATED)
    assert (TABULATED[0], TABULATED[-1]) == (0, 100)
    assert steps.min() > 0
    assert steps.max() == 1


def test_iqms_and_percentiles_can_be_chosen(lab):
    told = lab([{'cjv': float(i), 'snr': 1.0} for i in range(5)]).ask(
        Percentiles(iqms=('cjv',), percentiles=(0.0, 50.0))
    )
    assert told['percentiles'] == [0, 50]
    assert told['iqms'] == [{'iqm': 'cjv', 'n_used': 5, 'n_missing': 0, 'values': [0, 2]}]


def test_records_without_any_value_are_missing(lab):
    told = lab([{'cjv': 1.0}, {'snr': 2.0}, {'efc': 3.0}]).ask(Percentiles(iqms=('cjv', 'snr')))
    assert (told['n_used'], told['n_missing']) == (2, 1)


def test_no_values_have_no_percentiles(lab):
    (one,) = lab([]).ask(Percentiles(iqms=('cjv',), percentiles=(50.0,)))['iqms']
    assert (one['n_used'], one['values']) == (0, [None])


@pytest.mark.parametrize(
    'given',
    [
        {'percentiles': ()},
        {'percentiles': (101.0,)},
        {'percentiles': (float('nan'),)},
        {'percentiles': (1.0,) * 202},
        {'iqms': ('cjv',) * 101},
    ],
)
def test_questions_without_an_answer_are_refused(given):
    with pytest.raises(QueryError):
        Percentiles(**given)
