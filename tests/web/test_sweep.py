"""Nothing private is found in anything public, and the net that looks for it catches."""

import gzip
import io
import json
import re
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

import pyarrow.ipc
import pyarrow.parquet
import pytest
import requests
import zstandard

from tests.live import LiveService
from tests.web.planting import CONTROL, RESOURCES, SEEN, Planted, plant_everywhere

VIEWS = ('raw', 'scan', 'canonical', 'canonical+quarantined')
FORMATS = ('ndjson', 'csv', 'tsv', 'parquet', 'arrow')
FIGURES = {  # what to ask each for
    'agreement': '',
    'artifacts': '',
    'correlation': 'resource=T1w&iqm=efc,fber',
    'distribution': 'resource=T1w&iqm=efc&by=provenance.version&view=raw',
    'distributions': 'resource=T1w&by=provenance.version&view=raw',
    'grades': '',
    'growth': 'resource=T1w&by=provenance.version&view=raw',
    'percentiles': 'resource=T1w&iqm=efc&id={id}',
    'ratings-activity': 'per=day',
    'relation': 'resource=T1w&x=efc&y=fber',
}
PER_RESOURCE: dict[str, list[dict[str, Any]]] = {
    'records': [{'view': v} for v in VIEWS] + [{'total': 'true', 'sort': '-efc'}],
    'summary': [{}, {'view': 'canonical'}],
    'growth': [{}, {'by': 'provenance.version'}],
    'facets': [{}, {'fields': 'provenance.version,vendor'}],
    'protocols': [{}, {'fields': 'provenance.version,vendor'}],
    'coverage': [{}, {'fields': 'provenance.version'}],
    'correlation': [{}],
    'duplicates': [{}, {'examples': '3'}],
    'percentiles': [{}],
    'percentiles.csv': [{}],
    'distribution': [{'iqm': 'efc'}, {'iqm': 'efc', 'by': 'provenance.version', 'min_group': 1}],
    'relation': [{'x': 'efc', 'y': 'fber'}],
    'outliers': [{'iqm': 'efc', 'min_group': 1}],
    'export': [{}],
} | {f'export.{f}': [{'view': v} for v in VIEWS] for f in FORMATS}
NO_PAGES = re.compile(r'^(#|mailto:|data:|javascript:)')
MAX_PAGES = 150
READY_S = 60.0


@pytest.fixture(scope='module', params=['sqlite', 'postgresql'])
def planted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Planted]:
    """A service full of things that nobody may read, and a release of it."""
    database = None
    if request.param == 'postgresql':
        database = request.getfixturevalue('postgres').create()
    live = LiveService(tmp_path_factory.mktemp('planted'), database=database)
    live.make_token()
    with live:
        planted = plant_everywhere(live)
        release(live)
        wait_for_copy(planted)
        yield planted


def release(live: LiveService) -> None:
    tool = str(Path(sys.executable).with_name('mriqc-webapi'))
    where = ('--data-dir', str(live.data_dir), '--database', live.database)
    ran = subprocess.run(
        [tool, 'release', 'create', '--notes', SEEN, *where], capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def wait_for_copy(planted: Planted) -> None:
    until = time.monotonic() + READY_S
    url = f'{planted.live.root}/api/v2/rating/records?total=true'
    while len(requests.get(url, timeout=60).json()['items']) < len(planted.ids['rating']) * 4:
        assert time.monotonic() < until, 'the copy did not follow in time'
        time.sleep(0.1)


@pytest.fixture(scope='module')
def answers(planted: Planted) -> dict[str, tuple[int, str]]:
    """What every route of the OpenAPI document and every page answers, as text, by address."""
    told = {}
    with requests.Session() as session:
        for path in (*api_paths(planted), *figure_paths(planted), *release_paths(planted)):
            told[path] = fetch(session, planted.live, path)
        told |= crawl(session, planted)
    return told


def api_paths(planted: Planted) -> list[str]:
    """List what to ask the current and the frozen API."""
    paths = ['/healthz', '/readyz', '/openapi.json', '/docs/api/api-docs', '/api/v1/', '/api/v2']
    plain = 'counts dictionary dictionary.tsv drift drift?order=newest&limit=1000 policy scanners'
    paths += [f'/api/v2/{p}' for p in plain.split()]
    plain = 'epochs growth labels scans?data_hash=0 ratings?standing=all&limit=1000&total=true'
    paths += [f'/api/v2/{p}' for p in plain.split()]
    plain = 'agreement?n_boot=2 agreement?by=scale&n_boot=2 raters activity'
    paths += [f'/api/v2/ratings/{p}' for p in plain.split()]
    paths += [f'/api/v2/labels.{f}' for f in ('csv', 'tsv', 'ndjson', 'parquet')]
    for md5sum in planted.md5sums:
        paths += [f'/api/v2/scans/{md5sum}', f'/api/v2/scans/{md5sum}/ratings']
        paths += [f'/scans/{md5sum}']
    for resource in (*RESOURCES, 'rating'):
        paths += resource_paths(planted, resource)
    paths += [f'/api/v2/ratings/{id_}' for id_ in planted.ids['rating']]
    counted = quote(json.dumps({'$value': planted.md5sums[0]}))
    paths += [f'/api/v1/rating_counts?aggregate={counted}']
    return paths


def resource_paths(planted: Planted, resource: str) -> list[str]:
    root = f'/api/v2/{resource}'
    paths = [f'{root}/records?since=2020-01-01&limit=1000']
    paths += [f'/api/v1/{resource}', f'/api/v1/{resource}?max_results=50&page=2']
    for id_ in planted.ids[resource]:
        paths += [f'{root}/records/{id_}', f'/api/v1/{resource}/{id_}', f'/{resource}/{id_}']
        if resource != 'rating':
            paths += [f'{root}/records/{id_}/standing?min_peers=2']
    if resource == 'rating':
        return [*paths, f'{root}/records', *(f'{root}/export.{f}' for f in FORMATS)]
    for name, questions in PER_RESOURCE.items():
        for question in questions:
            asked = '&'.join(f'{k}={quote(str(v))}' for k, v in question.items())
            paths.append(f'{root}/{name}?{asked}')
    return paths


def figure_paths(planted: Planted) -> list[str]:
    asked = {k: v.format(id=planted.ids['T1w'][0]) for k, v in FIGURES.items()}
    kinds = ('svg', 'json', 'csv')
    named = [f'/figures/{name}.{kind}?{q}' for name, q in asked.items() for kind in kinds]
    return ['/figures/index.json', *named]


def release_paths(planted: Planted) -> list[str]:
    root = planted.live.data_dir / 'releases' / '0001'
    files = [p.relative_to(root).as_posix() for p in root.rglob('*') if p.is_file()]
    own = ['/releases/index.json', '/releases/withdrawn.tsv', '/releases/']
    return own + [f'/releases/0001/{f}' for f in files]


def crawl(session: requests.Session, planted: Planted) -> dict[str, tuple[int, str]]:
    """Follow the links of the pages; of those that differ only in what is asked for, one."""
    told: dict[str, tuple[int, str]] = {}
    waiting = [
        '/',
        '/explore',
        '/ratings',
        '/dictionary',
        '/drift',
        '/about',
        '/withdraw',
        '/docs',
    ]
    seen = {shape(path) for path in waiting}
    while waiting and len(told) < MAX_PAGES:
        path = waiting.pop(0)
        told[path] = fetch(session, planted.live, path)
        is_page = 'content-type: text/html' in told[path][1]
        for link in re.findall(
            r'(?:href|src|srcset|action)="([^" ]+)', told[path][1] if is_page else ''
        ):
            parts = urlsplit(urljoin(path, link.replace('&amp;', '&')))
            target = parts._replace(fragment='').geturl()
            if parts.netloc or NO_PAGES.match(link) or shape(target) in seen:
                continue
            seen.add(shape(target))
            waiting.append(target)
    return told


def shape(path: str) -> tuple[str, tuple[str, ...]]:
    parts = urlsplit(path)
    return parts.path, tuple(sorted({name for name, _ in parse_qsl(parts.query)}))


def fetch(session: requests.Session, live: LiveService, path: str) -> tuple[int, str]:
    """Ask, and give everything that came as text: the headers, and what is packed in the body."""
    answer = session.get(f'{live.root}{path}', timeout=120)
    headers = '\n'.join(f'{k}: {v}' for k, v in answer.headers.items())
    return answer.status_code, f'{headers}\n{as_text(answer.content)}'


def as_text(content: bytes) -> str:
    """Write bytes as text, with what is compressed in them unpacked, and also unquoted."""
    if content.startswith(b'\x1f\x8b'):
        return as_text(gzip.decompress(content))
    if content.startswith(b'\x28\xb5\x2f\xfd'):
        return as_text(zstandard.ZstdDecompressor().decompressobj().decompress(content))
    raw = content.decode('utf-8', 'replace')
    if content.startswith(b'PAR1'):
        table = pyarrow.parquet.read_table(io.BytesIO(content))
    elif content.startswith((b'ARROW1', b'\xff\xff\xff\xff')):
        is_file = content.startswith(b'ARROW1')
        reader = pyarrow.ipc.open_file(content) if is_file else pyarrow.ipc.open_stream(content)
        table = reader.read_all()
    else:
        return raw if '%' not in raw else f'{raw}\n{unquote(raw)}'
    return f'{raw}\n{table.schema.metadata}\n{table.to_pylist()}'


def holding(answers: dict[str, tuple[int, str]], planted: Planted, text: str) -> set[str]:
    """Name the addresses whose answers hold a text, by the net that catches private ones."""
    net = Planted(planted.live, {text: 'on purpose'})
    return {path for path, (_, told) in answers.items() if net.found_in(told)}


def test_nothing_private_is_found_in_any_answer(planted, answers) -> None:
    leaks: dict[str, list[str]] = defaultdict(list)
    for path, (_, told) in answers.items():
        for where in planted.found_in(told):
            leaks[where].append(path)
    assert not leaks, {where: paths[:5] for where, paths in leaks.items()}


def test_every_reading_route_was_answered(planted, answers) -> None:
    document = requests.get(f'{planted.live.root}/openapi.json', timeout=60).json()
    asked = [urlsplit(path).path for path, (status, _) in answers.items() if status == 200]
    unasked = []
    for route, operations in document['paths'].items():
        pattern = re.sub(r'\\\{path\\\}', '.+', re.escape(route))
        pattern = re.sub(r'\\\{\w+\\\}', '[^/]+', pattern)
        is_empty = re.match(r'/api/v1/(dwi|qap|nipype)', route)
        if (
            'get' in operations
            and not is_empty
            and not any(re.fullmatch(pattern, path) for path in asked)
        ):
            unasked.append(route)
    assert not unasked


def test_no_answer_is_a_refusal_or_a_fault(answers) -> None:
    odd = {path: status for path, (status, _) in answers.items() if status != 200}
    assert not odd


@pytest.mark.parametrize(
    'place',
    [
        'records',
        'facets',
        'drift',
        'export.ndjson',
        'export.csv',
        'export.tsv',
        'export.parquet',
        'export.arrow',
        'v1',
        'ratings',
        'page',
        'figure',
        'drawing',
        'release',
        'manifest',
    ],
)
def test_what_is_public_is_found_by_the_same_net(planted, answers, place) -> None:
    paths = {
        'drift': '/api/v2/drift',
        'v1': '/api/v1/T1w',
        'ratings': '/api/v2/ratings?standing=all&limit=1000&total=true',
        'page': f'/T1w/{planted.ids["T1w"][0]}',
    }
    patterns = {
        'figure': r'/figures/\w+\.csv\?.*',
        'release': r'/releases/0001/T1w/raw/.*\.parquet',
        'manifest': r'/releases/0001/(manifest\.json|README\.md)',
        'drawing': r'/figures/\w+\.svg\?.*',
    }
    pattern = patterns.get(place) or re.escape(paths.get(place) or f'/api/v2/T1w/{place}?') + '.*'
    public = SEEN if place == 'manifest' else CONTROL
    found = {p for p in holding(answers, planted, public) if re.fullmatch(pattern, p)}
    assert found, place


def test_what_people_write_stays_but_for_the_addresses_in_it(planted, answers) -> None:
    found = holding(answers, planted, SEEN)
    assert f'/api/v1/T1w/{planted.ids["T1w"][0]}' in found
    assert f'/api/v2/ratings/{planted.ids["rating"][0]}' in found
    assert 'write to [e-mail removed]' in answers[f'/api/v2/ratings/{planted.ids["rating"][0]}'][1]


def test_a_planted_text_would_be_found(planted) -> None:
    text = next(iter(planted.secrets))
    table = pyarrow.table({'a': [[{'deep': text.upper()}]]})
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, compression='zstd')
    for content in (sink.getvalue(), gzip.compress(text.encode()), quote(f'@{text}').encode()):
        assert planted.found_in(as_text(content))
    assert not planted.found_in(as_text(b'nothing'))


def test_no_file_of_a_release_or_an_export_holds_anything_private(planted) -> None:
    files = [
        path
        for folder in ('releases', 'exports')
        for path in (planted.live.data_dir / folder).rglob('*')
        if path.is_file()
    ]
    assert len(files) > 10
    leaks = {
        str(path): where
        for path in files
        if (where := planted.found_in(f'{path}\n{as_text(path.read_bytes())}'))
    }
    assert not leaks


class TestRefusals:
    """Requests that carry private things and go wrong."""

    @pytest.mark.parametrize('header', ['Authorization', 'Receipt', 'Idempotency-Key', 'Cookie'])
    @pytest.mark.parametrize('scheme', ['', 'Bearer ', 'Basic ', 'Nonsense '])
    def test_what_a_header_carries_is_never_told(self, planted, header, scheme) -> None:
        text = planted.plant(f'{header} of a bad request')
        rating, record = planted.ids['rating'][0], planted.ids['T1w'][0]
        for method, path, body in (
            ('POST', '/api/v1/T1w', {}),
            ('POST', '/api/v1/rating', {'rating': []}),
            ('POST', '/api/v2/T1w/records', {'provenance': 1}),
            ('POST', '/api/v2/ratings', {}),
            ('PATCH', f'/api/v2/ratings/{rating}', {'rating': '1'}),
            ('POST', f'/api/v2/ratings/{rating}/link', {'md5sum': '0' * 32}),
            ('DELETE', f'/api/v2/T1w/records/{record}', None),
            ('POST', '/api/v2/receipts', {'id': record}),
            ('PUT', '/api/v1/T1w', {}),
            ('GET', '/api/v2/T1w/records?limit=x', None),
            ('GET', f'/nowhere/{uuid.uuid4().hex}', None),
        ):
            told = ask(planted, method, path, body, {header: f'{scheme}{text}'})
            assert not planted.found_in(told), (method, path)

    @pytest.mark.parametrize(
        'path',
        [
            '/api/v1/{0}',
            '/api/v1/T1w/{0}',
            '/api/v1/T1w?where={0}',
            '/api/v1/T1w?sort={0}',
            '/api/v1/rating_counts?aggregate={0}',
            '/api/v2/{0}/records',
            '/api/v2/T1w/records?where={0}',
            '/api/v2/T1w/records?cursor={0}',
            '/api/v2/T1w/records/{0}',
            '/api/v2/T1w/distribution?iqm={0}',
            '/api/v2/ratings?rater={0}',
            '/api/v2/scans/{0}/ratings',
            '/figures/{0}.svg',
            '/figures/distribution.svg?iqm={0}',
            '/releases/{0}/x',
            '/explore?where={0}',
            '/T1w/{0}',
            '/{0}',
        ],
    )
    def test_an_address_asked_for_is_not_logged(self, planted, path) -> None:
        text = planted.plant('what was asked for')
        told = ask(planted, 'GET', path.format(text), None, {})
        assert not planted.found_in(told, besides=text)

    @pytest.mark.parametrize('path', ['withdrawals', 'receipts/contact', 'receipts/state'])
    @pytest.mark.parametrize('wrong', ['receipt', 'email', 'id'])
    def test_a_body_refused_does_not_tell_what_it_held(self, planted, path, wrong) -> None:
        text = planted.plant(f'{wrong} of a bad body')
        body = {'id': planted.ids['T1w'][0], 'receipt': 'x', 'email': 'x'} | {wrong: text}
        for document in (body, {'items': [body]}, body | {'receipt': [text]}):
            told = ask(planted, 'POST', f'/api/v2/{path}', document, {})
            assert not planted.found_in(told, besides=text if wrong == 'id' else '')

    def test_a_document_refused_does_not_tell_private_members(self, planted) -> None:
        for path in ('/api/v1/T1w', '/api/v2/T1w/records', '/api/v1/rating', '/api/v2/ratings'):
            secret = planted.plant('private member of a refused document')
            address = planted.address('address in a refused document')
            for document in (
                {'provenance': {'email': [secret]}, 'bids_meta': {'PatientName': [secret]}},
                {'rating': address, 'scale': 'v2', 'name': [secret]},  # of no image
                {'cjv': address, 'provenance': {'email': address, 'md5sum': address}},
            ):
                headers = {
                    'Authorization': next(
                        s for s, where in planted.secrets.items() if where == 'token'
                    )
                }
                told = ask(planted, 'POST', path, document, headers)
                assert not planted.found_in(told), path

    def test_the_log_tells_nothing(self, planted, answers) -> None:
        log = ''.join(planted.live.lines)
        assert f'record {planted.withdrawn} was withdrawn' in log
        assert not planted.found_in(f'{log}\n{unquote(log)}')


def ask(planted: Planted, method: str, path: str, body: Any, headers: dict[str, str]) -> str:
    answer = requests.request(
        method, f'{planted.live.root}{path}', json=body, headers=headers, timeout=60
    )
    assert answer.status_code < 500, answer.text
    told = '\n'.join(f'{k}: {v}' for k, v in answer.headers.items())
    return f'{told}\n{as_text(answer.content)}'
