"""Reads the catalogue: the package's own files, and those of an operator's folder."""

from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mriqc_webapi.errors import CatalogueError
from mriqc_webapi.iqm.assembly import build_resource, check_group, check_sections
from mriqc_webapi.iqm.catalogue_file import CatalogueFile
from mriqc_webapi.iqm.definitions import Catalogue, Resource
from mriqc_webapi.iqm.references import Reference, read_references

FIRST_RESOURCES = ('bold', 'T1w', 'T2w', 'nipype_telemetry', 'rating', 'dwi')  # then by name


def load_catalogue(extra: Path | None = None) -> Catalogue:
    """Read the package's files, and every ``*.toml`` and ``*.bib`` of the folder ``extra``.

    A TOML file holds one ``[resource]``, or one ``[group]`` of fields that resources include;
    files of ``extra`` may include the package's groups and cite its references.

    Raises
    ------
    CatalogueError
        A file is wrong; the message is ``file:line: reason``.
    """
    packaged = files('mriqc_webapi.iqm')
    found = _files(packaged.joinpath('catalogue').iterdir(), '.toml')
    cited = [(packaged.joinpath('references.bib'), 'references.bib')]
    if extra is not None:
        listed = _listed(extra)
        found += _files(listed, '.toml', within=extra)
        cited += _files(listed, '.bib', within=extra)
    parsed = [_parse(source, name) for source, name in found]
    references = _references(cited)
    groups = _by_name(parsed, 'group')
    for group in groups.values():
        check_group(group, groups=groups, references=references)
    built = [
        build_resource(file, groups=groups, references=references)
        for file in _by_name(parsed, 'resource').values()
    ]
    return Catalogue(
        resources={r.name: r for r in sorted(built, key=_rank)}, references=references
    )


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise CatalogueError(f'{folder}: {error.strerror}') from None


def _files(
    listed: Iterable[Traversable], suffix: str, *, within: Path | None = None
) -> list[tuple[Traversable, str]]:
    """Pick the files of one kind, each with what errors call it."""
    wanted = (f for f in listed if f.name.endswith(suffix) and not f.name.startswith('.'))
    ordered = sorted(wanted, key=lambda f: f.name)
    return [(f, str(within / f.name) if within else f.name) for f in ordered]


def _parse(source: Traversable, name: str) -> CatalogueFile:
    file = CatalogueFile.parse(_read(source, name), name=name)
    check_sections(file)
    return file


def _read(source: Traversable, name: str) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        raise CatalogueError(f'{name}: {error.strerror}') from None


def _references(sources: Iterable[tuple[Traversable, str]]) -> dict[str, Reference]:
    found: dict[str, Reference] = {}
    for source, name in sources:
        text = _read(source, name).decode('utf-8', 'replace')
        found |= read_references(text, file=name, known=found)
    return found


def _by_name(found: Iterable[CatalogueFile], section: str) -> dict[str, CatalogueFile]:
    """Key the files of one kind by the name they declare; names differ in more than case."""
    named: dict[str, CatalogueFile] = {}
    taken: dict[str, CatalogueFile] = {}
    for file in (f for f in found if section in f.data):
        name = file.data[section]['name']
        other = taken.setdefault(name.lower(), file)
        if other is not file:
            reason = f'{section} {name!r} is declared already, in {other.name}'
            raise file.error(reason, section, 'name')
        named[name] = file
    return named


def _rank(resource: Resource) -> tuple[int, str]:
    if resource.name in FIRST_RESOURCES:
        return FIRST_RESOURCES.index(resource.name), ''
    return len(FIRST_RESOURCES) + (not resource.name.startswith('qap_')), resource.name
