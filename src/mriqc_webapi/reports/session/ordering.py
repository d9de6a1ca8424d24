"""In which order a session shows its reports."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from mriqc_webapi.errors import QueryError
from mriqc_webapi.iqm.definitions import Better
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.reports.images import read_image
from mriqc_webapi.reports.session.ledger import Ledger
from mriqc_webapi.reports.session.queue import Options, shuffled, worst_first

_LOW_FIRST = {'low': True, 'high': False}


def ordered(folder: Path, reports: Sequence[str], options: Options, ledger: Ledger) -> list[str]:
    """Put reports in the order that was asked for.

    Raises
    ------
    QueryError
        Nothing to sort by, or no worse end to begin at.
    """
    if options.seed is not None and options.sort_by == 'name':
        return shuffled(reports, seed=options.seed)
    if options.sort_by == 'name':
        return list(reports)
    if options.sort_by == 'disagreement':
        return _by_disagreement(reports, ledger)
    return _by_iqm(folder, reports, options.sort_by)


def _by_disagreement(reports: Sequence[str], ledger: Ledger) -> list[str]:
    """Put those first whose raters' newest scores lie farthest apart."""
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for rating in ledger.ratings():
        if not rating.is_undone:
            scores[rating.report][rating.rater] = float(rating.document['rating'])
    spread = {r: max(s.values()) - min(s.values()) for r, s in scores.items() if len(s) > 1}
    if not spread:
        raise QueryError('nobody can disagree yet: no report of this folder has two raters')
    return worst_first(reports, spread, low_first=False)


def _by_iqm(folder: Path, reports: Sequence[str], wanted: str) -> list[str]:
    name, _, end = wanted.partition(':')
    images = {r: read_image(folder, r) for r in reports}
    values = {r: image.iqms[name] for r, image in images.items() if name in image.iqms}
    if not values:
        raise QueryError(
            f'no report has {name!r}: sort by name, disagreement or an IQM that stands in the '
            'JSON files beside the reports'
        )
    return worst_first(reports, values, low_first=_is_low_first(name, end))


def _is_low_first(name: str, end: str) -> bool:
    if end in _LOW_FIRST:
        return _LOW_FIRST[end]
    better = _better(name)
    if end or better == 'neither':
        raise QueryError(
            f'{name} is neither good nor bad when high: say {name}:low or {name}:high for '
            'what comes first'
        )
    return better == 'higher'


def _better(name: str) -> Better:
    for resource in load_catalogue().resources.values():
        if (found := resource.field_for(name)) and found.better != 'neither':
            return found.better
    return 'neither'
