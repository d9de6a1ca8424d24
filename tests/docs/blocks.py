"""The examples of a page of the documentation."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVED = 'http://127.0.0.1:5000'  # how the pages call a service


def blocks(page: str, language: str) -> list[str]:
    """List the page's blocks of one language."""
    text = (ROOT / 'docs' / page).read_text()
    return re.findall(rf'^```{language}\n(.*?)^```', text, re.DOTALL | re.MULTILINE)
