"""Outlines of masks over a slice."""

from mriqc_webapi.extract.maps import Mask
from mriqc_webapi.extract.report.browsing import Ink, fineness
from mriqc_webapi.extract.report.inks import INKS
from mriqc_webapi.extract.report.pictures import Bytes, outlined
from mriqc_webapi.extract.report.slices import Cut


def draw_outline(mask: Mask, ink: Ink, cut: Cut) -> Bytes:
    """Draw where a mask ends."""
    return outlined([(cut.resized(mask, fineness(cut)), INKS[ink])])


def draw_head_and_air(head: Mask, air: Mask, cut: Cut) -> Bytes:
    """Draw where the head ends, and where the air begins that noise is taken from."""
    scale = fineness(cut)
    air_part, head_part = cut.resized(air, scale), cut.resized(head, scale)
    return outlined([(air_part, INKS['air']), (head_part, INKS['head'])])
