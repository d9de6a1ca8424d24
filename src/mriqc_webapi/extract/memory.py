"""How much memory an image takes.

Measured as the largest resident set of a process that takes images of several sizes, libraries
included; docs/extract.md has the measurements.
"""

from typing import Final

from mriqc_webapi.extract.bids import Modality
from mriqc_webapi.extract.headers import Header

MB: Final = 10**6
GB: Final = 10**9

FIXED_BYTES: Final = {'T1w': 700 * MB, 'T2w': 700 * MB, 'bold': 450 * MB}
BYTES_PER_VOXEL: Final = {'T1w': 100, 'T2w': 100, 'bold': 14}  # of a series: of all its volumes
BYTES_PER_VOLUME_VOXEL: Final = 200  # of a series: of one volume
UNKNOWN_BYTES: Final = 4 * GB  # where the header cannot be read


def needed_bytes(header: Header | None, modality: Modality) -> int:
    """Estimate how much memory an image takes at most, rather too much than too little."""
    if header is None:
        return UNKNOWN_BYTES
    bytes_ = FIXED_BYTES[modality] + BYTES_PER_VOXEL[modality] * header.n_voxels
    if modality == 'bold':
        bytes_ += BYTES_PER_VOLUME_VOXEL * header.n_voxels // max(header.n_volumes, 1)
    return bytes_
