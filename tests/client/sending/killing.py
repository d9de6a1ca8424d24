"""A client that is killed again and again, before a service that misbehaves now and then."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from mriqc_webapi.store.engine import Store
from tests.live import TOKEN, LiveService
from tests.misbehaving import MisbehavingProxy, at_random

COMMAND = str(Path(sys.executable).with_name('mriqc-webapi'))
RECORD = Path(__file__).parents[2] / 'contract' / 'payloads' / 'T1w.json'
N_KILLS = 5
SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How it went."""

    sent: list[str]  # MD5s of the images whose records were to arrive
    arrived: list[str]  # as often as they did
    receipts: list[dict[str, str]]
    n_requests: int
    n_bad: int
    n_kills: int
    elapsed_s: float
    summary: Mapping[str, object]


def send_and_kill(folder: Path, n_records: int, *, n_workers: int = 16) -> Course:
    """Send records to a real service through a bad proxy, with the client killed five times."""
    records = folder / 'records'
    records.mkdir()
    names = _write(records / 'T1w.ndjson', n_records)
    live = LiveService(folder / 'service')
    live.make_token()
    started = time.monotonic()
    with live, MisbehavingProxy(live.root, at_random(SHARE, seed=11)) as proxy:
        n_kills = 0
        for kill in range(1, N_KILLS + 1):
            with _start(records, proxy.root, n_workers) as client:
                while (
                    len(proxy.seen) < kill * n_records // (N_KILLS + 2) and client.poll() is None
                ):
                    time.sleep(0.02)
                n_kills += client.poll() is None
                client.kill()
        with _start(records, proxy.root, n_workers) as client:
            told = client.communicate()[0]
        manners = Counter(seen.manner for seen in proxy.seen)
    return Course(
        sent=names,
        arrived=_arrived(live),
        receipts=json.loads((records / '.mriqc-webapi' / 'receipts.json').read_text()),
        n_requests=manners.total(),
        n_bad=manners.total() - manners['behave'],
        n_kills=n_kills,
        elapsed_s=time.monotonic() - started,
        summary=json.loads(told),
    )


def _write(path: Path, n: int) -> list[str]:
    document = json.loads(RECORD.read_text())
    names = [f'{number:032x}' for number in range(n)]
    with path.open('w') as file:
        for name in names:
            document['provenance']['md5sum'] = name
            file.write(json.dumps(document) + '\n')
    return names


def _start(folder: Path, url: str, n_workers: int) -> 'subprocess.Popen[str]':
    options = ['--yes', '--json', '--n-workers', str(n_workers)]
    return subprocess.Popen(
        [COMMAND, 'submit', str(folder), '--url', url, *options],
        env=os.environ | {'MRIQC_WEBAPI_TOKEN': TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    )


def _arrived(live: LiveService) -> list[str]:
    with Store.open(live.database) as store, store.read() as tx:
        return sorted(row[0] for row in tx.execute(text('SELECT md5sum FROM record')))
