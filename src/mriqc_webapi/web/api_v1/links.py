"""The links of a page, as Eve writes them: values decoded and not encoded again."""

from dataclasses import dataclass
from typing import Any

Query = list[tuple[str, str]]

DEFAULT_PAGE_SIZE = 25
PARENT = {'title': 'home', 'href': '/'}
OWN_PARAMETERS = frozenset(
    {'where', 'sort', 'page', 'max_results', 'projection', 'embedded', 'version'}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """What the links of a page repeat."""

    page: int
    max_results: int
    where: str
    sort: str
    foreign: str

    def text(self, page: int) -> str:
        """Write the query of another page of the same question, with its ``?``."""
        parts = []
        if self.max_results != DEFAULT_PAGE_SIZE:
            parts.append(f'max_results={self.max_results}')
        if self.where:
            parts.append(f'where={self.where}')
        if self.sort:
            parts.append(f'sort={self.sort}')
        if page > 1:
            parts.append(f'page={page}')
        if self.foreign:
            parts.append(self.foreign)
        return '?' + '&'.join(parts) if parts else ''


def foreign_parameters(query: Query) -> str:
    """Join the parameters that Eve does not know, grouped by name in order of appearance."""
    groups: dict[str, list[str]] = {}
    for key, value in query:
        if key not in OWN_PARAMETERS:
            groups.setdefault(key, []).append(f'{key}={value}')
    return '&'.join(part for group in groups.values() for part in group)


def page_links(resource: str, query: PageQuery, total: int) -> dict[str, Any]:
    """Build ``_links`` of one page."""

    def link(title: str, page: int) -> dict[str, str]:
        return {'title': title, 'href': resource + query.text(page)}

    links = {'parent': PARENT, 'self': link(resource, query.page)}
    if total == 0:
        links['self']['href'] = resource
    if query.page * query.max_results < total:
        links['next'] = link('next page', query.page + 1)
        links['last'] = link('last page', -(-total // query.max_results))
    if query.page > 1:
        links['prev'] = link('previous page', query.page - 1)
    return links
