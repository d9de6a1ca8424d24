"""A release at an address: its tables are fetched when they are asked for, and checked."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mriqc_webapi.client.answers import require_good
from mriqc_webapi.client.cache import Cache, key_of
from mriqc_webapi.client.downloads import Download, download
from mriqc_webapi.client.packages import require
from mriqc_webapi.client.patience import Patience, ask_until_answered
from mriqc_webapi.client.progress import Bars
from mriqc_webapi.client.questions import Options, TableFormat, TableQuestion
from mriqc_webapi.client.service import PLAIN
from mriqc_webapi.client.steps import Ask, Steps, working
from mriqc_webapi.errors import ForeignAnswerError, NotFoundError

if TYPE_CHECKING:
    from mriqc_webapi.archive.releases.manifest import Manifest, ReleasedFile
    from mriqc_webapi.client.frames import RecordFrame
    from mriqc_webapi.client.local import LocalPlace

MANIFEST = 'manifest.json'


class ReleasePlace:
    """A release of a service, or any copy of it behind an address."""

    def __init__(self, url: str, *, cache: Cache | None, bars: Bars, patience: Patience) -> None:
        self.name = url
        self._url = url.rstrip('/')
        self._cache = cache
        self._bars = bars
        self._patience = patience
        self._own = None if cache else Path(tempfile.mkdtemp(prefix='mriqc-release-'))
        self._manifest: Manifest | None = None

    def frame(self, question: TableQuestion) -> Steps[RecordFrame]:
        """Read records as a frame."""
        local = yield from self._fetched(question.resource)
        return (yield from local.frame(question))

    def write(self, question: TableQuestion, format: TableFormat, out: Path) -> Steps[int]:
        """Write records to a file."""
        local = yield from self._fetched(question.resource)
        return (yield from local.write(question, format, out))

    def statistic(self, name: str, resource: str | None, options: Options) -> Steps[Any]:
        """Answer a question as the service does."""
        local = yield from self._fetched(resource)
        return (yield from local.statistic(name, resource, options))

    def records(
        self, question: TableQuestion, *, sort: str, limit: int | None
    ) -> Steps[list[dict[str, Any]]]:
        """Read records."""
        local = yield from self._fetched(question.resource)
        return (yield from local.records(question, sort=sort, limit=limit))

    def record(self, resource: str, id: str) -> Steps[dict[str, Any]]:
        """Read one record."""
        local = yield from self._fetched(resource)
        return (yield from local.record(resource, id))

    def scan(self, md5sum: str) -> Steps[dict[str, Any]]:
        """Read everything about one image."""
        local = yield from self._fetched(None)
        return (yield from local.scan(md5sum))

    def ratings(self, options: Mapping[str, Any]) -> Steps[list[dict[str, Any]]]:
        """Read ratings."""
        local = yield from self._fetched('rating')
        return (yield from local.ratings(options))

    def labels(self, options: Mapping[str, Any]) -> Steps[list[dict[str, Any]]]:
        """Read labels; the modality of an image may be told by its records alone."""
        local = yield from self._fetched(None)
        return (yield from local.labels(options))

    def dictionary(self, resource: str | None) -> Steps[list[dict[str, Any]]]:
        """Give what each field means."""
        local = yield from self._fetched('')
        return (yield from local.dictionary(resource))

    def releases(self) -> Steps[dict[str, Any]]:
        """Tell of this one."""
        manifest = yield from self._read_manifest()
        return {'latest': manifest.number, 'releases': [manifest.summary]}

    def close(self) -> None:
        """Remove what was not to be kept."""
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)

    def _fetched(self, resource: str | None) -> Steps[LocalPlace]:
        """Fetch a resource's table, or all; give the release as far as it is on this machine."""
        files, local = require('mriqc_webapi.client.files'), require('mriqc_webapi.client.local')
        manifest = yield from self._read_manifest()
        wanted = {r: paths for r, paths in files.table_files(manifest) if resource in {None, r}}
        if resource and not wanted:
            known = ', '.join(r for r, _ in files.table_files(manifest))
            raise NotFoundError(f'{self.name} has no {resource!r}; it has {known}')
        by_path = {file.path: file for file in manifest.files}
        for path in (path for paths in wanted.values() for path in paths):
            yield from self._fetch(by_path[path])
        there = {r: [self._folder / p for p in paths] for r, paths in wanted.items()}
        source = files.FileSource(self.name, there, data_version=manifest.data_version)
        found: LocalPlace = local.LocalPlace(source, cache=self._cache)
        return found

    def _fetch(self, file: ReleasedFile) -> Steps[None]:
        out = self._folder / file.path
        if out.exists() and out.stat().st_size == file.n_bytes:
            return
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = out.with_name(f'{out.name}.fetched')
        wanted = Download(url=f'{self._url}/{file.path}', out=fresh, headers=PLAIN)
        with self._bars.watching(file.path, 'bytes') as watch:
            yield from download(wanted, self._patience, watch.reach)
        digest = yield from working(partial(_sha256, fresh))
        if digest != file.sha256:
            fresh.unlink()
            raise ForeignAnswerError(f'{self._url}/{file.path} is not as its manifest says')
        fresh.replace(out)

    def _read_manifest(self) -> Steps[Manifest]:
        if self._manifest is None:
            ask = Ask(url=f'{self._url}/{MANIFEST}')
            reply = yield from ask_until_answered(lambda: ask, self._patience)
            require_good(reply, ask)
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / MANIFEST).write_bytes(reply.content)
            read = require('mriqc_webapi.archive.releases.manifest').Manifest.read
            self._manifest = read(self._folder)
        return self._manifest

    @property
    def _folder(self) -> Path:
        if self._own is not None:
            return self._own
        assert self._cache is not None  # noqa: S101 - one of both is there
        return self._cache.folder / 'releases' / key_of(self._url)


def _sha256(path: Path) -> str:
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
