"""ANTs, held to one thread: with more, N4 adds up in another order each time.

Then no two runs agree. On grids of 4 mm more threads win nothing; images are taken side by side.
"""

import os
from typing import Any

import ants


def ants_on_one_thread() -> Any:
    """Give ANTs; ITK reads how many threads it may have once, when it first works."""
    os.environ['ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS'] = '1'
    return ants
