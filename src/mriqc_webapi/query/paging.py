"""Read ``page`` and ``max_results``; what is no number falls back, as released clients expect."""

DEFAULT_RESULTS = 25
MOST_RESULTS = 50
LAST_PAGE = 10**15  # pages × results stays within 64 bits, and the number exact in a double


def parse_page(text: str | None) -> int:
    """Give the number of the page, 1 or more.

    The sign does not count (−2 is 2); 0, a fraction, no number, or nothing give 1.
    """
    try:
        return min(abs(int(text or '')), LAST_PAGE) or 1
    except ValueError:
        return 1


def parse_max_results(text: str | None) -> int:
    """Give the size of a page, from 1 to 50.

    Fractions are cut off; less than 1, infinity, no number, or nothing give 25.
    """
    try:
        number = int(float(text or ''))
    except (ValueError, OverflowError):
        return DEFAULT_RESULTS
    return min(number, MOST_RESULTS) if number >= 1 else DEFAULT_RESULTS
