"""A process of its own that writes until it is killed or done, and prints what was answered.

Usage: python write_on.py URL N_RECORDS N_SENDERS
"""

import sys
import threading

from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.writer import Writer
from tests.factories import ready_record


def send(writer: Writer, n: int) -> None:
    """Store records one by one; print each id after its answer."""
    for _ in range(n):
        (outcome,) = writer.submit([ready_record()]).result(timeout=60)
        sys.stdout.write(f'{outcome.id} {outcome.seq}\n')
        sys.stdout.flush()


def main(url: str, n_records: str, n_senders: str) -> None:
    """Run the senders side by side."""
    with Store.open(url) as store:
        writer = Writer(store, queue_size=1000)
        share = int(n_records) // int(n_senders)
        threads = [
            threading.Thread(target=send, args=(writer, share)) for _ in range(int(n_senders))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.close()


if __name__ == '__main__':
    main(*sys.argv[1:])
