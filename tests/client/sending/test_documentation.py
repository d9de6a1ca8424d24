"""What the page on sending says is so."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mriqc_webapi.cli.registry import ExitCode
from mriqc_webapi.client.sending.disclosure import Policy, fields_that_leave
from mriqc_webapi.iqm.loader import load_catalogue
from tests.live import TOKEN

PAGE = (Path(__file__).parents[3] / 'docs' / 'submit.md').read_text(encoding='utf-8')
SNIPPETS = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
COMMANDS = re.findall(r'^mriqc-webapi submit.*?(?=\s+#|$)', PAGE, re.MULTILINE)
BIN = Path(sys.executable).parent

CATALOGUE = load_catalogue()
IQM_RESOURCES = [r for r in CATALOGUE.resources.values() if r.kind == 'iqm']
STRICT, DEFAULT = Policy(level='strict'), Policy()


def leaving(policy: Policy, prefix: str) -> set[str]:
    """Name what leaves of one part of a record, of whatever resource."""
    return {
        field.name.removeprefix(prefix)
        for resource in IQM_RESOURCES
        for field in fields_that_leave(resource, policy)
        if field.name.startswith(prefix)
    }


def named_after(words: str, end: str) -> set[str]:
    """Read the names that a passage of the page lists."""
    return set(re.findall(r'`(\w+)`', PAGE.partition(words)[2].partition(end)[0]))


def row(first: str) -> set[str]:
    """Read the names in the first cell of a row."""
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f'| `{first}`')]
    return set(re.findall(r'`(\w+)`', line.split('|')[1]))


LABELS = {'subject_id', 'session_id'}


def test_the_list_of_metadata_is_the_one_that_holds():
    assert named_after('The first row is', 'and of `provenance`') - {'bids_meta'} == (
        leaving(STRICT, 'bids_meta.') - LABELS
    )


def test_the_list_of_provenance_is_the_one_that_holds():
    of_settings = {n for n in leaving(STRICT, 'provenance.') if n.startswith('settings.')}
    assert named_after('and of `provenance`', 'and of `settings`') == (
        leaving(STRICT, 'provenance.') - of_settings
    )


def test_what_the_strict_policy_keeps_here_is_named():
    kept = leaving(DEFAULT, 'bids_meta.') - leaving(STRICT, 'bids_meta.')
    kept |= leaving(DEFAULT, 'provenance.') - leaving(STRICT, 'provenance.')
    assert row('dataset') == kept


def test_free_text_is_named():
    asked = leaving(Policy(free_text=True), 'bids_meta.') - leaving(DEFAULT, 'bids_meta.')
    assert row('Instructions') == asked | {'rating'}


def test_labels_are_named():
    assert row('subject_id') == LABELS


@pytest.mark.parametrize('snippet', SNIPPETS)
def test_python_runs(snippet, service, derivatives, put, make, monkeypatch):
    put()
    monkeypatch.chdir(derivatives.parents[1])
    names = {'url': service.root, 'token': TOKEN, 'record': make()}
    exec(snippet, names)
    assert names['summary'].n_sent == 1


def test_commands_run(service, derivatives, put):
    put()
    environment = os.environ | {
        'MRIQC_WEBAPI_URL': service.root,
        'MRIQC_WEBAPI_TOKEN': TOKEN,
        'PATH': f'{BIN}{os.pathsep}{os.environ["PATH"]}',
    }
    assert len(COMMANDS) == 5
    codes = {
        command: subprocess.run(
            shlex.split(command),
            cwd=derivatives.parents[1],
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
        for command in COMMANDS
    }
    asks_first = COMMANDS[0]
    assert codes.pop(asks_first) == ExitCode.USAGE  # nobody is there to be asked
    assert set(codes.values()) == {ExitCode.OK}
