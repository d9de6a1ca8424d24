"""What a report lets run, reach and read, and what it keeps to itself."""

import base64
import hashlib
import re
from html import unescape

import pytest

from mriqc_webapi.reports.annotate import Wishes, change_report, reports_at
from tests.extract.report.heads import anatomical_head, functional_head
from tests.extract.report.reports import record_of, written

SMALL = {'shape': (16, 20, 14), 'spacing_mm': (12.0, 12.0, 13.0)}
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
INLINE = re.compile(rb'<(script|style)(?: type="module")?>(.*?)</\1>', re.DOTALL)
LOADING = re.compile(rb'<(?:img|script|link|iframe|source)\b[^>]*?\b(?:src|href)="(.{11})')


@pytest.fixture(params=['T1w', 'bold'])
def report(request, tmp_path):
    """A report of either kind."""
    path = tmp_path / f'sub-01_{request.param}.html'
    is_series = request.param == 'bold'
    maps = functional_head(**SMALL, n_volumes=8) if is_series else anatomical_head(**SMALL)
    return written(path, maps)


def policy_of(report):
    """Read a report's only policy, by directive."""
    (text,) = POLICY.findall(report.read_text())
    parts = (part.split() for part in unescape(text).split(';'))
    return {name: values for name, *values in parts}


def test_nothing_but_its_own_style_and_scripts_runs(report):
    policy = policy_of(report)
    assert policy['default-src'] == ["'none'"]
    assert 'connect-src' not in policy
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
        for _, text in INLINE.findall(report.read_bytes())
    }
    assert {*policy['script-src'], *policy['style-src']} == hashes
    assert not re.search(rb'<[^<>]*\s(?:style|on\w+)=', report.read_bytes())


def test_all_that_it_loads_is_in_it(report):
    assert set(LOADING.findall(report.read_bytes())) == {b'data:image/'}


def test_the_widget_goes_with_its_permission(report):
    (found,) = reports_at(report)
    change_report(found, Wishes(undoes=True))
    assert len(policy_of(report)['script-src']) == 1


def test_the_address_of_whoever_sends_is_left_out(tmp_path):
    record = record_of('T1w')
    record['provenance']['email'] = 'ada@example.org'
    path = written(tmp_path / 'sub-01_T1w.html', anatomical_head(**SMALL), record=record)
    assert 'ada@example.org' not in path.read_text()
