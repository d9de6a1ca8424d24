"""The rating widget as a piece of HTML that needs nothing but itself."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Literal, get_args

from mriqc_webapi.reports.images import Image

Face = Literal['simple', 'detailed']
FACES: tuple[Face, ...] = get_args(Face)


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """How the widget shall be, whatever the image."""

    url: str | None = None  # of the service; without it ratings are saved as files
    token: str | None = None  # readable by whoever has the report
    face: Face = 'simple'
    names_report: bool = True  # ratings say the report's name, which holds a BIDS subject


@cache
def widget_script() -> str:
    """Read the widget's source: ASCII, and nothing in it that could end a ``script``."""
    return files('mriqc_webapi').joinpath('web/static/rating-widget.js').read_text('ascii')


def script_hash() -> str:
    """Give what a Content-Security-Policy names the inlined script by."""
    digest = hashlib.sha256(widget_script().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def widget_html(widget: Widget, image: Image, *, report: str) -> bytes:
    """Write the widget for one image, to go before the end of a page's body."""
    given = {
        'md5sum': image.md5sum,
        'modality': image.modality,
        'software': image.software,
        'version': image.version,
        'report': report if widget.names_report else None,
        'url': widget.url,
        'token': widget.token,
        'face': widget.face,
        'place': 'float',
    }
    attributes = ' '.join(f'{name}="{escape(value)}"' for name, value in given.items() if value)
    words = '<noscript>Rating this image takes JavaScript.</noscript>'
    element = f'<mriqc-rating {attributes}>{words}</mriqc-rating>'
    script = f'<script type="module">{widget_script()}</script>'
    return f'{element}{script}'.encode('ascii', 'xmlcharrefreplace')
