"""What this software calls itself in records: never MRIQC, whose vocabulary it speaks."""

from importlib.metadata import version as version_of
from typing import Final

SOFTWARE: Final = 'mriqc-webapi-extract'
CODE_URL: Final = 'https://pypi.org/project/mriqc-webapi/'


def version() -> str:
    """Give the version of this package."""
    return version_of('mriqc-webapi')
