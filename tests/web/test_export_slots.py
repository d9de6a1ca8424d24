"""Exports that clients leave lying: what needs no slot is answered, and slots come free again."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.export import Wanted
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store
from mriqc_webapi.web import exporting
from mriqc_webapi.web.exported_files import ExportedFiles
from mriqc_webapi.web.exporting import MOST_AT_ONCE, ExportDesk, ExportResponse
from tests.live import LiveService
from tests.web.test_hang_ups import Reader, filled

SCOPE: dict[str, Any] = {
    'type': 'http',
    'method': 'GET',
    'path': '/api/v2/T1w/export.csv',
    'query_string': b'',
    'headers': [],
}


@pytest.fixture(scope='module')
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service with so many records that an export is not taken by sockets alone."""
    with filled(tmp_path_factory.mktemp('slots')) as live:
        yield live


@pytest.fixture
def stalled(live: LiveService) -> Iterator[dict[str, requests.Response]]:
    """Take all slots, and read no further; gives what was downloaded before, by format."""
    before = {f: requests.get(address(live, f), timeout=60) for f in ('parquet', 'csv')}
    with ExitStack() as stack:
        for _ in range(MOST_AT_ONCE):
            stack.enter_context(Reader(live))
        refused = requests.get(f'{address(live, "csv")}?fields=cjv', timeout=30)
        assert refused.json()['code'] == 'exports-busy'
        yield before


def address(live: LiveService, format: str) -> str:
    return f'{live.root}/api/v2/T1w/export.{format}'


def test_a_finished_file_is_sent_while_others_hold_all_slots(live, stalled) -> None:
    whole = stalled['parquet'].content
    part = requests.get(address(live, 'parquet'), headers={'Range': 'bytes=0-9'}, timeout=30)
    assert (part.status_code, part.content) == (206, whole[:10])
    assert requests.get(address(live, 'parquet'), timeout=30).content == whole


@pytest.mark.parametrize('format', ['parquet', 'csv'])
def test_what_has_not_changed_needs_no_slot(live, stalled, format) -> None:
    given = {'If-None-Match': stalled[format].headers['ETag']}
    assert requests.get(address(live, format), headers=given, timeout=30).status_code == 304


@pytest.mark.parametrize('format', ['parquet', 'csv'])
def test_headers_alone_need_no_slot(live, stalled, format) -> None:
    told = requests.head(address(live, format), timeout=30)
    assert (told.status_code, told.headers['ETag']) == (200, stalled[format].headers['ETag'])


def test_a_question_that_means_nothing_takes_no_slot(live, stalled) -> None:
    answer = requests.get(f'{address(live, "csv")}?where=%7B', timeout=30)
    assert answer.json()['code'] == 'bad-query'


def test_a_file_s_date_stays_however_often_it_is_asked_for(live) -> None:
    first = requests.get(address(live, 'parquet'), timeout=60)
    date = first.headers['Last-Modified']
    [kept] = (p for p in (live.data_dir / 'exports').iterdir() if not p.name.startswith('.'))
    written_at = kept.stat().st_mtime_ns
    given = {'Range': 'bytes=5-9', 'If-Range': date}
    part = requests.get(address(live, 'parquet'), headers=given, timeout=30)
    assert (part.status_code, part.content) == (206, first.content[5:10])
    assert kept.stat().st_mtime_ns == written_at


def test_a_client_that_takes_nothing_is_cut_off_and_its_slot_comes_free(
    local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(exporting, 'STALLED_S', 0.1)
    desk = ExportDesk(ExportedFiles(tmp_path / 'exports'))
    sent: list[str] = []

    async def send(message: Any) -> None:
        if sent[-1:] == ['http.response.body']:
            await asyncio.sleep(60)  # its window is full, which shows when more is to be sent
        sent.append(message['type'])

    async def receive() -> Any:
        await asyncio.sleep(60)

    with Archive.open(tmp_path, catalogue=load_catalogue(), store=local_store) as archive:
        service: Any = SimpleNamespace(
            archive=archive, exports=desk, settings=SimpleNamespace(export_timeout_s=50)
        )
        wanted = Wanted(resource='T1w', format='csv')  # of no records: a header
        answer = ExportResponse(service, wanted, question='')
        asyncio.run(asyncio.wait_for(answer(SCOPE, receive, send), 20))
    assert sent == ['http.response.start', 'http.response.body']
    assert desk.n_running == 0
    assert 'the client took nothing' in caplog.text
