"""Each chart once, as a function from an answer of ``/api/v2`` to an Altair chart.

Pages, the client and ``mriqc-webapi figure`` draw with these. `FIGURES` names them all.
"""

from mriqc_webapi.figures.distributions import distribution
from mriqc_webapi.figures.growing import growth
from mriqc_webapi.figures.multiples import distributions
from mriqc_webapi.figures.pairs import correlation, relation
from mriqc_webapi.figures.raters import agreement, artifacts, grades, ratings_activity
from mriqc_webapi.figures.records import percentiles
from mriqc_webapi.figures.registry import FIGURES, Figure, Size, Wanted, find_figure
from mriqc_webapi.figures.rendering import render, save

__all__ = [
    'FIGURES',
    'Figure',
    'Size',
    'Wanted',
    'agreement',
    'artifacts',
    'correlation',
    'distribution',
    'distributions',
    'find_figure',
    'grades',
    'growth',
    'percentiles',
    'ratings_activity',
    'relation',
    'render',
    'save',
]
