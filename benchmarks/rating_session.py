"""What a rating session costs per report: from the key to the next report on the screen.

``python -m benchmarks.rating_session`` makes a folder of reports, rates them in a real Chromium by
keys alone, and prints a table. The rater is paced as people are, who look at a report longer than
the next one loads; with ``--hurried`` no key waits for anything.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page
from tests.browser import running_chromium
from tests.reports.session.rater import Rater
from tests.reports.session.running import LiveSession
from tests.reports.session.study import make_study

LIMIT_S = 0.3
_DURATIONS = "performance.getEntriesByName('report-shown').map(entry => entry.duration)"


def main() -> int:
    """Measure, print, and fail where the median is beyond the limit."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        study = make_study(Path(folder), options.reports, megabytes=options.megabytes)
        size = statistics.median(p.stat().st_size for p in study.glob('*.html')) / 1e6
        with running_chromium() as browser, LiveSession(study, '--rater', 'ada') as session:
            page = browser.new_page(viewport={'width': 1280, 'height': 800})
            shown = measure(page, session.address, options.reports, is_hurried=options.hurried)
    print(f'{len(shown)} reports of {size:.1f} MB, from the key to the next report shown')
    print(f'  median {statistics.median(shown):.3f} s (limit {LIMIT_S} s)')
    print(f'  range  {min(shown):.3f} to {max(shown):.3f} s')
    return int(statistics.median(shown) > LIMIT_S)


def measure(page: Page, address: str, n: int, *, is_hurried: bool) -> list[float]:
    """Rate all reports but the last; return seconds from Enter to the next report painted."""
    rater = Rater(page).open(address)
    for position in range(n - 1):
        if not is_hurried:
            rater.wait_until(f"document.querySelector('report-stage').isReady({position + 1})")
            time.sleep(0.5)  # a look at the report
        rater.rate('3')
    _, *shown = page.evaluate(_DURATIONS)  # the first came with the page
    return [duration_ms / 1000 for duration_ms in shown]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--reports', type=int, default=20, metavar='N')
    parser.add_argument('--megabytes', type=float, default=10, metavar='MB')
    parser.add_argument('--hurried', action='store_true', help='press keys without waiting')
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
