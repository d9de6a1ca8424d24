"""One OpenAPI document for both interfaces; record schemas derive from the catalogue."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mriqc_webapi.iqm.definitions import FieldDefinition, Resource
from mriqc_webapi.web.service import Service

Json = dict[str, Any]

PROBLEM_TYPE = 'application/problem+json'
_NEVER_SENT = 'Validation Error'  # parameters of the wrong kind are answered by 400
UNFINISHED = '/api/v2/{resource}/records'  # it takes less time than an ETag of it
_UNCHANGED = 'Nothing has changed: the answer still has the ETag of If-None-Match.'
_PROBLEM = '#/components/schemas/Problem'

JSON_TYPES = {
    'float': 'number',
    'integer': 'number',  # fractions are kept, never truncated
    'string': 'string',
    'boolean': 'boolean',
    'object': 'object',
    'list': 'array',
}
DESCRIPTION = (
    'Collects, keeps and serves image quality metrics (IQMs) and ratings of MR images. '
    '`/api/v1` is what released MRIQC speaks and never changes; `/api/v2` is the current '
    'interface, which tells errors as problem documents (RFC 9457).'
)


def install(app: FastAPI, service: Callable[[], Service]) -> None:
    """Make ``app.openapi()`` describe both interfaces."""

    def describe() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app, list(service().catalogue.resources.values()))
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's documented way


def _describe(app: FastAPI, resources: list[Resource]) -> Json:
    document: Json = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes
    )
    _summarise(document['paths'])
    _name_problem_type(document['paths'])
    _tell_of_tags(document['paths'])
    _name_resources(document['paths'], [resource.name for resource in resources])
    schemas = document.setdefault('components', {}).setdefault('schemas', {})
    schemas['EveError'] = _eve_error()
    for resource in resources:
        schemas[resource.name] = record_schema(resource)
    document['components']['securitySchemes'] = {'token': {'type': 'http', 'scheme': 'bearer'}}
    document['paths'] |= _v1_paths(resources)
    return document


def _summarise(paths: Json) -> None:
    """Make each summary the first sentence of the route's docstring."""
    for methods in paths.values():
        for operation in methods.values():
            first, _, rest = operation.get('description', '').partition('\n\n')
            operation['summary'] = ' '.join(first.split()).rstrip('.')
            operation['description'] = rest


def _name_problem_type(paths: Json) -> None:
    """Give problem documents their content type; leave out FastAPI's own, which are never sent."""
    operations = (operation for methods in paths.values() for operation in methods.values())
    for operation in operations:
        for status, response in list(operation['responses'].items()):
            if response['description'] == _NEVER_SENT:
                del operation['responses'][status]
            content = response.get('content', {})
            told = content.get('application/json')
            if told and told['schema'].get('$ref') == _PROBLEM:
                content[PROBLEM_TYPE] = content.pop('application/json')


def _tell_of_tags(paths: Json) -> None:
    """Say that who has the answer already is told so: see `finishing`."""
    for path, methods in paths.items():
        if 'get' in methods and path != UNFINISHED:
            methods['get']['responses'].setdefault('304', {'description': _UNCHANGED})


def _name_resources(paths: Json, names: list[str]) -> None:
    """Say which resources an address may name."""
    for methods in paths.values():
        for operation in methods.values():
            for parameter in operation.get('parameters', []):
                if (parameter['in'], parameter['name']) == ('path', 'resource'):
                    parameter['schema'] = {'type': 'string', 'enum': names}


def record_schema(resource: Resource) -> Json:
    """Describe what is posted to a resource as a JSON schema."""
    schema: Json = {'type': 'object', 'description': resource.meaning, 'properties': {}}
    for field in sorted(resource.by_name.values(), key=lambda f: len(f.path)):
        _add(schema, field)
    return schema


def _add(schema: Json, field: FieldDefinition) -> None:
    parent = schema
    for segment in field.path[:-1]:
        parent = parent.setdefault('properties', {}).setdefault(segment, {'type': 'object'})
    unit = f' [{field.unit}]' if field.unit else ''
    described: Json = {
        'type': JSON_TYPES[field.type] if field.required else [JSON_TYPES[field.type], 'null'],
        'description': field.meaning + unit,
    }
    if field.private:
        described['writeOnly'] = True
    if field.assigned:
        described['readOnly'] = True
    parent.setdefault('properties', {})[field.path[-1]] = described
    if field.required:
        parent.setdefault('required', []).append(field.path[-1])


def _eve_error() -> Json:
    error = {'type': 'object', 'properties': {'code': {'type': 'integer'}, 'message': {}}}
    return {
        'type': 'object',
        'properties': {'_status': {'const': 'ERR'}, '_error': error, '_issues': {}, '_items': {}},
    }


def _v1_paths(resources: list[Resource]) -> Json:
    paths: Json = {'/api/v1/': {'get': _operation('List the collections', 'index')}}
    for r in resources:
        collection = {
            'get': _operation(f'Page through {r.name} records', f'{r.name}_page', _PAGE),
            'post': _post(r),
        }
        item = _operation(
            f'Get one {r.name} record', f'{r.name}_item', [_ID, _query('projection')]
        )
        item['responses'] |= {'304': {'description': 'Unchanged'}, '404': _error('No such record')}
        paths |= {f'/api/v1/{r.name}': collection, f'/api/v1/{r.name}/{{id}}': {'get': item}}
    counts = _operation(
        'Count the ratings of one scan per grade', 'rating_counts', [_query('aggregate'), *_PAGING]
    )
    paths['/api/v1/rating_counts'] = {'get': counts}
    return paths


def _query(name: str, kind: str = 'string') -> Json:
    return {'name': name, 'in': 'query', 'required': False, 'schema': {'type': kind}}


_ID: Json = {
    'name': 'id',
    'in': 'path',
    'required': True,
    'schema': {'type': 'string', 'pattern': '^[0-9a-f]{24}$'},
}
_PAGING = [_query('page'), _query('max_results')]
_PAGE = [_query('where'), _query('sort'), _query('projection'), *_PAGING]


def _error(text: str) -> Json:
    schema = {'$ref': '#/components/schemas/EveError'}
    return {'description': text, 'content': {'application/json': {'schema': schema}}}


def _operation(summary: str, name: str, parameters: list[Json] | None = None) -> Json:
    return {
        'summary': summary,
        'operationId': f'v1_{name}',
        'tags': ['v1 (frozen)'],
        'parameters': parameters or [],
        'responses': {
            '200': {'description': 'OK', 'content': {'application/json': {}}},
            '400': _error('The question cannot be understood'),
            '429': _error('Too many requests'),
            '503': _error('Not at the moment; Retry-After says when'),
        },
    }


def _post(resource: Resource) -> Json:
    operation = _operation(f'Send {resource.name} records', f'{resource.name}_post')
    one = {'$ref': f'#/components/schemas/{resource.name}'}
    schema = {'oneOf': [one, {'type': 'array', 'items': one}]}
    content = {'application/json': {'schema': schema}}
    operation['requestBody'] = {'required': True, 'content': content}
    operation['security'] = [{'token': []}]
    del operation['responses']['200']
    operation['responses'] |= {
        '201': {'description': 'Stored', 'content': {'application/json': {}}},
        '401': _error('No good token'),
        '403': _error('The token lacks the scope'),
        '404': _error('No good token, for resources that the old service never had'),
        '408': _error('The body came too slowly'),
        '409': _error('The id is taken'),
        '413': _error('The body is too large'),
        '422': _error('The document was refused; `_issues` says why'),
    }
    return operation
