"""A running service, asked over HTTP."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, urlsplit

from mriqc_webapi.client.answers import read_json, refusal
from mriqc_webapi.client.cache import Cache, Note, key_of
from mriqc_webapi.client.downloads import SLOW_S, Download, download, version_in
from mriqc_webapi.client.packages import require
from mriqc_webapi.client.patience import PATIENT, Patience, ask_until_answered
from mriqc_webapi.client.progress import Bars
from mriqc_webapi.client.questions import Options, TableFormat, TableQuestion, query
from mriqc_webapi.client.steps import Ask, LostError, Steps, working

if TYPE_CHECKING:
    from mriqc_webapi.client.frames import RecordFrame

PAGE: Final = 1000  # records of one answer
PLAIN: Final = {'Accept-Encoding': 'identity'}  # tables are compressed as they are, or near

Carried = Literal['arrow', 'parquet']


class ServicePlace:
    """A service.

    Parameters
    ----------
    root : str
        Its address, without the path of an interface.
    cache : Cache or None
        None: nothing is kept.
    """

    def __init__(
        self, root: str, *, cache: Cache | None, bars: Bars, patience: Patience = PATIENT
    ) -> None:
        self.name = root
        self.root = root
        self._cache = cache
        self.bars = bars
        self.patience = patience

    def frame(self, question: TableQuestion) -> Steps[RecordFrame]:
        """Fetch records, or find that those that were fetched before are still the same.

        From this machine's own services tables come as Arrow, the fastest; from others as Parquet,
        the smallest, which can be gone on with after a break.
        """
        columns = require('mriqc_webapi.client.columns')
        with self._kept() as cache:
            key = key_of(self.root, question.resource, repr(question))
            found = cache.find(key)
            carried: Carried = 'arrow' if is_near(self.root) else 'parquet'
            if found is not None and found[1].format in {'arrow', 'parquet'}:
                carried = 'arrow' if found[1].format == 'arrow' else 'parquet'
            tag = found[1].tag if found else ''
            with cache.draft() as draft:
                fetch = partial(self._fetch, question, tag=tag, draft=draft, cache=cache, key=key)
                try:
                    note = yield from fetch(carried)
                except LostError:  # a stream cannot be gone on with, a file can
                    note = yield from fetch('parquet')
                if note is not None:
                    found = (cache.keep(draft, key, note), note)
                assert found is not None  # noqa: S101 - nothing new: it was there
                kept, note = found
                try:
                    frame: RecordFrame = yield from working(partial(columns.read_frame, kept))
                except FileNotFoundError:  # another process has put newer content in its place
                    return (yield from self.frame(question))
        frame.attrs = {
            'source': self.name,
            'resource': question.resource,
            'view': question.view,
            'where': question.where,
            'n': note.n_rows,
            'data_version': note.data_version,
        }
        return frame

    def write(self, question: TableQuestion, format: TableFormat, out: Path) -> Steps[int]:
        """Download an export; a Parquet file that broke off is gone on with."""
        headers = PLAIN if format in {'parquet', 'arrow'} else {}
        wanted = Download(url=self._export(question, format), out=out, headers=headers)
        with self.bars.watching(out.name, 'bytes') as watch:
            yield from download(wanted, self.patience, watch.reach)
        return out.stat().st_size

    def statistic(self, name: str, resource: str | None, options: Options) -> Steps[Any]:
        """Ask for a statistic."""
        path = f'/{quote(resource)}/{name}' if resource else f'/{name}'
        return (yield from self.ask(f'/api/v2{path}{query(options)}'))

    def records(
        self, question: TableQuestion, *, sort: str, limit: int | None
    ) -> Steps[list[dict[str, Any]]]:
        """Follow a listing to its end, or to `limit`."""
        options = question.parameters | ({'sort': sort} if sort else {})
        path = f'/api/v2/{quote(question.resource)}/records'
        with self.bars.watching(question.resource, 'records') as watch:
            return (yield from self._pages(path, options, limit, watch.reach))

    def record(self, resource: str, id: str) -> Steps[dict[str, Any]]:
        """Fetch one record."""
        path = f'/api/v2/{quote(resource)}/records/{quote(id, safe="")}'
        found: dict[str, Any] = yield from self.ask(path)
        return found

    def scan(self, md5sum: str) -> Steps[dict[str, Any]]:
        """Fetch everything about one image, all pages of it."""
        path = f'/api/v2/scans/{quote(md5sum, safe="")}'
        told: dict[str, Any] = yield from self.ask(f'{path}?limit={PAGE}')
        while cursor := told.pop('next', None):
            more = yield from self.ask(f'{path}{query({"limit": PAGE, "cursor": cursor})}')
            told['items'] += more['items']
            told['next'] = more['next']
        return told

    def ratings(self, options: Mapping[str, Any]) -> Steps[list[dict[str, Any]]]:
        """Follow the list of ratings to its end."""
        with self.bars.watching('ratings', 'records') as watch:
            return (yield from self._pages('/api/v2/ratings', options, None, watch.reach))

    def labels(self, options: Mapping[str, Any]) -> Steps[list[dict[str, Any]]]:
        """Follow the list of labels to its end."""
        with self.bars.watching('labels', 'records') as watch:
            return (yield from self._pages('/api/v2/labels', options, None, watch.reach))

    def dictionary(self, resource: str | None) -> Steps[list[dict[str, Any]]]:
        """Fetch what each field means."""
        asked = {'resource': resource} if resource else {}
        found: list[dict[str, Any]] = yield from self.ask(f'/api/v2/dictionary{query(asked)}')
        return found

    def releases(self) -> Steps[dict[str, Any]]:
        """Fetch which releases there are."""
        found: dict[str, Any] = yield from self.ask('/releases/index.json')
        return found

    def ask(self, path: str) -> Steps[Any]:
        """Ask for JSON."""
        ask = Ask(url=self.root + path, timeout_s=SLOW_S if 'correlation' in path else None)
        reply = yield from ask_until_answered(lambda: ask, self.patience)
        return read_json(reply, ask)

    def close(self) -> None:
        """Nothing is open."""

    def _pages(
        self, path: str, options: Mapping[str, Any], limit: int | None, reach: Any
    ) -> Steps[list[dict[str, Any]]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = ''
        while cursor is not None and (limit is None or len(found) < limit):
            n_wanted = PAGE if limit is None else min(limit - len(found), PAGE)
            more = {'limit': n_wanted} | ({'cursor': cursor} if cursor else {})
            told = yield from self.ask(f'{path}{query({**options, **more})}')
            found += told['items']
            cursor = told['next']
            reach(len(found), limit)
        return found

    def _fetch(
        self,
        question: TableQuestion,
        carried: Carried,
        *,
        tag: str,
        draft: Path,
        cache: Cache,
        key: str,
    ) -> Steps[Note | None]:
        """Fetch a table into a folder of columns; None if what is there is still the same."""
        url = self._export(question, carried)
        if carried == 'arrow':
            return (yield from self._stream(url, tag, draft, question.resource))
        arriving = require('mriqc_webapi.client.arriving')
        with cache.part(f'{key}.parquet') as file:
            wanted = Download(url=url, out=file, headers=PLAIN, known_tag=tag)
            with self.bars.watching(question.resource, 'bytes') as watch:
                got = yield from download(wanted, self.patience, watch.reach)
            if not got.is_new:
                return None
            n_rows = yield from working(partial(arriving.take_in_parquet, file, draft))
            file.unlink()
        return Note(tag=got.tag, format='parquet', data_version=got.data_version, n_rows=n_rows)

    def _stream(self, url: str, tag: str, draft: Path, what: str) -> Steps[Note | None]:
        arriving = require('mriqc_webapi.client.arriving')
        headers = PLAIN | ({'If-None-Match': tag} if tag else {})
        with self.bars.watching(what, 'bytes') as watch:
            sink = arriving.ArrowSink(draft, lambda n_bytes: watch.reach(n_bytes, None))
            ask = Ask(url=url, headers=headers, sink=sink, timeout_s=SLOW_S)
            with contextlib.closing(sink):
                reply = yield from ask_until_answered(lambda: ask, self.patience, can_resume=False)
                if reply.status == 304:
                    return None
                if reply.status != 200:
                    raise refusal(reply, ask)
                n_rows = yield from working(sink.finish)
        return Note(
            tag=reply.headers.get('etag', ''),
            format='arrow',
            data_version=version_in(reply.headers),
            n_rows=n_rows,
        )

    def _export(self, question: TableQuestion, format: TableFormat) -> str:
        asked = query(question.parameters)
        return f'{self.root}/api/v2/{quote(question.resource)}/export.{format}{asked}'

    @contextlib.contextmanager
    def _kept(self) -> Iterator[Cache]:
        """Give the cache, or one that is gone afterwards; a frame outlives its files."""
        if self._cache is not None:
            yield self._cache
            return
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield Cache(Path(folder))


def is_near(root: str) -> bool:
    """Whether a service runs on this machine."""
    host = urlsplit(root).hostname or ''
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
