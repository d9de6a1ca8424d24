"""How fast this disk makes appended bytes durable: what no durable write can beat one by one."""

import os
import time
from pathlib import Path

BLOCK = bytes(4096)


def fdatasync_rate(folder: Path, *, seconds: float) -> float:
    """Append 4 KiB and wait for the disk, again and again; give the number per second."""
    path = folder / 'fdatasync.probe'
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
    try:
        n, started = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - started) < seconds:
            os.write(file, BLOCK)
            os.fdatasync(file)
            n += 1
        return n / elapsed
    finally:
        os.close(file)
        path.unlink()
