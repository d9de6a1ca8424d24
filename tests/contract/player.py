"""Plays recorded exchanges of the old service against a running one and compares.

A case stores what its ``setup`` says, sends its ``request`` byte for byte, and holds the
answer against ``expect``. Every case gets fresh random values, so that a service which holds
data answers alike.
Patterns in expected values are objects or texts in angle brackets; `_MATCHERS` lists them.
"""

import base64
import http.client
import json
import re
import uuid
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

HERE = Path(__file__).parent
HTTP_DATE = '%a, %d %b %Y %H:%M:%S GMT'
ABSENT = object()

Case = dict[str, Any]


def load_cases() -> list[Case]:
    """Read the recorded exchanges; those where the recording double was wrong are marked."""
    return json.loads((HERE / 'corpus.json').read_text())


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return ABSENT


@dataclass
class Player:
    """Plays cases against one service."""

    root: str
    token: str
    values: dict[str, str] = field(default_factory=dict)

    def play(self, case: Case) -> list[str]:
        """Play one case; return what differed."""
        self.values = fresh_values(self.root, self.token)
        for number, step in enumerate(case.get('setup', [])):
            answer = self._send({'method': 'POST', **step})
            if answer.status != step.get('status', 201):
                return [f'setup {number}: {answer.status} {answer.text[:200]}']
            self._remember(str(number), answer.json)
        return self._differences(case['expect'], self._send(case['request']))

    def status(self, case: Case) -> int:
        """Play one case; return only the status of its answer."""
        (told,) = self.play({**case, 'expect': {'status': 0}})
        return int(told.split()[1].rstrip(','))

    def _remember(self, tag: str, body: Any) -> None:
        for i, item in enumerate(body.get('_items', []) if isinstance(body, dict) else []):
            self._remember(f'{tag}_{i}', item)
        if not isinstance(body, dict) or '_created' not in body:
            return
        for key, name in (('_id', 'id'), ('_etag', 'etag'), ('_created', 'created')):
            self.values[name + tag] = body[key]
        self.values['updated' + tag] = body['_updated']
        self.values |= around(f'created{tag}', body['_created'])

    def _send(self, request: dict[str, Any], redirects: int = 0) -> Answer:
        body, content_type = self._body(request)
        method = request.get('method', 'GET')
        headers: dict[str, str | None] = {'Accept': '*/*', 'Content-Type': content_type}
        if method == 'POST':
            headers['Authorization'] = self.token
        headers |= {k: self._fill(v) for k, v in request.get('headers', {}).items()}
        answer = exchange(self.root, method, self._target(request), headers, body)
        location = answer.headers.get('location', '')
        if request.get('follow') and answer.status == 308 and redirects < 3:
            moved = {**request, 'path': urlsplit(location).path}
            return self._send(moved, redirects + 1)
        return answer

    def _target(self, request: dict[str, Any]) -> str:
        target = self._fill(request['path'])
        if 'query' in request:
            pairs = ((self._fill(k), str(self._fill(v))) for k, v in request['query'])
            target += '?' + '&'.join(f'{quote(k, safe="")}={quote(v, safe="")}' for k, v in pairs)
        elif 'raw_query' in request:
            target += '?' + self._fill(request['raw_query'])
        return target

    def _body(self, request: dict[str, Any]) -> tuple[bytes | None, str | None]:
        if 'json' in request:
            return json.dumps(self._payload(request['json'])).encode(), 'application/json'
        for key, encoding in (('raw', 'utf-8'), ('raw_latin1', 'latin-1')):
            if key in request:
                text = re.sub(r'\{\{file:([^}]+)\}\}', _payload_text, request[key])
                return self._fill(text).encode(encoding), 'application/json'
        if 'form' in request:
            pairs = ((k, self._fill(v)) for k, v in request['form'])
            text = '&'.join(f'{quote(k, safe="")}={quote(v, safe="")}' for k, v in pairs)
            return text.encode(), 'application/x-www-form-urlencoded'
        return None, None

    def _payload(self, spec: Any) -> Any:
        if isinstance(spec, dict) and '$repeat' in spec:
            return [self._payload(_number(spec['$item'], i)) for i in range(int(spec['$repeat']))]
        if isinstance(spec, list):
            return [self._payload(item) for item in spec]
        if not isinstance(spec, dict) or '$file' not in spec:
            return self._fill(spec)
        document = json.loads((HERE / 'payloads' / spec['$file']).read_text())
        for path, value in spec.get('$set', {}).items():
            _put(document, path, self._fill(value))
        for path in spec.get('$unset', []):
            *parents, last = path.split('.')
            _descend(document, parents).pop(last, None)
        return document

    def _fill(self, value: Any) -> Any:
        """Put the case's values in place of ``{{name}}``; ``#int:`` makes a number."""
        if isinstance(value, list):
            return [self._fill(v) for v in value]
        if isinstance(value, dict):
            return {self._fill(k): self._fill(v) for k, v in value.items()}
        if not isinstance(value, str):
            return value
        text = re.sub(r'\{\{(\w+)\}\}', lambda m: str(self.values[m[1]]), value)
        kind = next((k for k in _CASTS if text.startswith(k)), None)
        return _CASTS[kind](text[len(kind) :]) if kind else text

    def _differences(self, expect: dict[str, Any], answer: Answer) -> list[str]:
        found: list[str] = []
        if answer.status != expect['status']:
            found.append(f'status {answer.status}, not {expect["status"]}: {answer.text[:200]}')
        for name, wanted in expect.get('headers', {}).items():
            compare(self._fill(wanted), answer.headers.get(name.lower()), f'header {name}', found)
        if 'body' in expect:
            compare(self._fill(expect['body']), answer.json, 'body', found)
        if 'text' in expect:
            compare(self._fill(expect['text']), answer.text, 'text', found)
        return found


def _payload_text(match: re.Match[str]) -> str:
    return (HERE / 'payloads' / match[1]).read_text().strip()


def _number(item: Any, i: int) -> Any:
    return json.loads(json.dumps(item).replace('{{i}}', str(i)))


def _descend(document: dict[str, Any], parents: list[str]) -> dict[str, Any]:
    for key in parents:
        document = document.setdefault(key, {})
    return document


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split('.')
    _descend(document, parents)[last] = deepcopy(value)


def exchange(
    root: str, method: str, target: str, headers: dict[str, str | None], body: bytes | None
) -> Answer:
    """Send one request exactly as given, raw braces and all."""
    where = urlsplit(root)
    connection = http.client.HTTPConnection(where.hostname or '', where.port, timeout=60)
    connection._validate_path = lambda url: None  # type: ignore[attr-defined]
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers.items():
        if value is not None:
            connection.putheader(name, value)
    if body is not None or method in {'POST', 'PUT', 'PATCH'}:
        connection.putheader('Content-Length', str(len(body or b'')))
    connection.endheaders(body)
    response = connection.getresponse()
    received: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        received[key] = f'{received[key]}, {value}' if key in received else value
    text = response.read().decode('utf-8', 'replace')
    connection.close()
    return Answer(response.status, received, text)


def fresh_values(root: str, token: str) -> dict[str, str]:
    """Make the random and dated values of one case."""
    now = datetime.now(UTC)
    oid = 'f' + uuid.uuid4().hex[:23]
    return {
        **{name: uuid.uuid4().hex for name in ('md5', 'md5b', 'md5c')},
        'subj': uuid.uuid4().hex * 2,
        'uniq': 'u' + uuid.uuid4().hex[:12],
        'oid': oid,
        'OID': oid.upper(),
        'oid2': 'e' + uuid.uuid4().hex[:23],
        'token': token,
        'basic': base64.b64encode(f'{token}:'.encode()).decode(),
        'base': root,
        'past': 'Sat, 01 Jan 2000 00:00:00 GMT',
        'future': 'Fri, 01 Jan 2100 00:00:00 GMT',
        'now_m1d': (now - timedelta(days=1)).strftime(HTTP_DATE),
        'now_p1d': (now + timedelta(days=1)).strftime(HTTP_DATE),
    }


def around(name: str, http_date: str) -> dict[str, str]:
    """Make the dates near a given one, and its other spellings."""
    moment = datetime.strptime(http_date, HTTP_DATE)  # noqa: DTZ007 - HTTP dates are UTC
    shifts = {'m1': -1, 'p1': 1, 'm1h': -3600, 'p1h': 3600}
    shifted = {
        f'{name}_{tag}': (moment + timedelta(seconds=s)).strftime(HTTP_DATE)
        for tag, s in shifts.items()
    }
    numbers = ', '.join(str(n) for n in moment.timetuple()[:6])
    return {
        **shifted,
        f'{name}_py': f'datetime({numbers})',
        f'{name}_iso': moment.strftime('%Y-%m-%dT%H:%M:%SZ'),
    }


def compare(wanted: Any, got: Any, at: str, found: list[str]) -> None:
    """Hold an answer against what is expected; append what differs to ``found``."""
    if isinstance(wanted, str) and wanted in _KINDS:
        if not _KINDS[wanted](got):
            found.append(f'{at}: {short(got)} is no {wanted}')
    elif isinstance(wanted, dict) and any(k.startswith('<') for k in wanted):
        for name, argument in wanted.items():
            _MATCHERS[name](argument, got, at, found)
    elif isinstance(wanted, dict) and isinstance(got, dict):
        _compare_members(wanted, got, at, found)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for i, (a, b) in enumerate(zip(wanted, got, strict=True)):
            compare(a, b, f'{at}[{i}]', found)
    elif not equal(wanted, got):
        found.append(f'{at}: {short(got)}, not {short(wanted)}')


def _compare_members(
    wanted: dict[str, Any], got: dict[str, Any], at: str, found: list[str]
) -> None:
    for key in wanted.keys() | got.keys():
        if key not in wanted or key not in got:
            found.append(f'{at}.{key}: {"unexpected" if key in got else "missing"}')
        else:
            compare(wanted[key], got[key], f'{at}.{key}', found)


def equal(a: Any, b: Any) -> bool:
    numbers = (int, float)
    if isinstance(a, numbers) and isinstance(b, numbers) and bool not in {type(a), type(b)}:
        return a == b or abs(a - b) <= 1e-12 * max(abs(a), abs(b))
    return type(a) is type(b) and a == b


def short(value: Any) -> str:
    return repr(value)[:160]


def pluck(item: Any, path: str) -> Any:
    for key in path.split('.'):
        if not isinstance(item, dict) or key not in item:
            return None
        item = item[key]
    return item


def _is_date(value: Any) -> bool:
    try:
        return bool(datetime.strptime(value, HTTP_DATE))  # noqa: DTZ007 - HTTP dates are UTC
    except (TypeError, ValueError):
        return False


def _matches(pattern: str) -> Any:
    return lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None


_CASTS = {'#int:': int, '#float:': float}
_KINDS = {
    '<any>': lambda _: True,
    '<str>': lambda v: isinstance(v, str),
    '<int>': lambda v: type(v) is int,
    '<num>': lambda v: type(v) in {int, float},
    '<objectid>': _matches('[0-9a-f]{24}'),
    '<etag>': _matches('[0-9a-f]{40}'),
    '<httpdate>': _is_date,
}


def _match_re(pattern: str, got: Any, at: str, found: list[str]) -> None:
    if not isinstance(got, str) or not re.fullmatch(pattern, got, re.DOTALL):
        found.append(f'{at}: {short(got)} does not match {pattern}')


def _match_contains(parts: list[str], got: Any, at: str, found: list[str]) -> None:
    found += [f'{at}: lacks {p!r}' for p in parts if p not in (got or '')]


def _match_tokens(tokens: list[str], got: Any, at: str, found: list[str]) -> None:
    have = {t.strip() for t in (got or '').split(',') if t.strip()}
    if have != set(tokens):
        found.append(f'{at}: {sorted(have)}, not {sorted(tokens)}')


def _match_subset(wanted: dict[str, Any], got: Any, at: str, found: list[str]) -> None:
    for key, value in wanted.items():
        if not isinstance(got, dict) or key not in got:
            found.append(f'{at}.{key}: missing')
        else:
            compare(value, got[key], f'{at}.{key}', found)


def _match_absent(keys: list[str], got: Any, at: str, found: list[str]) -> None:
    found += [f'{at}.{k}: must be absent' for k in keys if isinstance(got, dict) and k in got]


def _match_len(n: Any, got: Any, at: str, found: list[str]) -> None:
    if not isinstance(got, list) or n not in {'<any>', len(got)}:
        found.append(f'{at}: expected a list of {n}, got {short(got)}')


def _match_each(wanted: Any, got: Any, at: str, found: list[str]) -> None:
    for i, item in enumerate(got):
        compare(wanted, item, f'{at}[{i}]', found)


def _match_pluck(argument: list[Any], got: Any, at: str, found: list[str]) -> None:
    path, wanted = argument
    compare(wanted, [pluck(item, path) for item in got], f'{at}[*].{path}', found)


def _match_plucked_set(argument: list[Any], got: Any, at: str, found: list[str]) -> None:
    path, wanted = argument
    have = sorted((pluck(item, path) for item in got), key=repr)
    compare(sorted(wanted, key=repr), have, f'{at}[*].{path}', found)


def _match_set(wanted: list[Any], got: Any, at: str, found: list[str]) -> None:
    left = _without_matches(wanted, got, at, found)
    found += [f'{at}: unexpected {short(item)}' for item in left]


def _match_has_item(wanted: list[Any], got: Any, at: str, found: list[str]) -> None:
    _without_matches(wanted, got, at, found)


def _without_matches(wanted: list[Any], got: Any, at: str, found: list[str]) -> list[Any]:
    left = list(got)
    for item in wanted:
        match = next((g for g in left if not _tried(item, g)), ABSENT)
        if match is ABSENT:
            found.append(f'{at}: nothing like {short(item)}')
        else:
            left.remove(match)
    return left


def _tried(wanted: Any, got: Any) -> list[str]:
    found: list[str] = []
    compare(wanted, got, '', found)
    return found


_MATCHERS = {
    '<re>': _match_re,
    '<contains>': _match_contains,
    '<tokens>': _match_tokens,
    '<subset>': _match_subset,
    '<absent>': _match_absent,
    '<len>': _match_len,
    '<each>': _match_each,
    '<pluck>': _match_pluck,
    '<pluckset>': _match_plucked_set,
    '<set>': _match_set,
    '<hasitem>': _match_has_item,
}
