"""A rater at a browser, who uses keys alone."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

PATIENCE_MS = 20_000


@dataclass
class Rater:
    """Presses keys and looks."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on(
            'console', lambda m: self.complaints.append(m.text) if m.type == 'error' else None
        )
        self.page.on('pageerror', lambda error: self.complaints.append(str(error)))
        self.page.on('request', lambda request: self.requests.append(request.url))

    def open(self, address: str) -> 'Rater':
        """Open a session and wait for its report."""
        self.page.goto(f'{address}/')
        self.page.wait_for_selector('rating-session[data-shown]')
        return self

    def press(self, *keys: str) -> 'Rater':
        """Press one key after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def rate(self, *keys: str) -> 'Rater':
        """Press keys and Enter, and wait until the next report, or the summary, is shown."""
        before = self.shown
        self.press(*keys, 'Enter')
        self.page.wait_for_selector(
            f'rating-session:not([data-shown="{before}"]), .grade-counts', timeout=PATIENCE_MS
        )
        return self

    def wait_until(self, expression: str) -> 'Rater':
        """Wait until JavaScript is true; asked from outside, since the page forbids `eval`."""
        for _ in range(PATIENCE_MS // 50):
            if self.page.evaluate(expression):
                return self
            self.page.wait_for_timeout(50)
        raise AssertionError(f'it did not become true: {expression}')

    @property
    def shown(self) -> int:
        """The position of the report that is shown."""
        return int(self.page.locator('rating-session').get_attribute('data-shown') or -1)

    def wait_for(self, position: int) -> 'Rater':
        """Wait until a report is shown."""
        self.page.wait_for_selector(f'rating-session[data-shown="{position}"]')
        return self

    @property
    def title(self) -> str:
        """What the session calls the report."""
        return self.said('title')

    def said(self, part: str) -> str:
        """What the page says in one of its places."""
        return self.page.locator(f'[data-live={part}]').inner_text()

    def expect(self, part: str, words: str) -> 'Rater':
        """Wait until the page says something."""
        place = self.page.locator(f'[data-live={part}]')
        expect(place).to_have_text(re.compile(words), timeout=PATIENCE_MS)
        return self
