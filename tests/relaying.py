"""A relay as its users run it, and what it says of the records it has."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from mriqc_webapi.store import passing
from mriqc_webapi.store.engine import Store
from tests.live import TOKEN, LiveService

PATIENCE_S = 60.0


class LiveRelay(LiveService):
    """``mriqc-webapi relay`` on a free port of loopback."""

    def __init__(self, data_dir: Path, *options: str, **settings: Any) -> None:
        super().__init__(data_dir, **settings)
        self.command = ['relay', *options]

    def counts(self) -> dict[str, int]:
        """Say how many records are in which state."""
        return {state: n for state, n in self.summary().counts.items() if n}

    def summary(self) -> passing.Summary:
        """Ask the store where everything is, as `relay status` does."""
        with Store.open(self.database) as store, store.read() as tx:
            return passing.summarise(tx)

    def run(self, *words: str) -> str:
        """Run ``mriqc-webapi relay …`` beside the relay; give what it prints."""
        command = [str(Path(sys.executable).with_name('mriqc-webapi')), 'relay', *words]
        place = ['--data-dir', str(self.data_dir), '--database', self.database]
        ran = subprocess.run([*command, *place], capture_output=True, text=True, check=True)
        return ran.stdout


def wait_until(holds: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
    """Wait for something that happens by itself."""
    until = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < until, 'it did not happen'
        time.sleep(0.1)


def post(service: LiveService, document: dict, resource: str = 'T1w') -> dict[str, Any]:
    """Send as released MRIQC does; give the answer."""
    answer = requests.post(
        f'{service.root}/api/v1/{resource}',
        headers={'Authorization': TOKEN, 'Content-Type': 'application/json'},
        data=json.dumps(document),
        timeout=15,
    )
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def get(service: LiveService, id: str, resource: str = 'T1w') -> dict[str, Any]:
    """Fetch one record; its status stands at ``status`` if there is none."""
    answer = requests.get(f'{service.root}/api/v2/{resource}/records/{id}', timeout=15)
    said: dict[str, Any] = answer.json()
    return said
