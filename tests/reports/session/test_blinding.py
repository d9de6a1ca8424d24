"""What blind raters do not read."""

import pytest

from mriqc_webapi.reports.session.blinding import HIDDEN, blinded

REPORT = 'reports/sub-0042_ses-b_T1w.html'


@pytest.mark.parametrize(
    'text',
    [
        '<title>sub-0042_ses-b_T1w :: MRIQC</title>',
        '<li>BIDS filename: sub-0042_ses-b_T1w.nii.gz.</li>',
        '<li>Subject ID: 0042.</li>',
        '<td>Participant</td><td>0042</td>',
        '<li>Session: b.</li>',
        '<p>sub-0042</p>',
    ],
)
def test_names_are_hidden(text: str) -> None:
    seen = blinded(text.encode(), report=REPORT)
    assert HIDDEN in seen
    assert b'0042' not in seen


@pytest.mark.parametrize(
    'text',
    [
        '<img src="./sub-0042/figures/sub-0042_ses-b_desc-zoomed_T1w.svg">',
        '<script>const report = "sub-0042_ses-b_T1w";</script>',
        '<p>1.0042 mm, 0042 voxels, b values, sub-00421</p>',
        '<p>The subject lay still: b</p>'.replace(': b', '.'),
    ],
)
def test_what_is_no_name_stays(text: str) -> None:
    assert blinded(text.encode(), report=REPORT) == text.encode()


def test_a_report_without_entities_is_hidden_by_its_own_name() -> None:
    assert blinded(b'<p>sub-x</p>', report='sub-x.html') == b'<p>' + HIDDEN + b'</p>'


def test_a_large_report_is_hidden_at_once() -> None:
    import time

    page = b'<p>sub-0042</p>' * 100 + b'<img src="data:' + b'A' * 10_000_000 + b'">' + b'<b>x</b>'
    begun = time.perf_counter()
    blinded(page, report=REPORT)
    assert time.perf_counter() - begun < 5
