"""Which rows of a resource's table a question is about: all, or one per scan, or per group."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from mriqc_webapi.archive.columns import Layout

View: TypeAlias = Literal['raw', 'scan', 'canonical', 'canonical+quarantined']

VIEWS: Final[tuple[View, ...]] = get_args(View)
_PREDICATES: Final[dict[View, str]] = {
    'raw': 'TRUE',
    'scan': 'in_scan',
    'canonical': "group_state = 'canonical'",
    'canonical+quarantined': "group_state IN ('canonical', 'quarantined')",
}
# bits of `_first`: each marks, of the rows that a view has of a scan, the one that came first
FIRST: Final[Mapping[View, int]] = {'raw': 1, 'canonical': 2, 'canonical+quarantined': 4}


def view_predicate(view: View, layout: Layout) -> str:
    """Write the SQL predicate of a view; where nothing was measured, every view is raw."""
    return _PREDICATES[view] if layout.has_views else 'TRUE'


def first_predicate(view: View) -> str:
    """Write the SQL predicate of the first row of each scan in a view of what was measured."""
    return f'(_first & {FIRST[view]}) > 0' if view in FIRST else 'TRUE'
