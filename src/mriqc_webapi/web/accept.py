"""What a client would rather have, by its ``Accept`` header (RFC 9110, 12.5.1)."""

HTML = 'text/html'


def weights(accept: str) -> dict[str, float]:
    """Read the weight of each media range that is named; what is no number counts as 0."""
    found: dict[str, float] = {}
    for part in accept.split(','):
        media, *parameters = (p.strip() for p in part.split(';'))
        weight = next((p[2:] for p in parameters if p.startswith('q=')), '1')
        try:
            found[media.lower()] = float(weight)
        except ValueError:
            found[media.lower()] = 0.0
    return found


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
