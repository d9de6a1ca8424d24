"""Images in a BIDS dataset or on their own, and what their sidecars say.

Names are read by `bids2table`. Folders and sidecars are walked here: its index finds nothing in a
folder whose name has a dot or a bracket, and it passes over a broken sidecar without a word;
pybids gives up a whole dataset for one such file.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from bids2table import parse_bids_entities

from mriqc_webapi.errors import NotFoundError, QueryError

Modality = Literal['T1w', 'T2w', 'bold']

MODALITIES: Final[tuple[Modality, ...]] = get_args(Modality)
DATATYPES: Final[Mapping[Modality, str]] = {'T1w': 'anat', 'T2w': 'anat', 'bold': 'func'}
SUFFIXES: Final = ('.nii.gz', '.nii')
DESCRIPTION: Final = 'dataset_description.json'
WIRE_NAMES: Final[Mapping[str, str]] = {
    'sub': 'subject_id',
    'ses': 'session_id',
    'task': 'task_id',
    'acq': 'acq_id',
    'rec': 'rec_id',
    'run': 'run_id',
}
_NOT_MAGNITUDE: Final = frozenset({'phase', 'real', 'imag'})
_NOT_ENTITIES: Final = frozenset({'suffix', 'ext', 'datatype'})
_BIDS_NAME: Final = re.compile(r'sub-[A-Za-z0-9]+(_[a-z]+-[A-Za-z0-9+]+)*_[A-Za-z0-9]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An image to be taken, as its place and its name tell."""

    path: Path  # absolute
    modality: Modality
    entities: Mapping[str, str]  # by BIDS's short names: 'sub', 'ses', 'task' …
    dataset: str = ''  # its dataset's name
    name: str = ''  # that it goes by in records and tables: 'sub-01_ses-pre_T1w'

    def entity(self, name: str) -> str | None:
        """Give an entity's label."""
        return self.entities.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which images of a dataset are wanted; nothing said: all."""

    modalities: Collection[Modality] = MODALITIES
    labels: Mapping[str, Collection[str]] = field(default_factory=dict)  # by entity: 'sub', 'run'

    def takes(self, source: Source) -> bool:
        """Whether an image is wanted; runs are numbers, so that 1 is 01."""
        return source.modality in self.modalities and all(
            _plain(entity, source.entity(entity) or '') in {_plain(entity, x) for x in wanted}
            for entity, wanted in self.labels.items()
            if wanted
        )


def find_images(root: Path, selection: Selection) -> list[Source]:
    """List the wanted images of a BIDS dataset, in the order of their names.

    Parts of complex images other than the magnitude are no images of their own. Each echo is.

    Raises
    ------
    NotFoundError
        It is no BIDS dataset, or has no subject that was asked for.
    """
    folders = sorted(path for path in root.glob('sub-*') if path.is_dir())
    if not folders:
        raise NotFoundError(f'{root} is no BIDS dataset: it has no folder sub-…')
    _require_subjects(root, folders, selection.labels.get('sub', ()))
    dataset = dataset_name(root)
    found = [
        source
        for folder in folders
        for path in _files(folder)
        if (source := _in_dataset(path, dataset)) is not None and selection.takes(source)
    ]
    return sorted(found, key=lambda source: source.name)


def single_image(path: Path, modalities: Collection[Modality] = ()) -> Source:
    """Take an image on its own; a name that is not BIDS's becomes the subject's label.

    Parameters
    ----------
    modalities : collection of Modality
        Which are wanted, if not any; the only one where the name does not tell.

    Raises
    ------
    QueryError
        It is no NIfTI file by its name, or nothing says of which modality it is.
    """
    stem = stem_of(path)
    if stem == path.name:
        raise QueryError(f'{path} is no NIfTI image: {" or ".join(SUFFIXES)} ends its name')
    absolute = path.absolute()
    told = _modality(stem.rpartition('_')[2])
    if told is not None and modalities and told not in modalities:
        raise QueryError(f'{path} is {told} by its name, not {" or ".join(modalities)}')
    if told is None and len(modalities) != 1:
        raise QueryError(f'say which kind of image {path} is: --modality T1w, T2w or bold')
    modality = next(iter(modalities)) if told is None else told
    if _BIDS_NAME.fullmatch(stem):
        root = _root_of(absolute)
        entities, dataset = entities_of(absolute), dataset_name(root) if root else ''
    else:
        label = re.sub(r'[^A-Za-z0-9]', '', stem.removesuffix(f'_{modality}'))
        entities, dataset = {'sub': label or 'unnamed'}, ''
    name = '_'.join([*(f'{k}-{v}' for k, v in entities.items()), modality])
    return Source(path=absolute, modality=modality, entities=entities, dataset=dataset, name=name)


def stem_of(path: Path) -> str:
    """Give an image's name without what ends it."""
    ending = next((end for end in SUFFIXES if path.name.endswith(end)), '')
    return path.name.removesuffix(ending)


def entities_of(path: Path) -> dict[str, str]:
    """Read the entities in a file's name, in its order."""
    found = parse_bids_entities(str(path))
    return {name: label for name, label in found.items() if name not in _NOT_ENTITIES}


def dataset_name(root: Path) -> str:
    """Give the name that a dataset gives itself, or its folder's."""
    try:
        told = json.loads((root / DESCRIPTION).read_bytes())
    except (OSError, ValueError):
        return root.name
    name = told.get('Name') if isinstance(told, dict) else None
    return name.strip() if isinstance(name, str) and name.strip() else root.name


def read_sidecars(image: Path) -> tuple[dict[str, Any], list[str]]:
    """Merge the sidecars of an image by BIDS's principle of inheritance; tell what is unreadable.

    Sidecars further in replace what those further out say. In one folder BIDS wants at most one
    that applies; of several the one with more entities counts more, then the later name.
    """
    merged: dict[str, Any] = {}
    notes = []
    for sidecar in _sidecars(image):
        try:
            told = json.loads(sidecar.read_text('utf-8-sig'))
        except (OSError, ValueError, RecursionError) as error:
            notes.append(f'sidecar {sidecar.name} cannot be read: {error}')
            continue
        if isinstance(told, dict):
            merged |= told
        else:
            notes.append(f'sidecar {sidecar.name} cannot be read: it is no JSON object')
    return merged, notes


def _sidecars(image: Path) -> Iterator[Path]:
    """Give the sidecars that apply to an image, those that count more later."""
    stem = stem_of(image)
    if not _BIDS_NAME.fullmatch(stem):
        beside = image.with_name(f'{stem}.json')  # as dcm2niix writes it
        if beside.is_file():
            yield beside
        return
    suffix, entities = stem.rpartition('_')[2], set(entities_of(image).items())
    root = _root_of(image) or image.parent
    above = [folder for folder in image.parents if folder.is_relative_to(root)]
    for folder in reversed(above):
        found = {
            path: set(entities_of(path).items())
            for path in _named(folder, suffix)
            if path.stem.rpartition('_')[2] == suffix
        }
        applying = [path for path, its in found.items() if its <= entities]
        yield from sorted(applying, key=lambda path: (len(found[path]), path.name))


def _named(folder: Path, suffix: str) -> Iterator[Path]:
    yield from folder.glob(f'*_{suffix}.json')
    yield from folder.glob(f'{suffix}.json')


def _root_of(image: Path) -> Path | None:
    """Find the dataset around an image: the nearest that describes itself or has its subject."""
    for folder in image.parents:
        if folder.name.startswith('sub-'):
            return folder.parent
        if (folder / DESCRIPTION).is_file():
            return folder
    return None


def _files(subject: Path) -> Iterator[Path]:
    for datatype in dict.fromkeys(DATATYPES.values()):
        for pattern in (f'{datatype}/sub-*', f'ses-*/{datatype}/sub-*'):
            yield from subject.glob(pattern)


def _in_dataset(path: Path, dataset: str) -> Source | None:
    stem = stem_of(path)
    modality = _modality(stem.rpartition('_')[2])
    if stem == path.name or modality is None or path.parent.name != DATATYPES[modality]:
        return None
    entities = entities_of(path.absolute())
    if entities.get('part') in _NOT_MAGNITUDE:
        return None
    return Source(
        path=path.absolute(), modality=modality, entities=entities, dataset=dataset, name=stem
    )


def _modality(suffix: str) -> Modality | None:
    return next((modality for modality in MODALITIES if modality == suffix), None)


def _require_subjects(root: Path, folders: Iterable[Path], wanted: Iterable[str]) -> None:
    there = {folder.name.removeprefix('sub-') for folder in folders}
    if missing := [label for label in wanted if _plain('sub', label) not in there]:
        raise NotFoundError(f'{root} has no sub-{", sub-".join(missing)}')


def _plain(entity: str, label: str) -> str:
    plain = label.removeprefix(f'{entity}-')
    return plain.lstrip('0') or plain if entity == 'run' else plain
