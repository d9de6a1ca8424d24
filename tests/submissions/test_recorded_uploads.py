"""What the old service said to uploads, as far as it concerns the document alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from mriqc_webapi.errors import BrokenBodyError, InvalidDocumentError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.check import split_documents
from mriqc_webapi.submissions.parse import parse_json

TESTS = Path(__file__).parents[1]
AREAS = {'validation', 'coercion', 'client-id', 'bulk', 'post', 'post-body'}
VALUES = {
    '{{md5}}': '57cd35190da3c813a3c3dadccd8a4ad7',
    '{{subj}}': 'sub',
    '{{uniq}}': 'u1',
    '{{oid}}': '599f6767265d2000079e86c5',
}
STORE_OR_WEB = {'id-duplicate', 'body-text-plain', 'body-no-content-type'}


def _cases() -> list[Any]:
    corpus = json.loads((TESTS / 'contract' / 'corpus.json').read_text())
    return [
        pytest.param(case, id=case['name'])
        for case in corpus
        if case['area'] in AREAS
        and case['request']['method'] == 'POST'
        and {'json', 'raw'} & case['request'].keys()
        and case['name'] not in STORE_OR_WEB
        and 'form' not in str(case['request'].get('headers'))
    ]


def _body(request: dict[str, Any], payload: Any) -> bytes:
    given = request.get('json', request.get('raw'))
    if isinstance(given, dict) and '$file' in given:
        name = given['$file'].removesuffix('.json')
        given = payload(name, given.get('$set'), without=given.get('$unset'))
    text = given if 'raw' in request else json.dumps(given, ensure_ascii=False)
    for name, value in VALUES.items():
        text = text.replace(name, value)
    return text.encode()


def _answer(checker: Any, body: bytes) -> tuple[int, Any]:
    try:
        documents = split_documents(parse_json(body, Limits()), Limits())
    except BrokenBodyError:
        return 400, None
    results: list[Any] = []
    for document in documents:
        try:
            checker(document)
            results.append({'_status': 'OK'})
        except InvalidDocumentError as error:
            results.append({'_status': 'ERR', '_issues': error.issues})
    status = 422 if any('_issues' in r for r in results) else 201
    return status, results[0] if len(results) == 1 else {'_items': results}


@pytest.mark.parametrize('case', _cases())
def test_uploads_are_answered_as_recorded_or_better(case, checkers, payload):
    resource = case['request']['path'].strip('/').split('/')[2]
    status, told = _answer(checkers[resource], _body(case['request'], payload))
    better = (case.get('better') or {}).get('status')
    assert status in (better or [case['expect']['status']])
    if status != 422 or better:
        return
    expected = case['expect']['body']
    for member in ('_issues', '_items'):
        if expected.get(member, '<any>') != '<any>':
            assert told[member] == expected[member]
