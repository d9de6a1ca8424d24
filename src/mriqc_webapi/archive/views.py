"""Which rows of a resource's table a question is about: all, or one per scan, or per group."""

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


def view_predicate(view: View, layout: Layout) -> str:
    """Write the SQL predicate of a view; where nothing was measured, every view is raw."""
    return _PREDICATES[view] if layout.has_views else 'TRUE'
