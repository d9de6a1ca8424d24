"""Takes the pictures of the documentation: ``python -m tests.pictures``."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.live import LiveService

PICTURES = Path(__file__).parents[1] / 'docs' / 'pictures'


def main() -> None:
    """Photograph the front page of a demo."""
    chromium = os.environ.get('CHROMIUM') or shutil.which('chromium')
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
        with LiveService(Path(folder), demo=1) as live:
            page = browser.new_page(viewport={'width': 1100, 'height': 860})
            page.goto(live.root)
            page.screenshot(path=PICTURES / 'front-page.png')
        browser.close()


if __name__ == '__main__':
    main()
