"""A page's own Content-Security-Policy, where one stands in its head.

Policies only ever add up: a widget that comes into such a page works if the page's own lets it.
"""

import re
from html import escape, unescape
from typing import Final
from urllib.parse import urlsplit

from mriqc_webapi.reports.splices import Splice
from mriqc_webapi.reports.widget import Widget, script_hash

_META: Final = re.compile(
    rb'<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"<>]*)"\s*/?>', re.IGNORECASE
)
_NOTHING: Final = "'none'"


def policy_splices(page: bytes, widget: Widget) -> list[Splice]:
    """Let a page's policies run the widget and let it reach its service, if there are any."""
    return [
        Splice(found.start(), found.end(), _widened(found[1], widget))
        for found in _META.finditer(page)
    ]


def without_policy(page: bytes) -> bytes:
    """Take a page's own policies out, for whoever serves it with another."""
    return _META.sub(b'', page)


def _widened(content: bytes, widget: Widget) -> bytes:
    policy = _parsed(unescape(content.decode('utf-8', 'replace')))
    _allow(policy, 'script-src', script_hash())
    if widget.url:
        address = urlsplit(widget.url)
        _allow(policy, 'connect-src', f'{address.scheme}://{address.netloc}')
    text = '; '.join(' '.join((name, *values)) for name, values in policy.items())
    quoted = escape(text, quote=False).replace('"', '&quot;')
    return f'<meta http-equiv="Content-Security-Policy" content="{quoted}">'.encode()


def _parsed(text: str) -> dict[str, list[str]]:
    parts = (part.split() for part in text.split(';'))
    return {name.lower(): values for name, *values in (p for p in parts if p)}


def _allow(policy: dict[str, list[str]], directive: str, source: str) -> None:
    """Add a source to what a directive, or the default in its stead, allows."""
    given = policy.get(directive, policy.get('default-src'))
    if given is not None and source not in given:
        policy[directive] = [value for value in given if value != _NOTHING] + [source]
