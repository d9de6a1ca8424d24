"""The packaged catalogue, and a folder of further files."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from mriqc_webapi.errors import CatalogueError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.iqm.loader import load_catalogue


@pytest.fixture(scope='session')
def catalogue() -> Catalogue:
    """Give the catalogue as packaged."""
    return load_catalogue()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Give a function that puts a file into the operator's folder."""

    def write_file(text: str, name: str = 'eeg.toml') -> None:
        (tmp_path / name).write_text(dedent(text).lstrip('\n'), encoding='utf-8')

    return write_file


@pytest.fixture
def load_with(tmp_path: Path, write: Callable[..., None]) -> Callable[..., Catalogue]:
    """Give a function that puts one more file into the folder and loads all."""

    def load(text: str, name: str = 'eeg.toml') -> Catalogue:
        write(text, name)
        return load_catalogue(tmp_path)

    return load


@pytest.fixture
def refusal(tmp_path: Path, load_with: Callable[..., Catalogue]) -> Callable[..., str]:
    """Give a function that loads a wrong file and returns the error, without the folder's path."""

    def refuse(text: str, name: str = 'eeg.toml') -> str:
        with pytest.raises(CatalogueError) as caught:
            load_with(text, name)
        return str(caught.value).replace(f'{tmp_path}/', '')

    return refuse
