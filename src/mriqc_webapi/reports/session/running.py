"""Runs a session: two origins on this machine's loopback, one for the session, one for reports."""

import secrets
import socket
import threading
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from mriqc_webapi.errors import SetupError
from mriqc_webapi.reports.session.app import SessionApp
from mriqc_webapi.reports.session.delivery import Delivery
from mriqc_webapi.reports.session.report_server import ReportServer
from mriqc_webapi.reports.session.review import Review

LOOPBACK = '127.0.0.1'
SHUTDOWN_S = 2  # what a browser still asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a running session is."""

    session: str  # holds the secret: for the rater's eyes
    door: str  # leads there once; may stand in a browser's command line
    ports: tuple[int, int]


class SessionServer:
    """The two origins, served by one loop."""

    def __init__(
        self, review: Review, delivery: Delivery, *, port: int = 0, with_network: bool = False
    ) -> None:
        self._delivery = delivery
        self._sockets = _bind(port)
        session_port, reports_port = (s.getsockname()[1] for s in self._sockets)
        # a report can read its own address: the session's secret must be another
        secret, door = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        reports = ReportServer(review, secret=secrets.token_urlsafe(24), with_network=with_network)
        session = SessionApp(review, reports, delivery, secret=secret)
        session.app.host = f'{LOOPBACK}:{session_port}'
        session.app.door = door
        reports.app.host = f'{LOOPBACK}:{reports_port}'
        reports.root = f'http://{reports.app.host}'
        reports.shown_in = f'http://{session.app.host}'
        self._apps: dict[int, ASGIApp] = {session_port: session.app, reports_port: reports.app}
        self.addresses = Addresses(
            session=f'http://{session.app.host}/{secret}/',
            door=f'http://{session.app.host}/open/{door}',
            ports=(session_port, reports_port),
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._serve,
                interface='asgi3',
                lifespan='off',
                log_level='warning',
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
        )

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._apps[scope['server'][1]](scope, receive, send)

    def run(self) -> None:
        """Serve until stopped, from the keyboard or by `stop`; then send what is left."""
        self._delivery.start()
        try:
            self._server.run(sockets=self._sockets)
        finally:
            for each in self._sockets:
                each.close()
            self._delivery.stop()

    def run_in_thread(self) -> threading.Thread:
        """Serve in the background."""
        thread = threading.Thread(target=self.run, name='rating-session', daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End a server that runs elsewhere."""
        self._server.should_exit = True


def _bind(port: int) -> list[socket.socket]:
    """Listen on a port and the one after it, or on any two."""
    listening: list[socket.socket] = []
    try:
        for wanted in (port, port and port + 1):
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listening.append(made)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((LOOPBACK, wanted))
            made.listen()  # who comes early waits
    except (OSError, OverflowError) as error:
        for made in listening:
            made.close()
        raise SetupError(f'ports {port} and {port + 1} cannot be used: {error}') from None
    return listening
