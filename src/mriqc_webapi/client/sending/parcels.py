"""From a record as it was found to what leaves: hashed, sieved, checked, and named by a key."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import starmap
from typing import Any, Final

import orjson

from mriqc_webapi.client.sending.disclosure import Disclosure, Policy, disclose
from mriqc_webapi.client.sending.finding import Found, canonical_json
from mriqc_webapi.client.sending.images import Images, has_md5
from mriqc_webapi.client.sending.spool import Parcel
from mriqc_webapi.errors import InvalidDocumentError, LimitError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.check import Checker

_NAMED_PLACES: Final = 4  # of those with the same issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A record as it would leave."""

    found: Found
    disclosure: Disclosure
    refusal: str = ''  # why the service would not take it
    note: str = ''


class Preparer:
    """Makes records ready; any thread may call it.

    Attributes
    ----------
    policy : str
        What decides what becomes of a record; another text, another outcome.

    Parameters
    ----------
    images : Images, optional
        None: no hash is taken from images.
    """

    def __init__(
        self, catalogue: Catalogue, limits: Limits, *, policy: Policy, images: Images | None
    ) -> None:
        self._catalogue = catalogue
        self._policy = policy
        self._images = images
        self.policy = f'{policy}, {"with" if images else "without"} images'
        self._checkers = {
            name: Checker(resource, limits=limits)
            for name, resource in catalogue.resources.items()
        }

    def prepare(self, found: Found, salt: bytes, *, in_haste: bool = False) -> Prepared:
        """Make a record ready; in haste, images are read only where nothing else gives the MD5."""
        document, note = found.document, ''
        if self._images is not None and not (in_haste and has_md5(found)):
            document, note = self._images.with_hashes(found)
        resource = self._catalogue[found.resource]
        disclosure = disclose(document, resource, self._policy, salt=salt)
        refusal = self._refusal(found.resource, disclosure.document)
        return Prepared(found=found, disclosure=disclosure, refusal=refusal, note=note)

    def _refusal(self, resource: str, document: dict[str, Any]) -> str:
        try:
            self._checkers[resource](document)
        except InvalidDocumentError as error:
            return describe_issues(error.issues)
        except LimitError as error:
            return str(error)
        return ''


def parcel_of(prepared: Prepared, salt: bytes, *, policy: str) -> Parcel:
    """Pack a record; the same content of the same dataset always has the same key."""
    found = prepared.found
    content = canonical_json([found.resource, prepared.disclosure.document])
    provenance = prepared.disclosure.document.get('provenance', {})
    return Parcel(
        key=hmac.new(salt, content, sha256).hexdigest(),
        resource=found.resource,
        document=canonical_json(prepared.disclosure.document),
        digest=found.digest,
        dataset='' if found.dataset is None else str(found.dataset.root),
        source=found.source,
        md5sum=str(provenance.get('md5sum', '')),
        policy=policy,
    )


def describe_issues(issues: Mapping[str, Any]) -> str:
    """Write issues on one line: ``cjv: must be of float type; required field: cnr, efc``."""
    places: dict[str, list[str]] = {}
    for place, words in _flat(issues, ''):
        places.setdefault(words, []).append(place)
    return '; '.join(starmap(_one_kind, places.items()))


def _one_kind(words: str, places: list[str]) -> str:
    if len(places) == 1:
        return f'{places[0]}: {words}'
    more = len(places) - _NAMED_PLACES
    named = ', '.join(places[:_NAMED_PLACES])
    return f'{words}: {named} and {more} more' if more > 0 else f'{words}: {named}'


def _flat(issues: Any, path: str) -> Iterator[tuple[str, str]]:
    """Give each leaf of nested issues with its place."""
    if isinstance(issues, Mapping):
        for name, issue in issues.items():
            yield from _flat(issue, f'{path}.{name}' if path else str(name))
    elif isinstance(issues, list):
        for issue in issues:
            yield from _flat(issue, path)
    else:
        yield path, str(issues)


def read_document(parcel: Parcel) -> dict[str, Any]:
    """Unpack a record."""
    document: dict[str, Any] = orjson.loads(parcel.document)
    return document
