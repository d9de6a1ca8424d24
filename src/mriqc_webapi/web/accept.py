"""What a client would rather have, by its ``Accept`` header (RFC 9110, 12.5.1)."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar('T')

HTML = 'text/html'


def weights(accept: str) -> dict[str, float]:
    """Read the weight of each media range that is named, in order; what is none counts as 0."""
    found: dict[str, float] = {}
    for part in accept.split(','):
        media, *parameters = (p.strip() for p in part.split(';'))
        weight = next((p[2:] for p in parameters if p[:2] in {'q=', 'Q='}), '1')
        found[media.lower()] = _weight(weight)
    return found


def best_of(accept: str, kinds: Mapping[str, T]) -> T | None:
    """Choose what a client would rather have; None if it takes nothing of that.

    The most specific range that names a kind weighs it. Among the heaviest, kinds that are named
    themselves come first, then what the client names first, then what is offered first.

    Parameters
    ----------
    kinds : dict
        What is offered, by its media type; a client that does not care gets the first.
    """
    ranges = weights(accept) if accept.strip() else {'*/*': 1.0}
    named = list(ranges)

    def rank(kind: str) -> tuple[float, int, int]:
        forms = (kind, f'{kind.partition("/")[0]}/*', '*/*')
        found = next((n for n, form in enumerate(forms) if form in ranges), None)
        if found is None:
            return 0.0, 0, 0
        return ranges[forms[found]], -found, -named.index(forms[found])

    best = max(kinds, key=rank)
    return kinds[best] if rank(best)[0] > 0 else None


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def prefers_html(accept: str | None) -> bool:
    """Tell whether a client is a browser: it names HTML, and nothing that it likes more.

    Where JSON is named with the same weight, JSON is meant: browsers do not name it.
    """
    if accept is None or HTML not in accept.lower():
        return False
    found = weights(accept)
    own = found.pop(HTML, 0.0)
    programs = [w for media, w in found.items() if 'json' in media]
    return own > max(programs, default=0.0) and own >= max(found.values(), default=0.0)
