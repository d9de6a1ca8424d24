"""Records as MongoDB's tools dump them: canonical extended JSON."""

import gzip
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import zstandard


def as_dump(served: dict[str, Any]) -> bytes:
    """Write one served record as ``mongoexport --jsonFormat=canonical`` does."""
    document = {name: _wrapped(value) for name, value in served.items()}
    document['_id'] = {'$oid': served['_id']}
    for name in ('_created', '_updated'):
        millis = int(parsedate_to_datetime(served[name]).timestamp() * 1000)
        document[name] = {'$date': {'$numberLong': str(millis)}}
    return orjson.dumps(document)


def _wrapped(value: Any) -> Any:
    match value:
        case bool() | str():
            return value
        case int():
            return {'$numberInt': str(value)}
        case float():
            return {'$numberDouble': repr(value)}
        case dict():
            return {name: _wrapped(member) for name, member in value.items()}
        case list():
            return [_wrapped(element) for element in value]


def compress(data: bytes, suffix: str) -> bytes:
    """Compress as a suffix says."""
    match suffix:
        case '.gz':
            return gzip.compress(data)
        case '.zst':
            return zstandard.ZstdCompressor().compress(data)
        case _:
            return data
