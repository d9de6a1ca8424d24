"""The carpet and the curves above it."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mriqc_webapi.extract.report.carpet import ROWS, carpet
from mriqc_webapi.extract.report.courses import time_panel
from tests.extract.report.heads import functional_head
from tests.extract.report.reports import traces_of


@pytest.fixture(scope='module')
def series():
    """A short series: 60 volumes, two jumps, one volume with half of its slices dark."""
    return functional_head((32, 38, 24), 60, (5.6, 5.6, 6.0))


def shades(strip):
    """Read a strip of the carpet back."""
    data = base64.b64decode(strip.picture.partition(',')[2])
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert('L')).astype(float)


def test_groups_come_in_order_with_a_column_for_each_volume(series):
    strips = carpet(series)
    assert [strip.group for strip in strips] == ['brain', 'rim', 'outside']
    assert [shades(strip).shape[1] for strip in strips] == [series.series.shape[-1]] * 3
    assert [strip.height for strip in strips] == list(ROWS.values())
    assert strips[0].n_voxels == series.brain.sum()


def test_what_befalls_half_of_the_slices_shows_in_their_rows(series):
    spike = series.series.shape[-1] // 2
    column = shades(carpet(series)[0])[:, spike]
    assert 0.2 < np.mean(column < 40) < 0.8


def test_a_jump_of_the_head_is_a_line_through_the_brain(series):
    moved = int(np.argmax(traces_of(series).fd_mm))
    brain = shades(carpet(series)[0]).mean(0)
    assert brain[moved] - np.median(brain) > 50


def test_a_group_that_never_changes_is_left_out(series):
    still = series.realigned.copy()
    still[~(series.brain | series.rim)] = 7.0
    groups = [strip.group for strip in carpet(replace(series, realigned=still))]
    assert groups == ['brain', 'rim']


def test_missing_values_make_no_hole(series):
    holed = series.realigned.copy()
    holed[:, :, :, 3] = np.nan
    assert len(carpet(replace(series, realigned=holed))) == 3


def test_a_long_series_is_drawn_in_bearable_width(series):
    long = np.tile(series.realigned[:8, :8, :4], 50)
    cube = {'realigned': long, 'brain': np.ones(long.shape[:3], bool)}
    (strip,) = carpet(replace(series, rim=np.zeros(long.shape[:3], bool), **cube))
    assert shades(strip).shape[1] <= 2000


def test_a_curve_is_interrupted_where_a_value_is_missing(series):
    traces = traces_of(series)
    traces.dvars[30] = np.nan
    panel = time_panel(series, traces)
    (dvars,) = panel.before[1].curves
    assert re.findall(r'M([\d.]+)', dvars.path) == ['1.5', '31.5']


def test_volumes_over_the_threshold_are_marked(series):
    traces = traces_of(series)
    panel = time_panel(series, traces, fd_threshold_mm=0.4)
    moved = np.flatnonzero(traces.fd_mm > 0.4)
    assert panel.n_marked == len(moved) > 0
    assert re.findall(r'M(\d+)', panel.marks) == [str(i) for i in moved]


def test_curves_stay_within_their_plot(series):
    panel = time_panel(series, traces_of(series))
    for plot in (*panel.before, *panel.after):
        heights = [float(y) for c in plot.curves for y in re.findall(r' ([\d.-]+)', c.path)]
        assert heights
        assert 0 <= min(heights) <= max(heights) <= 100


@pytest.mark.parametrize(
    ('repetition_time_s', 'ticks'),
    [(2.0, ('0:04', '0:34', '1:04', '1:34', '2:04')), (None, ('2', '17', '32', '47', '62'))],
)
def test_time_begins_with_the_file_dummies_included(series, repetition_time_s, ticks):
    timed = replace(series, repetition_time_s=repetition_time_s)
    assert time_panel(timed, None).ticks == ticks


def test_without_traces_there_are_carpet_and_motion(series):
    panel = time_panel(series, None)
    assert panel.before == ()
    assert panel.strips
    assert [plot.name for plot in panel.after] == ['Shift', 'Turn']
