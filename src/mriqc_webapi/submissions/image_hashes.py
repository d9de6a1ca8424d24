"""What names an image: the MD5 of its file, and a hash of its voxels that survives recompression.

The data hash is ``voxels-1:`` and the SHA-256, in hexadecimal digits, of these bytes:

1. five lines of ASCII text, each ended by a line feed: ``voxels-1``; the type of the stored voxels
   (``i2``, ``f4``, … with their size in bytes); the shape, its trailing ones beyond the third
   dimension dropped, joined by ``x``; slope and intercept (six significant digits; ``1 0`` where
   the header has none); the twelve numbers of the affine's upper three rows, in millimetres with
   three decimals (the s-form if it has a code, else the q-form, else voxel sizes alone);
2. the voxels as stored, little-endian, first index fastest.

Descriptions, extensions, codes, dates and the compression are not in it. NIfTI-1 and NIfTI-2 in
one file are read, without any package.
"""

import gzip
import hashlib
import io
import math
import struct
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from mriqc_webapi.errors import ImageError

PREFIX: Final = 'voxels-1'
SUFFIXES: Final = ('.nii.gz', '.nii')

_READ_BYTES: Final = 2**20
_TYPES: Final = {  # NIfTI's code: name, and size in bytes of what is swapped as one
    2: ('u1', 1),
    4: ('i2', 2),
    8: ('i4', 4),
    16: ('f4', 4),
    32: ('c8', 4),
    64: ('f8', 8),
    128: ('rgb3', 1),
    256: ('i1', 1),
    512: ('u2', 2),
    768: ('u4', 4),
    1024: ('i8', 8),
    1280: ('u8', 8),
    1792: ('c16', 8),
    2304: ('rgba4', 1),
}
_SWAPPED_AS: Final = {2: 'H', 4: 'I', 8: 'Q'}


class _Layout(NamedTuple):
    """Where the two generations of headers keep what is hashed."""

    n_bytes: int
    magic: tuple[int, bytes]
    dim: tuple[int, str]
    datatype: tuple[int, str]
    pixdim: tuple[int, str]
    vox_offset: tuple[int, str]
    scaling: tuple[int, str]
    codes: tuple[int, str]  # of the q-form and the s-form
    quaternion: tuple[int, str]  # b, c, d, and three offsets
    srows: tuple[int, str]


_LAYOUTS: Final = {
    348: _Layout(
        348, (344, b'n+1\0'), (40, '8h'), (70, 'h'), (76, '8f'), (108, 'f'),
        (112, '2f'), (252, '2h'), (256, '6f'), (280, '12f'),
    ),
    540: _Layout(
        540, (4, b'n+2\0'), (16, '8q'), (12, 'h'), (104, '8d'), (168, 'q'),
        (176, '2d'), (344, '2i'), (352, '6d'), (400, '12d'),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHashes:
    """The two names of one image."""

    md5sum: str  # of the file's bytes, as MRIQC takes it
    data_hash: str


def image_hashes(path: Path) -> ImageHashes:
    """Read an image once and hash both its bytes and its voxels.

    Raises
    ------
    ImageError
        It is no NIfTI image in one file, or it is damaged.
    """
    try:
        with path.open('rb') as file:
            return _hashes(_HashingReader(file), path)
    except (OSError, EOFError, zlib.error) as error:
        raise ImageError(f'{path.name} cannot be read: {error}') from None


def md5_of_file(path: Path) -> str:
    """Hash a file's bytes as MRIQC does."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


class _HashingReader(io.RawIOBase):
    """Reads on from a file, and hashes what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.md5 = hashlib.md5(usedforsecurity=False)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._file.read(len(view))
        view[: len(data)] = data
        self.md5.update(data)
        return len(data)


@dataclass(frozen=True, slots=True)
class _Header:
    """What of a header goes into the hash, and where the voxels begin."""

    type_name: str
    swap_unit: int  # bytes; 1: nothing to swap
    shape: tuple[int, ...]
    slope: float
    intercept: float
    affine: tuple[float, ...]
    n_bytes_before: int
    n_bytes: int

    def as_text(self) -> bytes:
        """Write the lines that are hashed before the voxels."""
        affine = ' '.join(f'{round(value, 3) + 0.0:.3f}' for value in self.affine)
        lines = (
            PREFIX,
            self.type_name,
            'x'.join(map(str, self.shape)),
            f'{self.slope:.6g} {self.intercept:.6g}',
            affine,
        )
        return ''.join(f'{line}\n' for line in lines).encode()


def _hashes(raw: _HashingReader, path: Path) -> ImageHashes:
    whole = io.BufferedReader(raw, _READ_BYTES)
    packed = whole.peek(2)[:2] == b'\x1f\x8b'
    stream: Any = gzip.GzipFile(fileobj=whole) if packed else whole
    header = _read_header(stream, path)
    if header.n_bytes_before < 0:
        raise ImageError(f'{path.name} is damaged: its voxels begin within its header')
    _exactly(stream, header.n_bytes_before)
    digest = hashlib.sha256(header.as_text())
    left = header.n_bytes
    while left:
        part = _exactly(stream, min(left, _READ_BYTES))
        left -= len(part)
        digest.update(_little_endian(part, header.swap_unit))
    while stream.read(_READ_BYTES):  # to the check sum of the compression, and for the MD5
        pass
    return ImageHashes(md5sum=raw.md5.hexdigest(), data_hash=f'{PREFIX}:{digest.hexdigest()}')


def _exactly(stream: IO[bytes], n_bytes: int) -> bytes:
    parts = []
    while n_bytes > 0:
        part = stream.read(n_bytes)
        if not part:
            raise EOFError('it ends before its last voxel')
        parts.append(part)
        n_bytes -= len(part)
    return b''.join(parts)


def _little_endian(part: bytes, unit: int) -> bytes:
    if unit == 1:
        return part
    values = array(_SWAPPED_AS[unit], part)
    values.byteswap()
    return values.tobytes()


def _read_header(stream: IO[bytes], path: Path) -> _Header:
    start = _exactly(stream, 4)
    order, layout = _order_and_layout(start)
    if layout is None:
        raise ImageError(f'{path.name} is no NIfTI image')
    head = start + _exactly(stream, layout.n_bytes - 4)
    place, magic = layout.magic
    if head[place : place + len(magic)] != magic:
        raise ImageError(f'{path.name} is no NIfTI image in one file')

    def read(field: tuple[int, str]) -> tuple[Any, ...]:
        return struct.unpack_from(f'{order}{field[1]}', head, field[0])

    (code,) = read(layout.datatype)
    if code not in _TYPES:
        raise ImageError(f'{path.name} has voxels of type {code}, which is not read here')
    name, unit = _TYPES[code]
    shape = _shape(read(layout.dim), path)
    item_bytes = int(''.join(c for c in name if c.isdecimal()))
    return _Header(
        type_name=name,
        swap_unit=unit if order == '>' else 1,
        shape=shape,
        **_scaling(*read(layout.scaling)),
        affine=_affine(
            read(layout.codes), read(layout.srows), read(layout.quaternion), read(layout.pixdim)
        ),
        n_bytes_before=int(read(layout.vox_offset)[0]) - layout.n_bytes,
        n_bytes=math.prod(shape) * item_bytes,
    )


def _order_and_layout(start: bytes) -> tuple[str, _Layout | None]:
    for order in '<>':
        found = _LAYOUTS.get(struct.unpack(f'{order}i', start)[0])
        if found is not None:
            return order, found
    return '<', None


def _shape(dim: tuple[int, ...], path: Path) -> tuple[int, ...]:
    n_dimensions = dim[0]
    shape = list(dim[1 : n_dimensions + 1])
    if not 1 <= n_dimensions <= 7 or any(n < 1 for n in shape):
        raise ImageError(f'{path.name} is damaged: it has no shape')
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    return tuple(shape)


def _scaling(slope: float, intercept: float) -> dict[str, float]:
    if slope == 0 or not (math.isfinite(slope) and math.isfinite(intercept)):
        return {'slope': 1.0, 'intercept': 0.0}
    return {'slope': slope, 'intercept': intercept + 0.0}


def _affine(
    codes: tuple[int, ...],
    srows: tuple[float, ...],
    quaternion: tuple[float, ...],
    pixdim: tuple[float, ...],
) -> tuple[float, ...]:
    """Give the upper three rows of the affine, as the NIfTI standard takes it from a header."""
    q_code, s_code = codes
    if s_code > 0:
        return srows
    qfac, (dx, dy, dz) = -1.0 if pixdim[0] < 0 else 1.0, pixdim[1:4]
    if q_code <= 0:
        return (dx, 0.0, 0.0, 0.0, 0.0, dy, 0.0, 0.0, 0.0, 0.0, dz, 0.0)
    b, c, d, tx, ty, tz = quaternion
    a = math.sqrt(max(0.0, 1.0 - b * b - c * c - d * d))
    dz *= qfac
    return (
        (a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * dz,
        tx,
        2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * dz,
        ty,
        2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - c * c - b * b) * dz,
        tz,
    )  # fmt: skip
