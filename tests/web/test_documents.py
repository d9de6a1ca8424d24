"""What describes the service: dictionary, OpenAPI document, errors, health."""

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


def test_addresses_that_nothing_serves_are_404_in_eves_words(service: LiveService) -> None:
    for path in ('/nope', '/api/v2/T1w', '/api/v1/T1w/x/y'):
        answer = requests.get(service.root + path, timeout=15)
        assert (answer.status_code, answer.json()['_error']['code']) == (404, 404)


def test_health_and_readiness_are_told(service: LiveService) -> None:
    assert requests.get(f'{service.root}/healthz', timeout=15).json() == {'status': 'ok'}
    ready = requests.get(f'{service.root}/readyz', timeout=15)
    assert (ready.status_code, ready.json()) == (200, {'store': 'ok', 'archive': 'ok'})
