"""Takes the pictures of the documentation: ``python -m tests.pictures``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from playwright.sync_api import Browser

from mriqc_webapi.reports.widget import FACES
from tests.browser import running_chromium
from tests.live import LiveService
from tests.reports.layouts import drawn_report
from tests.reports.session.pictures import photograph_session
from tests.study_picture import photograph_study
from tests.web.rating_pages import form_of, make_report

PICTURES = Path(__file__).parents[1] / 'docs' / 'pictures'


@dataclass(frozen=True)
class Look:
    """One page, as it looks with the demo's records."""

    name: str
    path: str
    height: int = 860
    width: int = 1100
    scheme: str = 'light'


PAGES = (
    Look('front-page', '/'),
    Look('front-page-dark', '/', scheme='dark'),
    Look('front-page-phone', '/', width=390, height=844),
    Look('explore', '/explore?resource=bold&by=vendor', width=1280, height=900),
    Look('explore-dark', '/explore?resource=T1w&iqm=cjv', width=1280, height=900, scheme='dark'),
    Look('record', '/T1w/59a3e710265d2000079e86ec', 1000, 1280),
    Look('record-phone', '/T1w/59a3e710265d2000079e86ec', 844, 390, 'dark'),
    Look('ratings', '/ratings', 1500, 1280),
    Look('ratings-dark', '/ratings?by=period', 1000, 1280, 'dark'),
    Look('ratings-phone', '/ratings', 844, 390),
    Look('dictionary', '/dictionary/bold?range=1', 900, 1280),
    Look('dictionary-phone', '/dictionary', 844, 390, 'dark'),
    Look('drift', '/drift', 700, 1280),
    Look('about', '/about', 900, 1280),
    Look('releases', '/releases/'),
    Look('api', '/docs'),
)


def photograph_pages(browser: Browser, live: LiveService) -> None:
    """Photograph the pages of a demo."""
    for look in PAGES:
        page = browser.new_page(
            viewport={'width': look.width, 'height': look.height},
            color_scheme=look.scheme,  # type: ignore[arg-type]  # one of its literals
        )
        page.goto(live.root + look.path)
        page.wait_for_load_state('networkidle')
        page.screenshot(path=PICTURES / f'{look.name}.png')
        page.close()


def keep_a_figure(_browser: Browser, live: LiveService) -> None:
    """Keep a figure as the service draws it."""
    with urlopen(f'{live.root}/figures/distributions.png?resource=bold&by=vendor') as answer:
        (PICTURES / 'distributions.png').write_bytes(answer.read())


def photograph_widgets(browser: Browser, live: LiveService) -> None:
    """Photograph both faces of the rating widget in a report, in use."""
    for face in FACES:
        with TemporaryDirectory() as folder:
            report = make_report(Path(folder), live.root, face=face, page=drawn_report)
            size = {'width': 900, 'height': 620}
            with form_of(browser, report, viewport=size, device_scale_factor=2) as form:
                form.page.keyboard.press('3')
                form.page.get_by_label('Name').fill('Ada')
                form.page.evaluate('document.activeElement.blur()')
                form.page.screenshot(path=PICTURES / f'rating-widget-{face}.png')


def photograph_sessions(browser: Browser, _live: LiveService) -> None:
    """Photograph a rating session, which needs no service."""
    photograph_session(browser, PICTURES)


def photograph_studies(browser: Browser, live: LiveService) -> None:
    """Photograph the comparison of a study."""
    photograph_study(browser, live, PICTURES)


SUBJECTS: tuple[Callable[[Browser, LiveService], None], ...] = (
    photograph_pages,
    keep_a_figure,
    photograph_widgets,
    photograph_sessions,
    photograph_studies,
)


def main() -> None:
    """Photograph every subject with a demo."""
    PICTURES.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        running_chromium() as browser,
        LiveService(Path(folder), demo=1) as live,
    ):
        for photograph in SUBJECTS:
            photograph(browser, live)


if __name__ == '__main__':
    main()
