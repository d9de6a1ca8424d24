"""Archives behind a proxy that misbehaves on purpose."""

import socket
from contextlib import suppress

import pandas as pd
import pytest

from mriqc_webapi import Archive
from mriqc_webapi.client import Patience
from mriqc_webapi.errors import (
    BusyError,
    ForeignAnswerError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from tests.client.conftest import HASTY, N_MEASURED, N_T1W
from tests.misbehaving import BAD, MisbehavingProxy, at_random, scripted


@pytest.mark.parametrize('manner', BAD)
def test_one_bad_answer_is_made_good(demo, tmp_path, manner):
    with (
        MisbehavingProxy(demo.root, scripted([manner])) as proxy,
        Archive(proxy.root, cache=tmp_path, patience=HASTY) as archive,
    ):
        assert archive.summary('T1w').n_used > 180
        assert len(archive.iqms('T1w')) == N_T1W


@pytest.mark.parametrize('manner', BAD)
def test_a_table_survives_a_bad_answer(demo, archive, tmp_path, manner):
    with (
        MisbehavingProxy(demo.root, scripted([manner])) as proxy,
        Archive(proxy.root, cache=tmp_path / 'other', patience=HASTY) as behind,
    ):
        pd.testing.assert_frame_equal(behind.iqms('T1w'), archive.iqms('T1w'))


@pytest.mark.parametrize('seed', range(3))
def test_much_work_survives_a_bad_hour(demo, archive, tmp_path, seed):
    choose = at_random(0.4, seed=seed)
    with (
        MisbehavingProxy(demo.root, choose) as proxy,
        Archive(proxy.root, cache=False, patience=Patience(tries=12, first_s=0.001)) as behind,
    ):
        assert behind.records('bold') == archive.records('bold')
        assert behind.growth().document == archive.growth().document
        assert behind.mirror(tmp_path / 'mirror', resources='T1w,T2w,bold').n_records == N_MEASURED
        assert {seen.manner for seen in proxy.seen} > {'behave'}


def test_a_parquet_file_is_gone_on_with_where_it_broke_off(demo, tmp_path):
    with (
        MisbehavingProxy(demo.root, scripted(['halve'])) as proxy,
        Archive(proxy.root, patience=HASTY) as archive,
    ):
        size = archive.download('T1w', tmp_path / 'T1w.parquet')
        _, second = proxy.seen
    head = second.head.decode().lower()
    assert 'if-range: "' in head
    first = int(head.partition('range: bytes=')[2].partition('-')[0])
    assert 0 < first < size
    assert len(pd.read_parquet(tmp_path / 'T1w.parquet')) == N_T1W


def test_the_next_call_goes_on_with_what_the_one_before_left(demo, tmp_path):
    out, once = tmp_path / 'T1w.parquet', Patience(tries=1)
    with MisbehavingProxy(demo.root, scripted(['halve'])) as proxy:
        with (
            Archive(proxy.root, patience=once) as archive,
            pytest.raises(UnreachableError, match='1 times'),
        ):
            archive.download('T1w', out)
        assert not out.exists()
        with Archive(proxy.root, patience=once) as archive:
            archive.download('T1w', out)
        assert b'range: bytes=' in proxy.seen[1].head.lower()
    assert len(pd.read_parquet(out)) == N_T1W
    assert [path.name for path in tmp_path.iterdir()] == ['T1w.parquet']


def test_a_file_that_has_changed_meanwhile_is_fetched_from_its_beginning(growing, post, tmp_path):
    out = tmp_path / 'T1w.parquet'
    with (
        MisbehavingProxy(growing.root, scripted(['halve'])) as proxy,
        Archive(proxy.root, patience=Patience(tries=1)) as archive,
    ):
        with pytest.raises(UnreachableError):
            archive.download('T1w', out)
        post(growing, archive.records('T1w', limit=1)[0], cjv=0.1)
        archive.download('T1w', out)
    assert len(pd.read_parquet(out)) == 201


def test_nobody_there_is_told_after_some_tries():
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
    with (
        Archive(f'http://127.0.0.1:{port}', patience=HASTY) as archive,
        pytest.raises(UnreachableError, match=r'/api/v2/T1w/summary: .* 6 times'),
    ):
        archive.summary('T1w')


def test_a_service_that_stays_busy_is_told_so(demo):
    with (
        MisbehavingProxy(demo.root, lambda: '503') as proxy,
        Archive(proxy.root, patience=HASTY) as archive,
        pytest.raises(BusyError, match='not today'),
    ):
        archive.summary('T1w')


def test_a_service_that_keeps_failing_is_quoted(demo):
    with (
        MisbehavingProxy(demo.root, lambda: '500') as proxy,
        Archive(proxy.root, patience=HASTY) as archive,
        pytest.raises(RefusedError, match='answered 500: not today'),
    ):
        archive.summary('T1w')


@pytest.mark.parametrize(
    'path, error, words',
    [
        ('/api/v1/elsewhere', ForeignAnswerError, 'older than this client, or none'),
        ('/elsewhere', NotFoundError, "nothing at '/elsewhere/api/v2/T1w/summary'"),
    ],
)
def test_an_address_that_is_no_such_service_is_told(demo, path, error, words):
    with Archive(f'{demo.root}{path}') as archive, pytest.raises(error, match=words):
        archive.summary('T1w')


def test_an_interrupted_mirror_is_gone_on_with(demo, tmp_path):
    once, n_tries = Patience(tries=1), 0
    with MisbehavingProxy(demo.root, at_random(0.3, seed=1)) as proxy:
        done = None
        while done is None and n_tries < N_T1W:
            n_tries += 1
            with (
                Archive(proxy.root, patience=once) as archive,
                suppress(UnreachableError, BusyError, RefusedError),
            ):
                done = archive.mirror(tmp_path / 'mirror', resources='T1w,T2w,bold')
    assert done is not None
    assert done.n_records == N_MEASURED
    assert n_tries > 1
