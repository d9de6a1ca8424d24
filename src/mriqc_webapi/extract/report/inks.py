"""The colours of outlines over grey slices; told apart in every common colour-vision deficiency.

They are lighter relatives of the colours of Okabe and Ito (Wong 2011, doi:10.1038/nmeth.1618).
`static/report.css` has them for legends.
"""

from typing import Final

from mriqc_webapi.extract.report.browsing import Ink
from mriqc_webapi.extract.report.pictures import Colour

INKS: Final[dict[Ink, Colour]] = {
    'brain': (255, 214, 64),
    'csf': (74, 168, 255),
    'gm': (80, 224, 112),
    'wm': (255, 122, 77),
    'head': (255, 214, 64),
    'air': (74, 168, 255),
    'artifacts': (255, 90, 90),
    'rim': (74, 168, 255),
}
