"""Pages with a Content-Security-Policy of their own, annotated, restored and shown in sessions."""

import re
from html import unescape

import pytest

from mriqc_webapi.reports.policy import policy_splices, without_policy
from mriqc_webapi.reports.splices import spliced
from mriqc_webapi.reports.widget import Widget, script_hash
from tests.reports import layouts

HERE = Widget()
SERVICE = Widget(url='https://mriqc.example.org:8443/archive')


def page_with(policy):
    """Make a page that states a policy."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return f'<html><head>{meta}</head><body></body></html>'.encode()


def widened(policy, widget=HERE):
    """Let a policy have the widget."""
    page = page_with(policy)
    new = spliced(page, policy_splices(page, widget)).decode()
    (text,) = re.findall(r'<meta [^>]*content="([^"]*)"', new)
    return unescape(text)


@pytest.mark.parametrize(
    ('policy', 'expected'),
    [
        ("script-src 'sha256-a='", f"script-src 'sha256-a=' {script_hash()}"),
        ("script-src 'none'", f'script-src {script_hash()}'),
        ("default-src 'none'", f"default-src 'none'; script-src {script_hash()}"),
        ("default-src 'self'", f"default-src 'self'; script-src 'self' {script_hash()}"),
        ('img-src data:', 'img-src data:'),  # says nothing of scripts: they may run
    ],
)
def test_the_widget_may_run(policy, expected):
    assert widened(policy) == expected


def test_the_widget_may_reach_its_service_and_no_other():
    given = f"default-src 'none'; script-src {script_hash()}"
    expected = f'{given}; connect-src https://mriqc.example.org:8443'
    assert widened(given, SERVICE) == expected
    assert widened(expected, SERVICE) == expected


def test_what_another_policy_allows_stays():
    policy = "default-src 'none'; connect-src https://a.example.org"
    assert widened(policy, SERVICE).startswith(
        "default-src 'none'; connect-src https://a.example.org https://mriqc.example.org:8443"
    )


def test_an_annotated_page_gets_its_own_policy_back(write_report, annotate):
    meta = b'<meta http-equiv="Content-Security-Policy" content="default-src data:">'
    page = layouts.mriqc_0_16().replace(b'<head>', b'<head>' + meta, 1)
    assert meta in page
    path = write_report(page)
    assert annotate(path, url='https://mriqc.example.org').change == 'annotated'
    assert b'connect-src data: https://mriqc.example.org' in path.read_bytes()
    annotate(path, undoes=True)
    assert path.read_bytes() == page


def test_a_page_without_a_policy_gets_none():
    assert policy_splices(b'<html><body></body></html>', SERVICE) == []


def test_whoever_serves_a_page_with_a_policy_takes_its_own_out():
    assert b'Content-Security-Policy' not in without_policy(page_with("default-src 'none'"))
