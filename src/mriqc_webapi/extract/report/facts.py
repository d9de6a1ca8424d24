"""What a record says beside its IQMs: the image, how it was processed, doubts, what to cite."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mriqc_webapi.extract.maps import AnatomicalMaps, FunctionalMaps
from mriqc_webapi.extract.report.measures import Measure, catalogue, number

SAID_ELSEWHERE: Final = frozenset(
    {
        'bids_meta.subject_id',  # in the image's name, which a blinded report does not show
        'bids_meta.session_id',
        'provenance.missing',  # in the table of IQMs
        'provenance.warnings.notes',  # on top
    }
)
FOUNDATIONS: Final = ('esteban2017', 'esteban2019')  # the IQMs, and the archive of them
METHODS: Final = {
    'bet+atlas': 'BET and the template’s mask, put together',
    'deepbet': 'deepbet',
    'file': 'a file',
    'epi': 'the intensities of the mean volume',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of a table."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be cited."""

    citation: str
    url: str


def facts(record: Mapping[str, Any], part: str, modality: str) -> tuple[Fact, ...]:
    """Lay one object of a record out as rows; what is private or said elsewhere is left out."""
    known = catalogue()[modality].by_name
    rows = []
    for name, value in _leaves(part, record.get(part, {})):
        field = known.get(name)
        if field is None or not field.private:
            meaning = field.meaning if field else ''
            rows.append(Fact(name=name.removeprefix(f'{part}.'), value=value, meaning=meaning))
    return tuple(rows)


def chips(record: Mapping[str, Any], maps: AnatomicalMaps | FunctionalMaps) -> tuple[str, ...]:
    """Say in few words what kind of image it is."""
    described = record.get('bids_meta', {})
    scanner = ' '.join(
        str(described[name])
        for name in ('Manufacturer', 'ManufacturersModelName')
        if described.get(name)
    )
    tesla = described.get('MagneticFieldStrength')
    parts = [described.get('modality', ''), scanner, f'{tesla} T' if tesla else '']
    parts.append(' × '.join(map(str, maps.brain.shape)) + ' voxels')
    parts.append(' × '.join(f'{step:.3g}' for step in maps.spacing_mm) + ' mm')
    if isinstance(maps, FunctionalMaps):
        parts.append(f'{maps.series.shape[-1]} volumes')
        parts.append(f'TR {maps.repetition_time_s:.3g} s' if maps.repetition_time_s else '')
    return tuple(part for part in parts if part)


def doubts(maps: AnatomicalMaps | FunctionalMaps) -> tuple[str, ...]:
    """List what makes the brain mask doubtful."""
    return tuple(dict.fromkeys(map(_sentence, maps.brain_mask.doubts)))


def notes(record: Mapping[str, Any], maps: AnatomicalMaps | FunctionalMaps) -> tuple[str, ...]:
    """List what was odd about the file or the image, once each."""
    warnings = record.get('provenance', {}).get('warnings')
    warnings = warnings if isinstance(warnings, dict) else {}
    said = [*maps.notes, *warnings.get('notes', ())]
    if warnings.get('small_air_mask'):
        said.append('little air around the head: numbers of noise rest on few voxels')
    if warnings.get('large_rot_frame'):
        said.append('a large frame without signal, as a rotation or a defacing leaves it')
    if isinstance(maps, FunctionalMaps) and maps.n_dummy:
        said.append(f'{maps.n_dummy} volumes before a steady state were left out')
    unsaid = [one for one in said if one not in maps.brain_mask.doubts]
    return tuple(dict.fromkeys(map(_sentence, unsaid)))


def mask_words(maps: AnatomicalMaps | FunctionalMaps) -> str:
    """Say where the brain mask comes from."""
    origin = maps.brain_mask
    detail = f' ({origin.detail})' if origin.detail else ''
    volume = origin.measures.get('volume_ml')
    size = f'; {volume:.0f} ml' if volume else ''
    return f'{METHODS.get(origin.method, origin.method)}{detail}{size}'


def works(listed: list[Measure]) -> tuple[Work, ...]:
    """List what defines the IQMs of a record, in the order of its table, once each."""
    references = catalogue().references
    first = [Work(citation=references[k].citation, url=references[k].url) for k in FOUNDATIONS]
    others = (Work(citation=m.source, url=m.url) for m in listed if m.source)
    return tuple(dict.fromkeys((*first, *others)))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if name in SAID_ELSEWHERE or value in (None, '', [], ()):
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f'{name}.{key}', inner)
    elif isinstance(value, list | tuple):
        yield name, ', '.join(map(_text, value))
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return number(value) if isinstance(value, float) else str(value)


def _sentence(text: str) -> str:
    text = text.strip()
    return f'{text[:1].upper()}{text[1:]}{"" if text.endswith((".", "!", "?")) else "."}'
