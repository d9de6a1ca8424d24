"""Commands run as from a shell, within this process; real records to run them on."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import zstandard

from mriqc_webapi.cli import main
from mriqc_webapi.cli.demo import DEMO_DATA
from mriqc_webapi.settings import PREFIX
from mriqc_webapi.store import records
from mriqc_webapi.store.engine import Store


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict]:
        """The JSON objects it printed, one a line."""
        return [orjson.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def data_dir(tmp_path, monkeypatch) -> Path:
    """The data folder, named by the environment alone."""
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(f'{PREFIX}DATA_DIR', str(tmp_path / 'data'))
    return tmp_path / 'data'


@pytest.fixture
def run(data_dir, capsys) -> Callable[..., Ran]:
    """Run a command."""

    def run(*arguments: str | Path) -> Ran:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = exit_.code
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def stored(data_dir) -> Callable[[], list[records.Change]]:
    """Give what the store holds, in its order."""

    def stored() -> list[records.Change]:
        with Store.open(f'sqlite:///{data_dir / "store.sqlite"}') as store, store.read() as tx:
            return records.changes(tx, after=0, limit=100_000)

    return stored


@pytest.fixture(scope='session')
def served() -> list[dict]:
    """Two hundred T1w records as the service serves them."""
    data = zstandard.ZstdDecompressor().decompress((DEMO_DATA / 'T1w.ndjson.zst').read_bytes())
    return [orjson.loads(line) for line in data.splitlines()]


@pytest.fixture(scope='session')
def posted(served) -> list[dict]:
    """The same as MRIQC posts them, but no two alike."""
    plain = [{k: v for k, v in d.items() if not k.startswith('_')} for d in served]
    return [d | {'cjv': 0.4 + i / 1000} for i, d in enumerate(plain)]


@pytest.fixture
def write_lines(tmp_path) -> Callable[..., Path]:
    """Write documents, or lines as they are, to a file of that name."""

    def write_lines(name: str, lines: list) -> Path:
        path = tmp_path / name
        texts = [line if isinstance(line, bytes) else orjson.dumps(line) for line in lines]
        path.write_bytes(b'\n'.join(texts) + b'\n')
        return path

    return write_lines
