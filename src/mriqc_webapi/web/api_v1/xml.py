"""Eve's XML rendering of an answer, for the few programs that ask for nothing else."""

import re
from typing import Any
from xml.sax.saxutils import escape

import orjson

from mriqc_webapi.web.accept import HTML, weights

_NOT_IN_NAMES = re.compile(r'[^A-Za-z0-9_.-]')
_NOT_IN_XML = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
XML_TYPES = ('application/xml', 'text/xml', 'application/x-xml')


def preferred_type(accept: str | None) -> str:
    """Choose the type of the answer: JSON, unless an XML type stands strictly above it.

    A client that names ``text/html`` is a browser: it gets a page, or JSON, and no XML.
    """
    if accept is None or 'xml' not in accept:
        return 'application/json'
    found = weights(accept)
    if HTML in found:
        return 'application/json'
    json_weight = max(found.get(t, -1.0) for t in ('application/json', 'application/*', '*/*'))
    best = max(XML_TYPES, key=lambda t: found.get(t, -1.0))
    exact = found.get(best, -1.0)
    named = 'application/json' in found
    above = exact > json_weight or (exact == json_weight and not named)
    return best if exact > 0 and above else 'application/json'


def render_json(body: bytes) -> bytes:
    """Rewrite a JSON answer as Eve's ``<resource>`` document."""
    return _resource(orjson.loads(body)).encode('ascii', 'xmlcharrefreplace')


def _resource(body: dict[str, Any]) -> str:
    links = dict(body.get('_links', {}))
    own = links.pop('self', None)
    head = f'<resource href="{_attr(own["href"])}"  title="{_attr(own["title"])}" >' if own else ''
    parts = [head or '<resource>', *_link_elements(links)]
    if '_meta' in body:
        parts.append(_element('_meta', body['_meta']))
    parts += [_resource(item) for item in body.get('_items', [])]
    rest = sorted(body.keys() - {'_links', '_meta', '_items'})
    parts += [_element(key, body[key]) for key in rest]
    return ''.join(parts) + '</resource>'


def _link_elements(links: dict[str, Any]) -> list[str]:
    return [
        f'<link rel="{rel}" href="{_attr(link["href"])}" title="{_attr(link["title"])}" />'
        for rel in sorted(links)
        for link in (links[rel] if isinstance(links[rel], list) else [links[rel]])
    ]


def _element(key: str, value: Any) -> str:
    if isinstance(value, list):
        return ''.join(_element(key, v) for v in value)
    name = _name(key)
    if isinstance(value, dict):
        inner = ''.join(_element(k, value[k]) for k in sorted(value))
    else:
        inner = _text(value)
    return f'<{name}>{inner}</{name}>'


def _name(key: str) -> str:
    """Make an element name of any key; what XML cannot name becomes an underscore."""
    name = _NOT_IN_NAMES.sub('_', key)
    return name if name and (name[0].isalpha() or name[0] == '_') else '_' + name


def _text(value: Any) -> str:
    return '' if value is None else escape(_NOT_IN_XML.sub('\ufffd', str(value)))


def _attr(text: str) -> str:
    return _text(text).replace('"', '&#34;')
