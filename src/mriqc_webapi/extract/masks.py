"""Which brain mask made elsewhere belongs to which image."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mriqc_webapi.errors import QueryError
from mriqc_webapi.extract.bids import DATATYPES, Source, entities_of, stem_of

_OF_MASKS: Final = frozenset({'desc', 'label', 'mod'})  # that their images' names lack
_OTHER_GRIDS: Final = frozenset({'space', 'res', 'den'})


def mask_for(source: Source, masks: Sequence[Path], *, is_alone: bool) -> Path | None:
    """Find the mask of an image: by its name, or by BIDS's entities; None: there is none.

    Parameters
    ----------
    is_alone : bool
        Whether it is the only image; then the only mask is its own, whatever its name.

    Raises
    ------
    QueryError
        Several masks may be meant.
    """
    if is_alone and len(masks) == 1:
        return masks[0].absolute()
    own = stem_of(source.path)
    found = [mask for mask in masks if stem_of(mask).startswith(f'{own}_')]
    found = found or [mask for mask in masks if _agrees(mask, source)]
    if len(found) > 1:
        names = ', '.join(sorted(mask.name for mask in found))
        raise QueryError(f'several masks may be that of {source.name}: {names}')
    return found[0].absolute() if found else None


def _agrees(mask: Path, source: Source) -> bool:
    """Whether a mask says the same as an image, as fMRIPrep and SynthStrip name theirs."""
    told = entities_of(mask.absolute())
    if 'sub' not in told or _OTHER_GRIDS & told.keys():
        return False
    folder = mask.absolute().parent.name
    if folder in DATATYPES.values() and folder != DATATYPES[source.modality]:
        return False
    return {k: v for k, v in told.items() if k not in _OF_MASKS} == dict(source.entities)
