"""Sending at length: ``python -m benchmarks.submit --records 10000``.

A client is killed five times before a service that misbehaves in every fifth answer; then another
sends as many records to the service itself. Prints what arrived, and how fast.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.client.sending.killing import RECORD, send_and_kill
from tests.live import TOKEN, LiveService

from mriqc_webapi.client import submit


def main() -> int:
    """Run both and print them; exit code 1 if a record was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--records', type=int, default=10_000, metavar='N')
    parser.add_argument('--n-workers', type=int, default=16, metavar='N')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ['XDG_STATE_HOME'] = folder
        course = send_and_kill(Path(folder), options.records, n_workers=options.n_workers)
        print(
            f'{len(course.arrived):,} of {len(course.sent):,} records arrived, '
            f'{len(set(course.arrived)):,} distinct; {course.n_requests:,} requests, '
            f'{course.n_bad:,} misbehaved, {course.n_kills} kills, {course.elapsed_s:.0f} s'
        )
        print(
            f'{_rate(Path(folder), options.records, options.n_workers):,.0f} records/s undisturbed'
        )
    return 0 if course.arrived == course.sent else 1


def _rate(folder: Path, n: int, n_workers: int) -> float:
    live = LiveService(folder / 'undisturbed')
    live.make_token()
    document = json.loads(RECORD.read_text())
    documents = [
        document | {'provenance': document['provenance'] | {'md5sum': f'{number:032x}'}}
        for number in range(n)
    ]
    with live:
        started = time.monotonic()
        submit(documents, url=live.root, token=TOKEN, n_workers=n_workers, progress=False)
        return n / (time.monotonic() - started)


if __name__ == '__main__':
    sys.exit(main())
