"""Puts the rating widget into reports, in the place of an earlier one, and takes it out again."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

from mriqc_webapi.errors import LinkedReportError, NoReportError, ReportError, UnknownImageError
from mriqc_webapi.reports.folder import find_reports
from mriqc_webapi.reports.former_widgets import find_former_widgets
from mriqc_webapi.reports.images import Image, places_of_json, read_image
from mriqc_webapi.reports.policy import policy_splices
from mriqc_webapi.reports.splices import Splice, original, spliced
from mriqc_webapi.reports.widget import Widget, widget_html

BACKUP_SUFFIX = '.orig'

Change = Literal['annotated', 'updated', 'unchanged', 'restored', 'refused']


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report in a folder that bounds what is read for it."""

    folder: Path
    name: str  # path from the folder on, with slashes

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one report."""

    report: Path
    change: Change
    words: str = ''  # the reason of a refusal, or what else is to be known
    image: Image = field(default_factory=Image)
    n_replaced: int = 0  # pieces of earlier widgets


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to be done to reports."""

    widget: Widget = field(default_factory=Widget)
    md5sum: str | None = None  # of the image, if the report cannot know it
    undoes: bool = False
    keeps_backup: bool = False
    is_dry_run: bool = False


def reports_at(path: Path) -> list[Report]:
    """List the report of that name, or all in that folder, links to elsewhere among them."""
    if not path.is_dir():
        # MRIQC 0.9 has its reports in a folder beside that of the JSON files
        folder = path.parent.parent if path.parent.name == 'reports' else path.parent
        return [Report(folder=folder, name=path.relative_to(folder).as_posix())]
    folder = path.parent if path.absolute().name == 'reports' else path
    found = find_reports(path)
    inside = path.relative_to(folder)
    names = sorted((*found.reports, *found.outside))
    return [Report(folder=folder, name=(inside / name).as_posix()) for name in names]


def change_report(report: Report, wishes: Wishes) -> Outcome:
    """Annotate or restore one report on disk; a refusal is an outcome, not an error."""
    try:
        page = _read(report.path)
        change = _restored if wishes.undoes else _annotated
        outcome, new = change(report, page, wishes)
        if new != page and not wishes.is_dry_run:
            if wishes.keeps_backup and not wishes.undoes:
                _keep(report.path, original(page).page)
            _write(report.path, new)
    except (ReportError, OSError) as error:
        return Outcome(report=report.path, change='refused', words=str(error))
    return outcome


def annotated(page: bytes, widget: Widget, image: Image, *, report: str) -> tuple[bytes, int]:
    """Put the widget into a page that has none of ours; also count what it replaced.

    Raises
    ------
    NoReportError
        The page is no HTML document in a charset that holds ASCII.
    """
    last = page.rfind(b'</body')
    if last < 0 or b'\0' in page[:4096]:
        raise NoReportError('this is no HTML report: it has no body, or is not in UTF-8')
    former = [Splice(start, end) for start, end in find_former_widgets(page) if end <= last]
    splices = sorted([*policy_splices(page[:last], widget), *former], key=lambda s: s.start)
    new = Splice(last, last, widget_html(widget, image, report=report))
    return spliced(page, [*splices, new]), len(former)


def _annotated(report: Report, page: bytes, wishes: Wishes) -> tuple[Outcome, bytes]:
    before = original(page)
    image = _image_of(report, before.page, wishes.md5sum)
    name = report.path.name
    new, n_replaced = annotated(before.page, wishes.widget, image, report=name)
    change: Change = 'updated' if before.n_splices else 'annotated'
    outcome = Outcome(
        report=report.path,
        change='unchanged' if new == page else change,
        image=image,
        n_replaced=n_replaced,
    )
    return outcome, new


def _restored(report: Report, page: bytes, _wishes: Wishes) -> tuple[Outcome, bytes]:
    before = original(page)
    words = '' if before.is_exact else 'the report was changed since, which stays'
    change: Change = 'restored' if before.n_splices else 'unchanged'
    return Outcome(report=report.path, change=change, words=words), before.page


def _image_of(report: Report, page: bytes, md5sum: str | None) -> Image:
    image = read_image(report.folder, report.name, page, md5sum=md5sum)
    if image.md5sum is None:
        places = ', '.join(dict.fromkeys(places_of_json(report.name)))
        raise UnknownImageError(
            'neither the report nor a JSON beside it says the MD5 of its image '
            f'(looked for {places}); if you know it, give it by --md5sum'
        )
    return image


def _read(path: Path) -> bytes:
    if path.is_symlink():
        raise LinkedReportError(
            f'this is a link to {path.readlink()}; name the file itself, or unlock it first'
        )
    return path.read_bytes()


def _keep(path: Path, page: bytes) -> None:
    backup = path.with_name(path.name + BACKUP_SUFFIX)
    try:
        with backup.open('xb') as file:
            file.write(page)
    except FileExistsError:
        pass  # the first is the original


def _write(path: Path, page: bytes) -> None:
    """Put the new report in the old one's place at once, or not at all."""
    with NamedTemporaryFile(dir=path.parent, prefix='.', suffix=path.suffix, delete=False) as file:
        new = Path(file.name)
        try:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
            new.chmod(path.stat().st_mode & 0o7777)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
