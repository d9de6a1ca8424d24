"""Links between the pages of the documentation lead somewhere."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

NOTEBOOKS = sorted((ROOT / 'docs' / 'notebooks').glob('*.ipynb'))
PAGES = [
    *sorted((ROOT / 'docs').glob('*.md')),
    *NOTEBOOKS,
    ROOT / 'README.md',
    ROOT / 'CONTRIBUTING.md',
]
LINK = re.compile(r'\]\(([^()\s]*(?:\([^()\s]*\))?[^()\s]*)\)')


@cache
def prose(page: Path) -> str:
    """Give a page's text without its examples."""
    text = page.read_text()
    if page.suffix == '.ipynb':
        cells = (c for c in json.loads(text)['cells'] if c['cell_type'] == 'markdown')
        text = '\n\n'.join(''.join(cell['source']) for cell in cells)
    return re.sub(r'^ *```.*?^ *```', '', text, flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(page: Path) -> set[str]:
    """List what a link may name within a page."""
    headings = re.findall(r'^#+ (.*)$', prose(page), re.MULTILINE)
    plain = (re.sub(r'\[(.*?)\]\(.*?\)', r'\1', h).lower() for h in headings)
    return {re.sub(r'[^\w\- ]', '', h).replace(' ', '-') for h in plain}


def leads_nowhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition('#')
    to = (page.parent / path).resolve() if path else page
    if not to.exists():
        return True
    return bool(anchor) and to.suffix == '.md' and anchor not in anchors(to)


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_no_link_of_a_page_is_dead(page):
    inner = [t for t in LINK.findall(prose(page)) if not re.match(r'https?:|mailto:|/', t)]
    assert [t for t in inner if leads_nowhere(page, t)] == []


def test_every_notebook_is_in_the_index():
    index = prose(ROOT / 'docs' / 'index.md')
    assert [n.name for n in NOTEBOOKS if f'(notebooks/{n.name})' not in index] == []


def test_a_dead_link_would_be_found():
    index = ROOT / 'docs' / 'index.md'
    assert leads_nowhere(index, 'no-such-page.md')
    assert leads_nowhere(index, 'cli.md#no-such-command')
    assert not leads_nowhere(index, 'cli.md#serve')
