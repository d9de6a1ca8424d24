"""The artifacts that a rater may tick. The table is `artifacts.toml`; unknown ones are kept."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Self

_BETWEEN_WORDS: Final = re.compile(r'[\s_-]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One flag of the rating widget."""

    name: str  # as posted: 'head-motion'
    title: str
    meaning: str
    modalities: tuple[str, ...]  # where it can show
    spellings: tuple[str, ...]  # taken for it, in any case


@dataclass(frozen=True, slots=True)
class ArtifactTable:
    """The known artifacts, in the order of the widget."""

    artifacts: tuple[Artifact, ...]
    _by_spelling: dict[str, str]

    @classmethod
    def read(cls, content: str) -> Self:
        """Read the table from TOML."""
        found = tuple(_artifact(name, entry) for name, entry in tomllib.loads(content).items())
        spelled = {s: a.name for a in found for s in (a.name, *a.spellings)}
        return cls(found, spelled)

    @property
    def names(self) -> tuple[str, ...]:
        """The flags as they are posted."""
        return tuple(a.name for a in self.artifacts)

    def name(self, text: str) -> str:
        """Give the flag that a text means; any other text is kept, without outer blanks."""
        text = text.strip()
        return self._by_spelling.get(_BETWEEN_WORDS.sub('-', text).casefold(), text)

    def named(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Name several flags, in the order in which they came, each once."""
        return tuple(dict.fromkeys(name for t in texts if (name := self.name(t))))


@cache
def artifact_table() -> ArtifactTable:
    """Return the package's own table."""
    return ArtifactTable.read(files(__package__).joinpath('artifacts.toml').read_text('utf-8'))


def _artifact(name: str, entry: dict[str, Any]) -> Artifact:
    return Artifact(
        name=name,
        title=entry['title'],
        meaning=entry['meaning'],
        modalities=tuple(entry['modalities']),
        spellings=tuple(entry['spellings']),
    )
