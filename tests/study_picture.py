"""The picture of a study that is compared: real records of the demo as somebody's group table."""

from pathlib import Path

import requests
from playwright.sync_api import Browser

from tests.live import LiveService

N_IMAGES = 40
FACTOR = 1.3  # between the study's cjv and the archive's, so that something is unusual


def photograph_study(browser: Browser, live: LiveService, folder: Path) -> None:
    """Photograph what is unusual in a study, and the plots of its IQMs."""
    for scheme in ('light', 'dark'):
        page = browser.new_page(
            viewport={'width': 1280, 'height': 1500},
            color_scheme=scheme,  # type: ignore[arg-type]  # one of its literals
        )
        page.goto(f'{live.root}/compare')
        table = {'name': 'group_T1w.tsv', 'mimeType': 'text/plain', 'buffer': _group_table(live)}
        page.set_input_files('[data-part=files]', [table])  # type: ignore[list-item]  # a FilePayload
        page.wait_for_selector('[data-part=status].good')
        page.evaluate("document.querySelector('[data-part=plots]').scrollIntoView()")
        page.wait_for_timeout(500)
        page.evaluate('scrollBy(0, -120)')
        page.screenshot(path=folder / f'compare-{scheme}.png')
        page.close()


def _group_table(live: LiveService) -> bytes:
    records = requests.get(f'{live.root}/api/v1/T1w?max_results={N_IMAGES}', timeout=30).json()
    lines = []
    for i, record in enumerate(records['_items']):
        record['cjv'] *= FACTOR
        iqms = {k: v for k, v in record.items() if isinstance(v, int | float)}
        lines = lines or ['\t'.join(['bids_name', *iqms])]
        lines.append('\t'.join([f'sub-{i + 1:02d}_T1w', *map(str, iqms.values())]))
    return '\n'.join(lines).encode()
