"""One name for each maker and model of scanners, however a sidecar spells it; and nominal fields.

The table is `scanners.toml`, which says the rules too. A name that it lacks is kept, cleaned.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, Self

GAUSS_PER_T: Final = 10_000
MAX_NAME_CHARS: Final = 100

_NO_WORD: Final = re.compile(r'[\W_]+')
_LETTERS: Final = re.compile(r'[a-z]+')
_FIELD_STRENGTH: Final = re.compile(r'[\s_-]+\d+(?:\.\d+)?\s*t(?:esla)?\s*$', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A maker of scanners."""

    name: str
    spellings: tuple[str, ...]
    brands: tuple[str, ...]  # words before a model's name that say no more than the maker does
    models: dict[str, tuple[str, ...]]  # name → other spellings


@dataclass(frozen=True, slots=True)
class ScannerTable:
    """The published table."""

    vendors: tuple[Vendor, ...]
    generic_words: frozenset[str]
    nothing: frozenset[str]
    nominal_t: tuple[float, ...]
    tolerance: float  # relative
    _by_spelling: dict[str, Vendor]
    _models: dict[str, dict[str, str]]  # by vendor, by key

    @classmethod
    def read(cls, content: str) -> Self:
        """Read the table from TOML."""
        data = tomllib.loads(content)
        vendors = tuple(_vendor(name, entry) for name, entry in data['vendors'].items())
        return cls(
            vendors=vendors,
            generic_words=frozenset(data['words']['generic']),
            nothing=frozenset(data['words']['nothing']),
            nominal_t=tuple(data['fields']['nominal_t']),
            tolerance=data['fields']['tolerance'],
            _by_spelling={spelling: v for v in vendors for spelling in v.spellings},
            _models={v.name: _model_keys(v) for v in vendors},
        )

    def vendor(self, text: str | None) -> str | None:
        """Name the maker that a sidecar speaks of; None if it says nothing, or two of them."""
        words = _NO_WORD.sub(' ', text or '').casefold().split()
        if ' '.join(words) in self.nothing:
            return None
        kept = [w for w in words if w not in self.generic_words]
        if whole := self._by_spelling.get(' '.join(kept)):
            return whole.name
        named = {v.name for w in kept if (v := self._by_spelling.get(w))}
        if not named:
            return _cleaned(text)
        return named.pop() if len(named) == 1 else None

    def model(self, text: str | None, vendor: str | None) -> str | None:
        """Name the model, given the maker as `vendor` names it, or None."""
        if ' '.join(_NO_WORD.sub(' ', text or '').casefold().split()) in self.nothing:
            return None
        tables = [self._models[vendor]] if vendor in self._models else self._models.values()
        for spelled in (text or '', _FIELD_STRENGTH.sub('', text or '')):
            key = self._key(spelled)
            if found := next((table[key] for table in tables if key in table), None):
                return found
        return _cleaned(text)

    def field_strength(self, tesla: float | None) -> float | None:
        """Give the nominal field of a magnet, in tesla; None if it is near none.

        Parameters
        ----------
        tesla : float or None
            As the sidecar has it; some write gauss, which is told by its size.
        """
        if tesla is None or not tesla > 0:
            return None
        field_t = tesla / GAUSS_PER_T if tesla >= GAUSS_PER_T else tesla
        nearest = min(self.nominal_t, key=lambda nominal: abs(nominal - field_t))
        return nearest if abs(nearest - field_t) <= self.tolerance * nearest else None

    def _key(self, text: str) -> str:
        words = _NO_WORD.sub(' ', text).casefold().split()
        while len(words) > 1 and (words[0] in self._by_spelling or self._is_brand(words[0])):
            words = words[1:]
        return ''.join(words)

    def _is_brand(self, word: str) -> bool:
        return any(word in v.brands for v in self.vendors)


@cache
def scanner_table() -> ScannerTable:
    """Read the package's table."""
    content = files('mriqc_webapi.iqm').joinpath('scanners.toml').read_text(encoding='utf-8')
    return ScannerTable.read(content)


@lru_cache(maxsize=4096)
def vendor_of(manufacturer: str | None) -> str | None:
    """Name the maker of a scanner."""
    return scanner_table().vendor(manufacturer)


@lru_cache(maxsize=4096)
def model_of(model: str | None, manufacturer: str | None) -> str | None:
    """Name the model of a scanner."""
    return scanner_table().model(model, vendor_of(manufacturer))


@lru_cache(maxsize=4096)
def field_strength_of(tesla: float | None) -> float | None:
    """Give the nominal field of a scanner, in tesla."""
    return scanner_table().field_strength(tesla)


def _vendor(name: str, entry: dict[str, Any]) -> Vendor:
    aliases = entry.get('aliases', {})
    models = {model: tuple(aliases.pop(model, ())) for model in entry['models']}
    if aliases:
        raise ValueError(f'scanners.toml: {name} has no model {", ".join(aliases)}')
    return Vendor(
        name=name,
        spellings=tuple(entry['spellings']),
        brands=tuple(entry['brands']),
        models=models,
    )


def _model_keys(vendor: Vendor) -> dict[str, str]:
    return {
        _NO_WORD.sub('', spelling).casefold(): model
        for model, aliases in vendor.models.items()
        for spelling in (model, *aliases)
    }


def _cleaned(text: str | None) -> str | None:
    words = ' '.join((text or '').replace('_', ' ').split())
    return words[:MAX_NAME_CHARS] or None
