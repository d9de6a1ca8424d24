"""``mriqc-webapi serve``: run the service."""

import os
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mriqc_webapi.cli.registry import Argument, ExitCode, command, setting
from mriqc_webapi.settings import PREFIX, Settings

if TYPE_CHECKING:
    from mriqc_webapi.store.engine import Store

SERVED_SETTINGS = ('host', 'port', 'data_dir', 'database', 'workers', 'catalogue_dir')
FIRST_TOKEN = 'first-start'  # noqa: S105 - the name of the token, not its text
MAX_CONNECTIONS = 1_000  # per process; more are told 503
SHUTDOWN_S = 30  # what was accepted has this long to finish after SIGTERM


@command(
    'serve',
    *(setting(name) for name in SERVED_SETTINGS),
    Argument('--demo', action='store_true', help='fill an empty archive with real sample records'),
    example='mriqc-webapi serve --port 8080 --data-dir /srv/mriqc --demo',
)
def serve(*, demo: bool, **given: Any) -> ExitCode:
    """Run the service until it is stopped.

    The first start makes a write token and shows it once.
    """
    settings = Settings.from_environment(**given)
    token = _prepare(settings, demo=demo or os.environ.get(f'{PREFIX}DEMO', '') in {'1', 'true'})
    hand_on(settings)
    return run_server(settings, token)


def _prepare(settings: Settings, *, demo: bool) -> str | None:
    """Bring the store up to date; return the text of a new token, if this is the first start."""
    from mriqc_webapi.cli.demo import load_demo
    from mriqc_webapi.iqm.loader import load_catalogue
    from mriqc_webapi.store.engine import Store

    catalogue = load_catalogue(settings.catalogue_dir)
    store = Store.open(settings.database_url)
    try:
        if demo:
            load_demo(store, catalogue)
        return _first_token(store)
    finally:
        store.close()


def _first_token(store: 'Store') -> str | None:
    from mriqc_webapi.store import tokens

    with store.write() as tx:
        if tokens.list_tokens(tx):
            return None
        return tokens.create(tx, name=FIRST_TOKEN, scopes=('submit', 'rate'))


def hand_on(settings: Settings) -> None:
    """Put the settings into the environment, where each serving process reads them."""
    for item in fields(settings):
        value = getattr(settings, item.name)
        if item.name != 'limits':
            os.environ[PREFIX + item.name.upper()] = '' if value is None else str(value)


def run_server(settings: Settings, token: str | None) -> ExitCode:
    """Listen until a signal comes; the settings are in the environment already."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from mriqc_webapi.web.connections import GuardedProtocol

    config = uvicorn.Config(
        'mriqc_webapi.web.app:create_app',
        factory=True,
        http=GuardedProtocol,
        limit_concurrency=MAX_CONNECTIONS,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_level='warning',
        log_config=_LOGGING,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    socket = config.bind_socket()
    print(_greeting(settings, socket.getsockname()[1], token), file=sys.stderr, flush=True)
    server = uvicorn.Server(config)
    if settings.workers > 1:
        Multiprocess(config, sockets=[socket]).run()
        return ExitCode.OK
    server.run(sockets=[socket])
    return ExitCode.OK if server.started else ExitCode.SETUP


def _greeting(settings: Settings, port: int, token: str | None) -> str:
    from sqlalchemy import make_url

    host = f'[{settings.host}]' if ':' in settings.host else settings.host
    root = settings.public_url or f'http://{host}:{port}'
    where = 'SQLite in the data directory'
    if settings.database:  # its password is nobody's business
        where = make_url(settings.database).render_as_string(hide_password=True)
    shown = token or 'made before; `mriqc-webapi token list` names them, `token create` makes more'
    return '\n'.join(
        (
            f'MRIQC Web-API  {root}',
            f'data           {settings.data_dir.resolve()} ({where})',
            f'write token    {shown}' + (' (shown only this once)' if token else ''),
            f'API docs       {root}/docs',
            f"try            curl '{root}/api/v1/T1w?max_results=1&pretty'",
        )
    )


_LOGGING: dict[str, Any] = {
    'version': 1,
    'disable_existing_loggers': False,
    'formatters': {'line': {'format': '%(asctime)s %(levelname)s %(name)s: %(message)s'}},
    'handlers': {'stderr': {'class': 'logging.StreamHandler', 'formatter': 'line'}},
    'loggers': {
        'mriqc_webapi': {'level': 'INFO', 'handlers': ['stderr']},
        'uvicorn': {'level': 'WARNING', 'handlers': ['stderr'], 'propagate': False},
    },
}
