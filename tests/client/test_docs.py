"""The examples of the documentation run as they stand."""

import re
from pathlib import Path

import pytest

from mriqc_webapi import Archive
from mriqc_webapi.client.asking import Question
from mriqc_webapi.client.testing import FakeArchive

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs' / 'client.md').read_text()
SNIPPETS = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)


def test_the_examples_run(demo, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.chdir(tmp_path)
    names = {}
    for snippet in SNIPPETS:
        exec(snippet.replace('http://127.0.0.1:5000', demo.root), names)
    names['archive'].close()
    assert (tmp_path / 'growth.svg').stat().st_size > 1000
    assert (tmp_path / 'bold.svg').stat().st_size > 1000
    assert names['done'].n_records > 600
    assert len(names['t1w']) > 200
    assert 'character 6' in capsys.readouterr().out


def test_every_question_is_in_the_page():
    questions = [n for n in dir(Archive) if isinstance(getattr(Archive, n), Question)]
    missing = [n for n in questions if not re.search(rf'\b{n}\b', PAGE)]
    assert missing == []


def test_the_example_of_the_fake_runs():
    import doctest

    example = doctest.DocTestParser().get_doctest(
        FakeArchive.__doc__, {'FakeArchive': FakeArchive}, 'FakeArchive', None, None
    )
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize('line', re.findall(r'^mriqc-webapi (.*)$', PAGE, re.MULTILINE))
def test_the_command_lines_can_be_parsed(line):
    import shlex

    from mriqc_webapi.cli import build_parser, load_commands

    load_commands()
    assert build_parser().parse_args(shlex.split(line.replace('…', 'qc.org'))).command
