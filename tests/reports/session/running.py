"""Rating sessions as raters run them: a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

START_S = 60.0


class LiveSession:
    """``mriqc-webapi rate`` on free ports of loopback, without opening a browser."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.lines: list[str] = []
        self.address = ''
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start, and wait until it has said where it is."""
        command = [str(Path(sys.executable).with_name('mriqc-webapi')), 'rate', str(self.folder)]
        self.lines = []
        self.process = subprocess.Popen(
            [*command, '--no-open', *self.options],
            env=os.environ | {'PYTHONUNBUFFERED': '1'},
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, args=[self.process], daemon=True).start()
        until = time.monotonic() + START_S
        while not (found := re.search(r'^Rating session\s+(\S+)$', self.said, re.MULTILINE)):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError('the session did not start:\n' + self.said)
            time.sleep(0.02)
        self.address = found[1].rstrip('/')
        return self

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return ''.join(self.lines)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Press Ctrl-C; return the exit code."""
        return self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        for _ in range(6):  # Python may still be starting, and swallow the first
            process.send_signal(how)
            try:
                return process.wait(5)
            except subprocess.TimeoutExpired:
                continue
        raise AssertionError('it does not end')

    def _read(self, process: 'subprocess.Popen[str]') -> None:
        assert process.stderr is not None
        with process.stderr as stderr:
            for line in stderr:
                self.lines.append(line)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()
