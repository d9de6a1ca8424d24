"""A service as its users run it: a process of its own, asked over real HTTP."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self
from urllib.request import urlopen

from mriqc_webapi.store import tokens
from mriqc_webapi.store.engine import Store

TOKEN = '<secret_token>'  # the text that ships in released MRIQC
START_S = 60.0


class LiveService:
    """``mriqc-webapi serve`` on a free port of loopback."""

    def __init__(
        self, data_dir: Path, *, database: str | None = None, workers: int = 1, **settings: Any
    ) -> None:
        self.data_dir = data_dir
        self.database = database or f'sqlite:///{data_dir / "store.sqlite"}'
        self.command = ['serve', '--workers', str(workers)]
        self._settings = settings
        self.lines: list[str] = []
        self.root = ''
        self.process: subprocess.Popen[str] | None = None
        data_dir.mkdir(parents=True, exist_ok=True)

    def make_token(self) -> None:
        """Store the token that `TOKEN` names."""
        with Store.open(self.database) as store, store.write() as tx:
            tokens.create(tx, name='mriqc', scopes=('submit', 'rate'), text=TOKEN)

    def start(self) -> Self:
        """Start, and wait until it answers."""
        settings = {k.upper(): str(v) for k, v in self._settings.items()}
        environment = os.environ | {f'MRIQC_WEBAPI_{k}': v for k, v in settings.items()}
        command = [
            *(str(Path(sys.executable).with_name('mriqc-webapi')), self.command[0], '--port', '0'),
            *('--data-dir', str(self.data_dir), '--database', self.database),
            *self.command[1:],
        ]
        self.lines = []
        self.process = subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        threading.Thread(target=self._read_lines, args=[self.process], daemon=True).start()
        self._wait_until(self._has_greeted)
        self._wait_until(self._answers)
        return self

    def kill(self) -> None:
        """Pull the plug: no process of the service gets to do anything more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            to = self.process.pid
            (os.killpg if how == signal.SIGKILL else os.kill)(to, how)
            self.process.wait(60)
            self.process = None

    def _read_lines(self, process: 'subprocess.Popen[str]') -> None:
        assert process.stderr is not None
        with process.stderr as stderr:
            for line in stderr:
                self.lines.append(line)

    def _has_greeted(self) -> bool:
        found = re.search(r'^MRIQC Web-API\s+(\S+)$', ''.join(self.lines), re.MULTILINE)
        self.root = found[1] if found else ''
        return found is not None

    def _answers(self) -> bool:
        try:
            with urlopen(f'{self.root}/healthz', timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _wait_until(self, holds: Any) -> None:
        until = time.monotonic() + START_S
        while not holds():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > until:
                raise AssertionError('the service did not start:\n' + ''.join(self.lines))
            time.sleep(0.05)

    def __enter__(self) -> Self:
        return self if self.process else self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()
