"""What this machine lends: processors and memory, as its container or its job bounds them."""

from dask.system import CPU_COUNT
from distributed.system import MEMORY_LIMIT
from psutil import virtual_memory


def available_bytes() -> int:
    """Tell how much memory is free for this process and those that it starts."""
    return min(int(MEMORY_LIMIT), int(virtual_memory().available))


def available_cpus() -> int:
    """Tell how many processors this process may use."""
    return int(CPU_COUNT)
