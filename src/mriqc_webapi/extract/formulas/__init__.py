"""What each IQM is: formulas on arrays, given the masks and maps of an image.

Every formula's docstring says what it computes, in which unit, which direction is better, where
it comes from, and where MRIQC's released code differs from its documentation (the code is
followed: archives hold its numbers). `reference` makes a page of them.
"""

from mriqc_webapi.extract.formulas.anatomical import anatomical_iqms
from mriqc_webapi.extract.formulas.functional import functional_iqms, traces
from mriqc_webapi.extract.maps import Traces

__all__ = ['Traces', 'anatomical_iqms', 'functional_iqms', 'traces']
