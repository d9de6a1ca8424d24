"""The recorded exchanges of the old service hold, but for the differences that docs/ lists."""

import re
from pathlib import Path

import pytest

from tests.contract.player import Case, Player, load_cases
from tests.live import TOKEN, LiveService

DIFFERENCES = Path(__file__).parents[2] / 'docs' / 'v1-differences.md'

CASES = load_cases()
BINDING = [c for c in CASES if c['compat'] in {'must', 'should'}]
QUIRKS = [c for c in CASES if c['compat'] == 'quirk']


def listed_differences() -> set[str]:
    """Read which recorded cases the documentation says are answered otherwise."""
    rows = [line for line in DIFFERENCES.read_text().splitlines() if line.startswith('|')]
    return {name for row in rows for name in re.findall(r'`case:([\w-]+)`', row)}


@pytest.fixture
def player(service: LiveService) -> Player:
    """Plays cases against the live service."""
    return Player(service.root, TOKEN)


@pytest.mark.parametrize('case', BINDING, ids=lambda c: c['name'])
def test_what_clients_rely_on_is_answered_as_recorded(player: Player, case: Case) -> None:
    assert player.play(case) == []


@pytest.mark.parametrize('case', QUIRKS, ids=lambda c: c['name'])
def test_a_quirk_is_answered_as_recorded_or_as_documented(player: Player, case: Case) -> None:
    differs = bool(player.play(case))
    assert differs == (case['name'] in listed_differences())
    better = case.get('better') or {}
    if differs and 'status' in better:
        assert player.status(case) in better['status']


def test_only_quirks_are_answered_otherwise() -> None:
    assert listed_differences() <= {c['name'] for c in QUIRKS}
