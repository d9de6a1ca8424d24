"""One frozen object with everything an operator can set, read at the edge only."""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self, get_type_hints

from mriqc_webapi.errors import SetupError

PREFIX = 'MRIQC_WEBAPI_'


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={'help': meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may hold; past it the answer is a clear 4xx."""

    max_body_bytes: int = _setting(16 * 2**20, 'largest body that is read as one whole, in bytes')
    max_document_bytes: int = _setting(2**20, 'largest document, a line of NDJSON too, in bytes')
    max_documents: int = _setting(1_000, 'most documents in one array')
    max_body_values: int = _setting(500_000, 'most values in one body')
    max_depth: int = _setting(32, 'deepest nesting of objects and arrays')
    max_keys: int = _setting(5_000, 'most object members and array elements in one document')
    max_key_chars: int = _setting(256, 'longest member name, in characters')
    max_text_chars: int = _setting(65_536, 'longest text value, in characters')
    body_timeout_s: float = _setting(30.0, 'longest wait for the next part of a body, in seconds')


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can set; a field is ``MRIQC_WEBAPI_NAME`` in the environment."""

    host: str = _setting('127.0.0.1', 'address to listen on')
    port: int = _setting(5000, 'port to listen on')
    data_dir: Path = _setting(Path('data'), 'folder that holds everything the service writes')
    database: str = _setting('', 'database URL; empty: SQLite in the data directory')
    workers: int = _setting(1, 'number of serving processes')
    catalogue_dir: Path | None = _setting(None, 'folder of further resource files (TOML)')
    public_url: str = _setting('', 'address that clients reach the service at, if not host:port')
    contact: str = _setting('', 'address, of mail or the web, of who answers for the service')
    queue_size: int = _setting(10_000, 'most uploads that wait for their commit')
    query_timeout_s: float = _setting(20.0, 'longest run of one query, in seconds')
    export_timeout_s: float = _setting(600.0, 'longest run of one export, in seconds')
    archive_memory: str = _setting('1GB', 'memory limit of the columnar copy')
    archive_threads: int = _setting(0, 'threads of the columnar copy; 0: one per core')
    rate_per_address: float = _setting(50.0, 'requests per second one address may make; 0: any')
    rate_per_token: float = _setting(0.0, 'uploads per second one token may make; 0: any')
    rate_on_loopback: bool = _setting(False, 'whether the rate limits hold for loopback too')
    relay_to: str = _setting('', 'address of the archive that records are passed on to')
    relay_token: str = _setting('', 'token for that archive, best with the scope relay')
    relay_policy: str = _setting('pass', 'what becomes of records: pass, hold for approval, keep')
    relay_where: str = _setting('', 'filter: records that do not match it are kept; empty: none')
    relay_strip: str = _setting('', 'fields that are left out when a record leaves, with commas')
    relay_privacy: str = _setting('default', 'strict: leave out what could identify, too')
    relay_new_only: bool = _setting(False, 'whether to pass on only what comes in from now on')
    trusted_proxies: str = _setting('127.0.0.1', 'addresses whose X-Forwarded-For is believed')
    limits: Limits = field(default_factory=Limits)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the store."""
        if not self.database:
            return f'sqlite:///{self.data_dir / "store.sqlite"}'
        for short in ('postgresql://', 'postgres://'):
            if self.database.startswith(short):
                return 'postgresql+psycopg://' + self.database.removeprefix(short)
        return self.database

    @classmethod
    def from_environment(cls, environment: dict[str, str] | None = None, **given: Any) -> Self:
        """Read the settings; what is given outranks the environment, None is not given."""
        env = dict(os.environ) if environment is None else environment
        found = _read(cls, env) | {k: v for k, v in given.items() if v is not None}
        return cls(limits=Limits(**_read(Limits, env)), **found)


def _read(cls: type, environment: dict[str, str]) -> dict[str, Any]:
    kinds = get_type_hints(cls)
    found: dict[str, Any] = {}
    for item in fields(cls):
        text = environment.get(PREFIX + item.name.upper())
        if text is None or item.name == 'limits':
            continue
        try:
            found[item.name] = _parse(kinds[item.name], text)
        except ValueError as error:
            raise SetupError(f'{PREFIX}{item.name.upper()}={text!r}: {error}') from None
    return found


def _parse(kind: Any, text: str) -> Any:
    if kind is bool:
        return text.lower() in {'1', 'true', 'yes', 'on'}
    if kind in {int, float, str}:
        return kind(text)
    return Path(text) if text else None
