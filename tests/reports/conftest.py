"""Reports on disk, annotated as from a shell."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mriqc_webapi.reports.annotate import Outcome, Wishes, change_report, reports_at
from mriqc_webapi.reports.widget import Widget


@pytest.fixture
def write_report(tmp_path: Path) -> Callable[..., Path]:
    """Write a report into a folder."""

    def write_report(page: bytes, name: str = 'sub-01_T1w.html') -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)
        return path

    return write_report


@pytest.fixture
def annotate() -> Callable[..., Outcome]:
    """Annotate one report; the keywords are those of `Wishes`, or of `Widget`."""

    def annotate(path: Path, **wishes: Any) -> Outcome:
        names = {'url', 'token', 'face', 'names_report'}
        widget = Widget(**{k: wishes.pop(k) for k in names & wishes.keys()})
        (report,) = reports_at(path)
        return change_report(report, Wishes(widget=widget, **wishes))

    return annotate
