"""What describes the service: dictionary, OpenAPI document, errors, health."""

import re

import requests

from mriqc_webapi import errors
from mriqc_webapi.errors import WebApiError
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.web.problems import STATUSES, status_of
from tests.live import LiveService


def leaves(kind: type[WebApiError]) -> set[type[WebApiError]]:
    """Walk the tree of errors down to those that are raised."""
    children = [c for c in kind.__subclasses__() if c.__module__ == errors.__name__]
    return {leaf for c in children for leaf in leaves(c)} if children else {kind}


def test_every_error_has_a_status_of_its_own() -> None:
    assert leaves(WebApiError) == set(STATUSES)


def test_every_error_code_is_unique() -> None:
    codes = [kind.code for kind in STATUSES]
    assert len(codes) == len(set(codes))


def test_no_expected_error_is_a_500() -> None:
    assert 500 not in {status_of(kind('x')) for kind in leaves(WebApiError) - {_WITH_ISSUES}}


_WITH_ISSUES = errors.InvalidDocumentError


def test_the_dictionary_lists_every_field_of_every_resource(service: LiveService) -> None:
    rows = requests.get(f'{service.root}/api/v2/dictionary', timeout=15).json()
    told = {(r['resource'], r['name']) for r in rows if r['role'] not in {'server', 'derived'}}
    known = {(r.name, f.name) for r in load_catalogue().resources.values() for f in r.fields}
    assert told == known


def test_the_dictionary_lists_the_columns_of_exports_too(service: LiveService) -> None:
    rows = requests.get(f'{service.root}/api/v2/dictionary?resource=T1w', timeout=15).json()
    table = requests.get(f'{service.root}/api/v2/T1w/export.csv', timeout=30).text
    columns = set(table.partition('\n')[0].replace('"', '').split(','))
    assert {'_id', 'vendor', 'cjv', 'residual'} <= columns
    assert columns <= {row['name'] for row in rows}


def test_the_dictionary_comes_as_a_table_too(service: LiveService) -> None:
    table = requests.get(f'{service.root}/api/v2/dictionary.tsv?resource=bold', timeout=15)
    header, *rows = table.text.splitlines()
    assert 'unit' in header.split('\t')
    assert any('fd_mean' in row.split('\t') for row in rows)


def test_one_openapi_document_describes_both_interfaces(service: LiveService) -> None:
    document = requests.get(f'{service.root}/docs/api/api-docs', timeout=15).json()
    assert document['openapi'].startswith('3.')
    for resource in load_catalogue().resources:
        assert set(document['paths'][f'/api/v1/{resource}']) == {'get', 'post'}
    assert 'post' in document['paths']['/api/v2/{resource}/records']
    t1w = document['components']['schemas']['T1w']
    assert 'cjv' in t1w['required']
    assert t1w['properties']['provenance']['properties']['email']['writeOnly'] is True


def test_the_type_of_every_problem_leads_to_what_it_means(service: LiveService) -> None:
    told = requests.get(f'{service.root}/api/v2/T1w/records?where=cjv+%3D', timeout=15).json()
    place, _, anchor = told['type'].partition('#')
    page = requests.get(service.root + place, timeout=15)
    assert page.status_code == 200
    rows = dict(re.findall(r'<tr id="([\w-]+)">(.*?)</tr>', page.text))
    known = {kind.code: str(status) for kind, status in STATUSES.items()}
    assert known.items() <= {code: cells_of(row)[1] for code, row in rows.items()}.items()
    assert {'unexpected-fault', 'unknown-content-type', anchor} <= set(rows)
    assert not any('' in cells_of(row) for row in rows.values())


def cells_of(row: str) -> list[str]:
    return [re.sub('<.*?>', '', cell).strip() for cell in re.findall('<td>(.*?)</td>', row)]


def test_the_description_of_the_api_links_what_errors_mean(service: LiveService) -> None:
    assert '"/docs/problems"' in requests.get(f'{service.root}/docs', timeout=15).text


def test_health_and_readiness_are_told(service: LiveService) -> None:
    assert requests.get(f'{service.root}/healthz', timeout=15).json() == {'status': 'ok'}
    ready = requests.get(f'{service.root}/readyz', timeout=15)
    assert (ready.status_code, ready.json()) == (200, {'store': 'ok', 'archive': 'ok'})
