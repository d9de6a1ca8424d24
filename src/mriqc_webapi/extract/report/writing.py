"""Writes the individual report: one HTML file that needs nothing but itself."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined

from mriqc_webapi.extract.maps import AnatomicalMaps, FunctionalMaps, Traces
from mriqc_webapi.extract.report.anatomical import anatomical_browsers, anatomical_glance
from mriqc_webapi.extract.report.browsing import Browser
from mriqc_webapi.extract.report.courses import FD_THRESHOLD_MM, TimePanel, time_panel
from mriqc_webapi.extract.report.facts import (
    Fact,
    Work,
    chips,
    doubts,
    facts,
    mask_words,
    notes,
    works,
)
from mriqc_webapi.extract.report.functional import functional_browsers, functional_glance
from mriqc_webapi.extract.report.glance import Glance
from mriqc_webapi.extract.report.measures import Family, Measure, families, highlights, measures
from mriqc_webapi.reports.annotate import annotated
from mriqc_webapi.reports.images import Image
from mriqc_webapi.reports.widget import Widget

STYLES: Final = (
    'web/static/style.css',
    'web/static/facts.css',
    'extract/report/static/slices.css',
    'extract/report/static/time.css',
    'extract/report/static/report.css',
)
SCRIPTS: Final = (
    'extract/report/static/slice-browser.js',
    'extract/report/static/time-panel.js',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """What ``report.html`` shows."""

    name: str
    modality: str
    software: str
    version: str
    chips: tuple[str, ...]
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    mask: str
    glance: Glance
    highlights: tuple[Measure, ...]
    browsers: tuple[Browser, ...]
    time: TimePanel | None
    readings: str  # of `time`, as JSON
    fd_threshold_mm: float
    families: tuple[Family, ...]
    has_percentiles: bool
    bids_meta: tuple[Fact, ...]
    provenance: tuple[Fact, ...]
    works: tuple[Work, ...]
    policy: str
    style: str
    script: str


def write_report(
    path: Path,
    *,
    record: Mapping[str, Any],
    maps: AnatomicalMaps | FunctionalMaps,
    traces: Traces | None = None,
    percentiles: Mapping[str, float] | None = None,
) -> None:
    """Write the report of one image, with the rating widget in it.

    Parameters
    ----------
    path : Path
        Its name without suffix is the image's in the report.
    record : mapping
        IQMs by wire name, `bids_meta` and `provenance`, in which `missing` tells why an IQM
        is None.
    maps : AnatomicalMaps or FunctionalMaps
        What the IQMs were taken of.
    traces : Traces, optional
        Of a series: curves above the carpet.
    percentiles : mapping, optional
        Where IQMs stand in an archive, 0–100, by wire name.
    """
    page = render(path.stem, record=record, maps=maps, traces=traces, percentiles=percentiles)
    about = record.get('provenance', {})
    image = Image(
        md5sum=about.get('md5sum'),
        modality=_modality(record, maps),
        software=about.get('software'),
        version=about.get('version'),
    )
    whole, _ = annotated(page, Widget(), image, report=path.name)
    path.write_bytes(whole)


def render(
    name: str,
    *,
    record: Mapping[str, Any],
    maps: AnatomicalMaps | FunctionalMaps,
    traces: Traces | None,
    percentiles: Mapping[str, float] | None,
) -> bytes:
    """Make the page of a report, without a rating widget."""
    modality = _modality(record, maps)
    provenance = record.get('provenance', {})
    threshold_mm = provenance.get('settings', {}).get('fd_thres', FD_THRESHOLD_MM)
    glance, browsers, time = _drawn(maps, traces, threshold_mm)
    listed = measures(record, modality, percentiles or {})
    context = ReportContext(
        name=name,
        modality=modality,
        software=provenance.get('software', ''),
        version=provenance.get('version', ''),
        chips=chips(record, maps),
        doubts=doubts(maps),
        notes=notes(record, maps),
        mask=mask_words(maps),
        glance=glance,
        highlights=highlights(listed, modality),
        browsers=browsers,
        time=time,
        readings=_in_script(time.readings) if time else '',
        fd_threshold_mm=threshold_mm,
        families=families(listed),
        has_percentiles=bool(percentiles),
        bids_meta=facts(record, 'bids_meta', modality),
        provenance=facts(record, 'provenance', modality),
        works=works(listed),
        policy=content_security_policy(),
        style=_style(),
        script=_script(),
    )
    values = {f.name: getattr(context, f.name) for f in fields(context)}
    return _templates().get_template('report.html').render(values).encode()


def content_security_policy() -> str:
    """Allow the page its own style, script and pictures, and nothing else."""
    return '; '.join(
        (
            "default-src 'none'",
            'img-src data:',
            f'style-src {_hash_of(_style())}',
            f'script-src {_hash_of(_script())}',
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _drawn(
    maps: AnatomicalMaps | FunctionalMaps, traces: Traces | None, fd_threshold_mm: float
) -> tuple[Glance, tuple[Browser, ...], TimePanel | None]:
    if isinstance(maps, AnatomicalMaps):
        return anatomical_glance(maps), anatomical_browsers(maps), None
    time = time_panel(maps, traces, fd_threshold_mm=fd_threshold_mm)
    return functional_glance(maps), functional_browsers(maps), time


def _modality(record: Mapping[str, Any], maps: AnatomicalMaps | FunctionalMaps) -> str:
    kind = 'bold' if isinstance(maps, FunctionalMaps) else maps.contrast
    return str(record.get('bids_meta', {}).get('modality', kind))


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader('mriqc_webapi.extract.report'),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return _read(STYLES)


@cache
def _script() -> str:
    return _read(SCRIPTS)


def _read(names: tuple[str, ...]) -> str:
    package = files('mriqc_webapi')
    return '\n'.join(package.joinpath(name).read_text('utf-8') for name in names)


def _hash_of(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _in_script(value: Any) -> str:
    """Write JSON that cannot end the script that it stands in."""
    return orjson.dumps(value).decode().replace('<', '\\u003c')
