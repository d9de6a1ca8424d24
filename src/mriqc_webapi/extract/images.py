"""NIfTI images as they lie on disk, read so that nothing odd in them goes on unnoticed."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from mriqc_webapi.errors import ImageError
from mriqc_webapi.extract.maps import Floats, Mask

SAME_GRID_MM: Final = 0.1  # two grids are one where no corner is further apart
VOXEL_MM: Final = (0.05, 50.0)  # sizes outside are a broken header's
LARGEST: Final = 1e30  # an intensity beyond is none; sums of such overflow

_DEFLATE_AT_MOST: Final = 1032  # bytes out of one byte of gzip; more is promised by damage only
_SECONDS: Final = {8: 1.0, 16: 1e-3, 24: 1e-6}  # by the header's code of the unit
_TIME_BITS: Final = 0x38  # of `xyzt_units`; nibabel refuses codes that it does not know
_UNREADABLE: Final = (
    OSError, EOFError, zlib.error, ValueError, OverflowError, MemoryError, TypeError,
    nib.filebasedimages.ImageFileError, nib.spatialimages.HeaderDataError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image, turned to the closest canonical (RAS+) axes without resampling.

    `data` has the scanner's own numbers, scaled by the header's slope and intercept; what was not
    a finite number (or beyond 1e30) is 0, and `notes` says so.
    """

    data: Floats  # (x, y, z), or (x, y, z, t) where the file has several volumes; float32
    affine: Floats  # (4, 4), voxel to world, mm
    spacing_mm: tuple[float, float, float]
    repetition_time_s: float | None  # the header's; None where it has none, or one volume only
    notes: tuple[str, ...] = ()

    @property
    def n_volumes(self) -> int:
        """How many volumes the file has."""
        return self.data.shape[3] if self.data.ndim == 4 else 1


def read_image(path: Path) -> Image:
    """Read a NIfTI image of one or several volumes.

    It stops at the last voxel, before the check sum of the compression: that is for
    `image_hashes`, which reads the whole file.

    Raises
    ------
    ImageError
        It cannot be read: no NIfTI, damaged, truncated, coloured, of more than four dimensions,
        or without a geometry. An image of nothing but zeros is read.
    """
    try:
        return _read(path)
    except _UNREADABLE as error:
        raise ImageError(f'{path.name} cannot be read: {_why(error)}') from None


def read_mask(path: Path, *, like: Image) -> Mask:
    """Read a mask that was made elsewhere for an image.

    What is above 0 is in; of a map of probabilities, what is at least ½.

    Raises
    ------
    ImageError
        It cannot be read, its grid is another one (shape, or a corner more than .1 mm away),
        or it is empty.
    """
    mask = read_image(path)
    shape = like.data.shape[:3]
    if mask.data.shape != shape:
        raise ImageError(
            f'{path.name} is no mask of this image: its grid is {_sizes(mask.data.shape)},'
            f' the image’s {_sizes(shape)}'
        )
    apart = _corners_apart_mm(mask.affine, like.affine, shape)
    if apart > SAME_GRID_MM:
        raise ImageError(
            f'{path.name} is no mask of this image: its grid lies {apart:.1f} mm away;'
            ' resample it first'
        )
    inside: Mask = mask.data >= 0.5 if mask.data.max() <= 1 else mask.data > 0
    if not inside.any():
        raise ImageError(f'{path.name} is empty: no voxel of it is inside')
    return inside


def _read(path: Path) -> Image:
    found: Any = nib.load(path)
    if not isinstance(found, nib.Nifti1Image):  # NIfTI-2 is a subclass
        raise ImageError(f'{path.name} is no NIfTI image in one file')
    _check_header(found, path)
    notes: list[str] = []
    data = _voxels(found, notes)
    affine = _affine(found, path, notes)
    turned = _turned(data, affine)
    return Image(
        data=_finite(np.ascontiguousarray(turned.dataobj), notes),
        affine=turned.affine,
        spacing_mm=_spacing(turned.affine, path),
        repetition_time_s=_repetition_time_s(found, data, notes),
        notes=tuple(notes),
    )


def _turned(data: Floats, affine: Floats) -> Any:
    axes: Any = nib  # whose functions have no types
    return axes.as_closest_canonical(axes.Nifti1Image(data, affine))


def _check_header(found: Any, path: Path) -> None:
    dtype = found.get_data_dtype()
    if dtype.fields is not None:
        raise ImageError(f'{path.name} is a coloured picture, not an MR image')
    if found.ndim == 0 or min(found.shape) < 1:
        raise ImageError(f'{path.name} is damaged: it has no shape')
    n_bytes = dtype.itemsize * int(np.prod(found.shape, dtype=object))
    if n_bytes > _DEFLATE_AT_MOST * path.stat().st_size:
        raise ImageError(f'{path.name} is damaged: it is too short for the shape it tells')
    if sum(n > 1 for n in found.shape[3:]) > 1:
        raise ImageError(
            f'{path.name} has more than four dimensions ({_sizes(found.shape)});'
            ' only series of volumes are read here'
        )


def _voxels(found: Any, notes: list[str]) -> Floats:
    """Scale the voxels; volumes, if several, come last, and there are three dimensions or four."""
    data: Floats
    if np.iscomplexobj(np.empty(0, found.get_data_dtype())):
        notes.append('The image is complex; its magnitude is used.')
        data = np.abs(np.asanyarray(found.dataobj)).astype(np.float32)
    else:
        with np.errstate(all='ignore'):  # what overflows is infinite, and told below
            data = found.get_fdata(dtype=np.float32, caching='unchanged')
    shape = data.shape[:3] + (1,) * (3 - data.ndim)
    volumes = tuple(n for n in data.shape[3:] if n > 1)
    return data.reshape(shape + volumes, order='F')


def _affine(found: Any, path: Path, notes: list[str]) -> NDArray[np.float64]:
    """Take the s-form, else the q-form, else the voxel sizes alone, whichever is a geometry."""
    header: Any = found.header
    affine: NDArray[np.float64] | None = found.affine
    if affine is not None and _is_geometry(affine):
        if header['sform_code'] == 0 and header['qform_code'] == 0:
            notes.append('The header does not say how the image lies in the scanner.')
        return affine
    for affine in (_qform(header), header.get_base_affine()):
        if affine is not None and _is_geometry(affine):
            notes.append('The header’s affine is broken; the next best one of it is used.')
            return np.asarray(affine, dtype=np.float64)
    raise ImageError(f'{path.name} is damaged: its voxels have no size')


def _qform(header: Any) -> NDArray[np.float64] | None:
    try:
        form: NDArray[np.float64] | None = header.get_qform(coded=True)[0]
    except (ValueError, nib.spatialimages.HeaderDataError):
        return None
    return form


def _is_geometry(affine: NDArray[np.floating]) -> bool:
    if not np.isfinite(affine).all():
        return False
    sizes = _voxel_sizes(affine)
    return bool((sizes > 0).all() and abs(np.linalg.det(affine[:3, :3] / sizes)) > 1e-2)


def _voxel_sizes(affine: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(np.linalg.norm(affine[:3, :3], axis=0))


def _spacing(affine: NDArray[np.floating], path: Path) -> tuple[float, float, float]:
    x, y, z = (float(size) for size in _voxel_sizes(affine))
    low, high = VOXEL_MM
    if min(x, y, z) < low or max(x, y, z) > high:
        raise ImageError(f'{path.name} is damaged: its voxels are {x:g} × {y:g} × {z:g} mm')
    return x, y, z


def _finite(data: Floats, notes: list[str]) -> Floats:
    if data.min() >= -LARGEST and data.max() <= LARGEST:  # neither holds where one is NaN
        return data
    odd = ~(np.abs(data) <= LARGEST)
    notes.append(f'{int(odd.sum())} voxels are no finite numbers, and were taken as 0.')
    return np.where(odd, np.float32(0), data)


def _repetition_time_s(found: Any, data: Floats, notes: list[str]) -> float | None:
    if data.ndim < 4:
        return None
    header: Any = found.header
    time = float(header['pixdim'][4])
    seconds = _SECONDS.get(int(header['xyzt_units']) & _TIME_BITS)
    if not np.isfinite(time) or time <= 0:
        notes.append('The header has no repetition time.')
        return None
    if seconds is None:
        unit, seconds = ('msec', 1e-3) if time >= 100 else ('sec', 1.0)
        notes.append(f'The header has a repetition time without a unit; it is taken as {unit}.')
    return time * seconds


def _corners_apart_mm(
    one: NDArray[np.floating], other: NDArray[np.floating], shape: tuple[int, ...]
) -> float:
    ends = np.array(np.meshgrid(*[(0, n - 1) for n in shape])).reshape(3, -1)
    corners = np.vstack([ends, np.ones(ends.shape[1])])
    distances: NDArray[np.float64] = np.linalg.norm(((one - other) @ corners)[:3], axis=0)
    return float(distances.max())


def _sizes(shape: tuple[int, ...]) -> str:
    return ' × '.join(map(str, shape))


def _why(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return 'it does not fit into memory'
    return str(error).splitlines()[0] if str(error) else type(error).__name__
