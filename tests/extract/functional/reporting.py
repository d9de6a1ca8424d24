"""The table of docs/extract-numbers.md; MRIQC_WEBAPI_WRITE_NUMBERS=1 lets the test write it."""

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[3] / 'docs' / 'extract-numbers.md'
BEGIN, END = '<!-- ds205 -->\n', '<!-- end -->\n'
REASONS = {
    'fd_': 'the file is realigned already',
    'fwhm_': 'the mask: a layer less and it is 10 % lower',
    'gsr_': 'near zero, and taken at the edge of the mask',
    'summary_bg': 'the record counts a third fewer voxels: another background',
    'summary_fg': 'the mask',
    'gcor': 'the mask',
    'spikes': 'counted by MRIQC on request only',
}


def table(values: Mapping[str, float], record: Mapping[str, float]) -> str:
    """Set the IQMs of the run beside those of the record."""
    rows = ['| IQM | here | MRIQC, 2017 | differs by | why |', '|---|---|---|---|---|']
    for name in sorted(values):
        ours, theirs = values[name], record.get(name)
        share = ours / theirs - 1 if theirs else None
        told = '' if share is None else f'{100 * share + 0.0:.1f} %'
        is_apart = share is None or abs(share) > 0.05
        why = next((w for start, w in REASONS.items() if name.startswith(start)), '')
        shown = [_shown(ours), _shown(theirs), told, why if is_apart else '']
        rows.append(f'| {name} | ' + ' | '.join(shown) + ' |')
    return '\n'.join(rows) + '\n'


def write(values: Mapping[str, float], record: Mapping[str, float]) -> None:
    """Put the table into the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + '\n' + table(values, record) + '\n' + END + after)


def numbers_on_the_page() -> dict[str, float]:
    """Read our numbers off the page."""
    rows = PAGE.read_text().partition(BEGIN)[2].partition(END)[0].splitlines()[3:]
    cells = [[cell.strip() for cell in row.split('|')] for row in rows if row]
    return {name: float(ours) for _, name, ours, *_ in cells if ours}


def _shown(value: float | None) -> str:
    return '' if value is None else f'{value:.4g}'
