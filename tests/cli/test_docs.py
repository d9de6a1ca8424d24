"""The documentation names everything there is, and says of it what the program says."""

from dataclasses import fields
from pathlib import Path

import pytest

from mriqc_webapi.cli import build_parser, load_commands
from mriqc_webapi.cli.reference import PAGES
from mriqc_webapi.cli.registry import COMMANDS
from mriqc_webapi.settings import PREFIX, Limits, Settings

ROOT = Path(__file__).parents[2]

load_commands()


@pytest.mark.parametrize('name', PAGES)
def test_a_generated_page_is_up_to_date(name):
    hint = 'run: python -m mriqc_webapi.cli.reference docs'
    assert (ROOT / 'docs' / name).read_text() == PAGES[name](), hint


@pytest.mark.parametrize('item', [*fields(Settings), *fields(Limits)], ids=lambda f: f.name)
def test_every_setting_is_documented(item):
    page = (ROOT / 'docs' / 'configuration.md').read_text()
    assert item.name == 'limits' or f'`{PREFIX}{item.name.upper()}`' in page


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_is_documented(name):
    assert f'\n## {name}\n' in (ROOT / 'docs' / 'cli.md').read_text()


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_has_help_with_an_example(run, name):
    ran = run(*name.split(), '--help')
    assert ran.code == 0
    assert f'example:\n  mriqc-webapi {name}' in ran.out


@pytest.mark.parametrize('name', COMMANDS)
def test_the_example_of_a_command_can_be_parsed(name, tmp_path, monkeypatch):
    import shlex

    monkeypatch.chdir(tmp_path)
    words = shlex.split(COMMANDS[name].example)[1:]
    for word in words:
        if '/' in word or '.' in word:
            (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / word).touch()
    assert build_parser().parse_args(words).command is COMMANDS[name]


def test_every_page_is_in_the_index():
    index = (ROOT / 'docs' / 'index.md').read_text()
    missing = [p.name for p in (ROOT / 'docs').glob('*.md') if f'({p.name})' not in index]
    assert missing == ['index.md']


def test_the_readme_leads_to_files_that_are_there():
    import re

    text = (ROOT / 'README.md').read_text()
    targets = re.findall(r'\]\((?!http)([^)#]+)', text)
    assert [t for t in targets if not (ROOT / t).exists()] == []


@pytest.mark.parametrize('name', ['MRIQC_WEBAPI_TOKEN', 'MRIQC_WEBAPI_URL', 'MRIQC_NO_SUB'])
def test_what_clients_read_from_the_environment_is_documented(name):
    assert f'`{name}`' in (ROOT / 'docs' / 'configuration.md').read_text()
