"""Templates to answers: one frozen context per template, and the headers every page carries."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mriqc_webapi.web.pages.figure_block import figure_block

CONTENT_SECURITY_POLICY = '; '.join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # the vendored API browser draws its arrows so
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
}

NAVIGATION = (
    ('/explore', 'Explore'),
    ('/compare', 'Compare'),
    ('/ratings', 'Ratings'),
    ('/dictionary', 'Dictionary'),
    ('/drift', 'Drift'),
    ('/releases/', 'Releases'),
    ('/docs', 'API'),
    ('/about', 'About'),
)

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / 'templates'),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {'NAVIGATION': NAVIGATION, 'figure_block': figure_block}


def render_page(template: str, context: Any, *, status: int = 200) -> HTMLResponse:
    """Render a template with the fields of its context dataclass."""
    values = {f.name: getattr(context, f.name) for f in fields(context)}
    return HTMLResponse(_templates.get_template(template).render(values), status, headers=HEADERS)
