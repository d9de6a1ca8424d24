"""The page of all formulas, made from their docstrings and the catalogue.

``python -m mriqc_webapi.extract.formulas.reference docs`` writes it anew.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from mriqc_webapi.extract.formulas.registry import FORMULAS, KINDS, Formula
from mriqc_webapi.extract.formulas.scaling import with_white_matter_at_1000
from mriqc_webapi.iqm.definitions import Catalogue, FieldDefinition
from mriqc_webapi.iqm.loader import load_catalogue

PAGE: Final = 'extract-iqms.md'

_INTRODUCTION: Final = """\
What `mriqc-webapi extract` computes once an image has its masks and maps. Names, units and
directions are those of the data dictionary. Definitions come from the papers and from MRIQC's
documentation; where the code of MRIQC 24.0.2 does something else, the code is followed, because
archives hold its numbers, and a note says so. Where MRIQC writes a number that means nothing (−1,
or a 0 that looks perfect), the IQM is `null` here and `provenance.missing` says why.

Given the same masks and maps, these formulas equal MRIQC 24.0.2 within 1e-5 (`qi_2`: 1e-3).
Frozen vectors hold them to it: `tests/extract/formulas/make_vectors.py` made them by calling
MRIQC. What MRIQC leaves to AFNI (`fwhm_*`, `aor`, `aqi`, `gcor`) is tested on fields with known
answers instead. Masks and maps are not MRIQC's, so that records of the two programs are not to be
pooled without care.

This page is made from docstrings by `python -m mriqc_webapi.extract.formulas.reference docs`.
"""


def page() -> str:
    """Write the page of formulas, in Markdown."""
    catalogue = load_catalogue()
    placed = sorted(_places(catalogue), key=lambda item: item[0])
    parts = [
        '# Formulas',
        _prose(_INTRODUCTION),
        '## The scale of T1w and T2w images',
        _body(with_white_matter_at_1000),
        *(_section(formula, catalogue) for _, formula in placed),
    ]
    return '\n\n'.join(parts) + '\n'


def fields_of(formula: Formula, catalogue: Catalogue) -> Iterator[tuple[str, FieldDefinition]]:
    """List the resources and IQMs that a formula gives, in the catalogue's order."""
    for resource, kind in KINDS.items():
        for field in catalogue[resource].fields:
            if field.role == 'iqm' and formula.gives(field.name, kind):
                yield resource, field


def _places(catalogue: Catalogue) -> Iterator[tuple[tuple[int, int], Formula]]:
    """Order formulas by the first IQM that each gives."""
    resources = list(KINDS)
    for formula in FORMULAS:
        resource, field = next(fields_of(formula, catalogue))
        place = catalogue[resource].fields.index(field)
        yield (resources.index(resource), place), formula


def _section(formula: Formula, catalogue: Catalogue) -> str:
    summary, _, rest = _docstring(formula.function).partition('\n')
    title, _, definition = summary.partition(': ')
    lead = definition[:1].upper() + definition[1:] if definition else ''
    fields = '\n'.join(_field_lines(formula, catalogue))
    return '\n\n'.join(p for p in (f'## {title.rstrip(".")}', fields, lead, _sections(rest)) if p)


def _field_lines(formula: Formula, catalogue: Catalogue) -> Iterator[str]:
    """One line for all IQMs of the same images, unit and direction."""
    images: dict[str, tuple[list[str], FieldDefinition]] = {}
    for resource, field in fields_of(formula, catalogue):
        images.setdefault(field.name, ([], field))[0].append(resource)
    lines: dict[tuple[str, str, str], list[str]] = {}
    for name, (of, field) in images.items():
        lines.setdefault((', '.join(of), field.unit, field.better), []).append(f'`{name}`')
    for (shown, unit, better), names in lines.items():
        direction = '' if better == 'neither' else f', {better} is better'
        yield f'- {", ".join(names)} ({shown}): unit `{unit}`{direction}'


def _docstring(function: Callable[..., Any]) -> str:
    return inspect.getdoc(function) or ''


def _body(function: Callable[..., Any]) -> str:
    return _sections(_docstring(function))


def _sections(text: str) -> str:
    """Turn what follows a docstring's first line into Markdown."""
    head, *rest = re.split(r'^(\w+)\n-{3,}\n', text, flags=re.MULTILINE)
    found = {
        name: content.strip('\n') for name, content in zip(rest[::2], rest[1::2], strict=True)
    }
    lists = [write(found[name]) for name, write in _LISTS.items() if name in found]
    texts = [write(found[name]) for name, write in _TEXTS.items() if name in found]
    parts = [_prose(head), '\n'.join(part for part in lists if part), *texts]
    return '\n\n'.join(part for part in parts if part)


def _prose(text: str) -> str:
    paragraphs = (' '.join(part.split()) for part in text.strip().split('\n\n'))
    return '\n\n'.join(_wrapped(_marked(paragraph)) for paragraph in paragraphs if paragraph)


def _marked(text: str) -> str:
    return re.sub(r'\s*\[(\d)\]_', r' [\1]', text.replace('``', '`'))


def _wrapped(text: str) -> str:
    """Break lines between words, as the other pages do."""
    lines: list[str] = []
    for word in text.split(' '):
        if lines and len(lines[-1]) + len(word) < 139:
            lines[-1] += f' {word}'
        else:
            lines.append(word)
    return '\n'.join(lines)


def _parameters(text: str) -> str:
    entries = re.findall(r'^(\S.*?) : .*\n((?:[ ].*\n?)+)', text + '\n', flags=re.MULTILINE)
    return '\n'.join(
        f'- {", ".join(f"`{n.strip()}`" for n in names.split(","))}: {_inline(words)}'
        for names, words in entries
    )


def _returns(text: str) -> str:
    _, _, words = text.partition('\n')
    return f'- Result: {_inline(words)}' if words else ''


def _raises(text: str) -> str:
    _, _, words = text.partition('\n')
    return f'- No value: {_inline(words)}'


def _notes(text: str) -> str:
    return _prose(f'**Note.** {text}')


def _references(text: str) -> str:
    entries = re.split(r'^\.\. \[\d\] ', text, flags=re.MULTILINE)[1:]
    return '\n'.join(f'[{n}] {_inline(entry)}  ' for n, entry in enumerate(entries, 1)).rstrip()


def _inline(text: str) -> str:
    return _marked(' '.join(text.split()))


_LISTS: Final = {'Parameters': _parameters, 'Returns': _returns, 'Raises': _raises}
_TEXTS: Final = {'Notes': _notes, 'References': _references}


def main() -> None:
    """Write the page into the folder that the command line names."""
    Path(sys.argv[1], PAGE).write_text(page())


if __name__ == '__main__':
    main()
