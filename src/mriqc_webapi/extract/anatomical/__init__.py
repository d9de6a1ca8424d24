"""Maps of T1w and T2w images: bias field, brain, tissues, head, air and artifacts in it."""

from mriqc_webapi.extract.anatomical.pipeline import anatomical_maps

__all__ = ['anatomical_maps']
