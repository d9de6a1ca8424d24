"""``/about``: what this is, the rules of sharing, privacy, and how to cite."""

from dataclasses import dataclass
from importlib.metadata import version

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from mriqc_webapi.archive.releases.writing import CITATION, LICENCE_URL
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import read_request
from mriqc_webapi.web.pages.rendering import render_page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """Who answers for the service."""

    text: str
    href: str  # '' for what is no address


@dataclass(frozen=True, slots=True)
class AboutContext:
    """What ``about.html`` shows."""

    contact: Contact | None
    citation: str
    bibtex: str
    licence_url: str
    version: str
    root: str


BIBTEX = """@article{esteban2019,
  author  = {Esteban, Oscar and Blair, Ross W. and Nielson, Dylan M. and Varada, Jan C. and
             Marrett, Sean and Thomas, Adam G. and Poldrack, Russell A. and
             Gorgolewski, Krzysztof J.},
  title   = {Crowdsourced {MRI} quality metrics and expert quality annotations for training of
             humans and machines},
  journal = {Scientific Data},
  volume  = {6},
  pages   = {30},
  year    = {2019},
  doi     = {10.1038/s41597-019-0035-4},
}"""


@router.get('/about', response_class=HTMLResponse)
async def show_about(request: Request, service: ServiceDep) -> HTMLResponse:
    """Show what the service is, and its rules."""
    context = AboutContext(
        contact=contact_of(service.settings.contact),
        citation=CITATION,
        bibtex=BIBTEX,
        licence_url=LICENCE_URL,
        version=version('mriqc-webapi'),
        root=service.settings.public_url or read_request(request.scope).root,
    )
    return render_page('about.html', context)


def contact_of(text: str) -> Contact | None:
    """Make a link of what the operator set; None if nothing is set."""
    text = text.strip()
    if not text:
        return None
    if text.startswith(('https://', 'http://')):
        return Contact(text, text)
    is_mail = '@' in text and not any(c.isspace() for c in text)
    return Contact(text, f'mailto:{text.removeprefix("mailto:")}' if is_mail else '')
