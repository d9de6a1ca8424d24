"""`submit` as it is typed."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mriqc_webapi.cli import main
from mriqc_webapi.client.sending.spool import Spool
from tests.answering import Answer, AnsweringServer
from tests.derivatives import derivatives, make, put, state, stored
from tests.live import TOKEN

__all__ = ['derivatives', 'make', 'put', 'state', 'stored']

NOWHERE = 'http://127.0.0.1:9'
COMMAND = str(Path(sys.executable).with_name('mriqc-webapi'))


@pytest.fixture
def submit(service, capsys):
    """Run the command against a service; gives the exit code and what it printed."""

    def submit(*arguments, url=None):
        options = ['--url', url or service.root, '--token', TOKEN]
        code = main(['submit', *map(str, arguments), *options])
        return code, capsys.readouterr()

    return submit


def test_where_nobody_can_be_asked_it_takes_a_yes(submit, derivatives, put, service, stored):
    document = put()
    code, said = submit(derivatives)
    assert code == 2
    assert 'say --yes' in said.err
    assert stored(service.root, document) == []
    code, said = submit(derivatives, '--yes')
    assert code == 0
    assert said.err.startswith('1 sent (')


def test_a_rehearsal_sends_nothing(submit, derivatives, put, service, stored):
    document = put()
    put('sub-02_T1w', cjv='much')
    code, said = submit(derivatives, '--dry-run')
    assert code == 1
    assert said.out == (
        f'to {service.root}:\n  1 new of T1w\n  1 cannot be sent\n'
        '    sub-02/anat/sub-02_T1w.json: cjv: must be of float type\n'
    )
    assert stored(service.root, document) == []


def test_a_rehearsal_for_programs(submit, derivatives, put):
    put()
    (derivatives / 'sub-09_T1w.json').write_text('{"broken')
    code, said = submit(derivatives, '--dry-run', '--json')
    told = json.loads(said.out)
    assert code == 1
    assert (told['n_found'], told['n_new']) == (2, {'T1w': 1})
    assert told['not_taken'][0]['source'] == 'sub-09_T1w.json'


def test_what_is_shown_is_what_leaves(submit, derivatives, put, service, stored):
    document = put(bids_meta={'PatientName': 'Jane', 'Instructions': 'lie still'})
    code, said = submit(derivatives, '--show', '--json')
    shown = json.loads(said.out)
    assert code == 0
    assert shown['left_out'] == {
        'bids_meta.Instructions': 'free text; --free-text sends it',
        'bids_meta.PatientName': 'not on the list of what is sent',
    }
    assert shown['hashed'] == ['bids_meta.subject_id', 'bids_meta.session_id']
    submit(derivatives, '--yes')
    (item,) = stored(service.root, document)
    assert {k: v for k, v in item.items() if not k.startswith('_')} == shown['document']


def test_what_is_shown_can_be_read(submit, derivatives, put):
    put(bids_meta={'PatientName': 'Jane'})
    _, said = submit(derivatives, '--show')
    assert said.out.startswith('sub-01/ses-pre/anat/sub-01_ses-pre_T1w.json as T1w\n{')
    assert '  left out: bids_meta.PatientName (not on the list of what is sent)' in said.out
    assert 'Jane' not in said.out


def test_a_summary_for_programs(submit, derivatives, put):
    put()
    code, said = submit(derivatives, '--yes', '--json')
    told = json.loads(said.out)
    assert (code, told['n_sent'], told['n_spooled']) == (0, 1, 0)
    assert 'mrq_' not in said.out


def test_what_is_refused_is_listed_with_its_reason(submit, derivatives, put):
    put(cjv='much')
    code, said = submit(derivatives, '--yes')
    assert code == 1
    place = 'sub-01/ses-pre/anat/sub-01_ses-pre_T1w.json'
    assert f'1 refused:\n  {place}: cjv: must be of float type\n' in said.err


def test_what_cannot_be_sent_now_has_an_exit_code_of_its_own_and_is_flushed(
    submit, derivatives, put, service, stored
):
    document = put()
    main(['submit', str(derivatives), '--yes', '--url', service.root, '--token', 'wrong'])
    code, said = submit('--flush', '--dry-run')
    assert f'1 wait of {derivatives}: ' in said.out
    code, said = submit('--flush')
    assert (code, len(stored(service.root, document))) == (0, 1)


def test_nobody_there_is_exit_code_4(submit, derivatives, put):
    put()
    code, said = submit(derivatives, '--yes', '--patience', '0', url=NOWHERE)
    assert code == 4
    assert '1 wait for the next run' in said.err


def test_switching_off_is_remembered_and_undone_by_removing_a_file(submit, derivatives, put):
    put()
    code, said = submit(derivatives, '--no-sub')
    switch = derivatives / '.mriqc-webapi' / 'no-sub'
    assert code == 0
    assert f'as long as {switch} exists' in said.err
    code, said = submit(derivatives, '--yes')
    assert (code, said.err) == (0, f'nothing is sent: {switch} is there\n')
    switch.unlink()
    assert submit(derivatives, '--yes')[0] == 0


def test_the_environment_switches_off(submit, derivatives, put, monkeypatch):
    monkeypatch.setenv('MRIQC_NO_SUB', '1')
    put()
    code, said = submit(derivatives, '--yes', '--json')
    assert code == 0
    assert json.loads(said.out)['off'] == 'MRIQC_NO_SUB is set in the environment'


def test_address_and_token_may_come_from_the_environment(
    service, derivatives, put, monkeypatch, capsys
):
    monkeypatch.setenv('MRIQC_WEBAPI_URL', f'{service.root}/api/v1')
    monkeypatch.setenv('MRIQC_WEBAPI_TOKEN', TOKEN)
    put()
    assert main(['submit', str(derivatives), '--yes']) == 0


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ([], 'name the folders'),
        (['--show', '--flush'], '--show takes'),
        (['.', '--n-workers', '0'], 'at least 1'),
    ],
)
def test_a_command_line_that_makes_no_sense_is_told(submit, arguments, words):
    code, said = submit(*arguments)
    assert code == 2
    assert words in said.err


def test_without_an_address_it_says_how_to_give_one(derivatives, capsys):
    assert main(['submit', str(derivatives)]) == 2
    assert 'MRIQC_WEBAPI_URL' in capsys.readouterr().err


def test_an_interruption_keeps_what_was_not_sent(derivatives, put, state):
    put()
    asked = threading.Event()

    def hang(_):
        asked.set()
        time.sleep(3)
        return Answer(503)

    with AnsweringServer(hang) as server:
        command = [COMMAND, 'submit', str(derivatives), '--yes', '--url', server.root]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert asked.wait(30)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said == 'what was not sent yet waits for the next run\n'
    with Spool.open(state / 'spool.sqlite') as spool:
        assert [held.state for held in spool.held()] == ['pending']


class TestOnATerminal:
    @pytest.fixture
    def answer(self, service, derivatives, put):
        """Run the command on a terminal and answer its question; gives code and output."""

        def answer(word, *arguments):
            ours, theirs = pty.openpty()
            command = [COMMAND, 'submit', str(derivatives), '--url', service.root, *arguments]
            process = subprocess.Popen(
                command,
                stdin=theirs,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {'MRIQC_WEBAPI_TOKEN': TOKEN},
            )
            os.close(theirs)
            os.write(ours, f'{word}\n'.encode())
            _, said = process.communicate(timeout=60)
            os.close(ours)
            return process.returncode, said

        return answer

    def test_it_asks_once_and_remembers(self, answer, put, service, stored):
        document = put()
        code, said = answer('y')
        assert code == 0
        assert '1 new of T1w' in said
        assert 'Send them, now and in future? [y/N]' in said
        assert len(stored(service.root, document)) == 1
        put('sub-02_T1w')
        code, said = answer('')
        assert code == 0
        assert '?' not in said

    def test_a_no_sends_nothing(self, answer, put, service, stored):
        document = put()
        code, said = answer('n')
        assert code == 2
        assert 'nothing was sent; --no-sub keeps you from being asked again' in said
        assert stored(service.root, document) == []

    def test_it_asks_again_before_it_tells_more(self, answer, put):
        put()
        answer('y', '--privacy', 'strict')
        put('sub-02_T1w')
        _, said = answer('n')
        assert '[y/N]' in said
