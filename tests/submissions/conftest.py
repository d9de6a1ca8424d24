"""Checkers of the real catalogue, real records, and the payloads that released clients sent."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from mriqc_webapi.errors import InvalidDocumentError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.submissions.submission import Submission

TESTS = Path(__file__).parents[1]
PAYLOADS = {p.stem: p.read_bytes() for p in (TESTS / 'contract' / 'payloads').glob('*.json')}

Check = Callable[..., Submission]


@pytest.fixture(scope='session')
def catalogue() -> Catalogue:
    """The catalogue that ships with the package."""
    return load_catalogue()


@pytest.fixture(scope='session')
def checkers(catalogue: Catalogue) -> dict[str, Checker]:
    """One checker per resource."""
    return {n: Checker(r, limits=Limits()) for n, r in catalogue.resources.items()}


@pytest.fixture
def payload() -> Callable[..., dict[str, Any]]:
    """Make a valid document: ``payload('T1w', {'bids_meta.run_id': 1}, without=['cjv'])``."""

    def make(
        name: str, changed: dict[str, Any] | None = None, *, without: list[str] | None = None
    ) -> dict[str, Any]:
        document = orjson.loads(PAYLOADS[name])
        for path, value in (changed or {}).items():
            *parents, last = path.split('.')
            place = document
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = deepcopy(value)
        for path in without or []:
            *parents, last = path.split('.')
            place = document
            for parent in parents:
                place = place[parent]
            del place[last]
        return document

    return make


@pytest.fixture
def accept(checkers: dict[str, Checker], payload: Callable[..., dict[str, Any]]) -> Check:
    """Check a valid document with some members changed."""

    def check(resource: str, changed: dict[str, Any] | None = None, **given: Any) -> Submission:
        return checkers[resource](payload(resource, changed, **given))

    return check


@pytest.fixture
def refuse(accept: Check) -> Callable[..., dict[str, Any]]:
    """Check a document that is refused, and return the issues."""

    def check(resource: str, changed: dict[str, Any] | None = None, **given: Any) -> Any:
        with pytest.raises(InvalidDocumentError) as caught:
            accept(resource, changed, **given)
        return caught.value.issues

    return check
