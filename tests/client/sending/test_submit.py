"""Records get to a real service, once, whatever happens on the way."""

import itertools
import json
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mriqc_webapi.client import Policy, flush, submit
from mriqc_webapi.client.sending.spool import Spool
from tests.live import TOKEN
from tests.misbehaving import MisbehavingProxy, at_random, scripted

NOWHERE = 'http://127.0.0.1:9'  # nobody listens there


class TestAgainstAService:
    def test_a_folder_arrives_and_its_receipts_come_back(self, service, derivatives, put, stored):
        documents = [put(), put('sub-02_T1w'), put('sub-02_task-rest_bold')]
        summary = submit(derivatives, url=service.root, token=TOKEN)
        assert (summary.n_found, summary.n_sent, summary.is_complete) == (3, 3, True)
        (item,) = stored(service.root, documents[0])
        kept = json.loads((derivatives / '.mriqc-webapi' / 'receipts.json').read_text())
        (mine,) = [r for r in kept if r['id'] == item['_id']]
        assert mine['url'] == service.root
        assert mine['resource'] == 'T1w'
        assert mine['receipt'].startswith('mrq_')
        assert mine['source'] == 'sub-01/ses-pre/anat/sub-01_ses-pre_T1w.json'

    def test_what_arrives_is_what_leaves(self, service, derivatives, put, stored):
        document = put(bids_meta={'InstitutionName': 'A hospital', 'PatientName': 'Jane'})
        submit(derivatives, url=service.root, token=TOKEN, policy=Policy(level='strict'))
        (item,) = stored(service.root, document)
        assert item['cjv'] == document['cjv']
        assert 'InstitutionName' not in item['bids_meta']
        assert 'Jane' not in str(item)
        assert item['bids_meta']['subject_id'] != '01'

    def test_a_second_run_sends_what_is_new(self, service, derivatives, put, stored):
        first = put()
        submit(derivatives, url=service.root, token=TOKEN)
        put('sub-02_T1w')
        summary = submit(derivatives, url=service.root, token=TOKEN)
        assert (summary.n_sent, summary.n_present) == (1, 1)
        assert len(stored(service.root, first)) == 1

    def test_another_user_of_the_dataset_knows_what_was_sent_by_its_receipts(
        self, service, derivatives, put, tmp_path
    ):
        put()
        submit(derivatives, url=service.root, token=TOKEN)
        summary = submit(
            derivatives, url=service.root, token=TOKEN, spool=tmp_path / 'other.sqlite'
        )
        assert (summary.n_sent, summary.n_present) == (0, 1)

    def test_with_all_memory_lost_but_the_salt_it_is_still_one_record(
        self, service, derivatives, put, stored, tmp_path
    ):
        document = put()
        submit(derivatives, url=service.root, token=TOKEN)
        (derivatives / '.mriqc-webapi' / 'receipts.json').unlink()
        summary = submit(
            derivatives, url=service.root, token=TOKEN, spool=tmp_path / 'other.sqlite'
        )
        assert (summary.n_sent, summary.n_present) == (0, 1)
        assert len(stored(service.root, document)) == 1
        assert summary.receipts[0].receipt.startswith('mrq_')

    def test_records_as_mappings_are_sent_too(self, service, make, stored):
        document = make('bold')
        summary = submit(document, url=service.root, token=TOKEN)
        assert summary.n_sent == 1
        assert len(stored(service.root, document, 'bold')) == 1

    def test_numbers_may_be_numpys(self, service, make, stored):
        document = make(cjv=np.float32(0.5), size_x=np.int64(176), summary_bg_k=np.nan)
        assert submit(document, url=service.root, token=TOKEN).n_sent == 1
        (item,) = stored(service.root, document)
        assert (item['cjv'], item['size_x'], item['summary_bg_k']) == (0.5, 176, None)

    def test_mappings_may_belong_to_a_dataset(self, service, derivatives, make):
        submit([make()], url=service.root, token=TOKEN, dataset=derivatives)
        kept = json.loads((derivatives / '.mriqc-webapi' / 'receipts.json').read_text())
        assert len(kept) == 1

    def test_what_the_service_would_refuse_does_not_leave(self, service, derivatives, put):
        put(cjv='much')
        summary = submit(derivatives, url=service.root, token=TOKEN)
        assert (summary.n_sent, summary.n_refused) == (0, 1)
        (refusal,) = summary.refusals
        assert refusal.source == 'sub-01/ses-pre/anat/sub-01_ses-pre_T1w.json'
        assert refusal.reason == 'cjv: must be of float type'

    def test_one_bad_record_does_not_stop_the_others(self, service, derivatives, put):
        put(cjv='much')
        put('sub-02_T1w')
        summary = submit(derivatives, url=service.root, token=TOKEN)
        assert (summary.n_sent, summary.n_refused) == (1, 1)

    def test_a_wrong_token_keeps_everything_and_says_what_to_do(
        self, service, derivatives, put, stored
    ):
        document = put()
        summary = submit(derivatives, url=service.root, token='wrong')
        assert (summary.n_sent, summary.n_spooled) == (0, 1)
        assert '401' in summary.problem
        assert '--token' in summary.problem
        assert submit(derivatives, url=service.root, token=TOKEN).n_sent == 1
        assert len(stored(service.root, document)) == 1

    def test_a_token_without_the_scope_keeps_everything(self, service, derivatives, put):
        from mriqc_webapi.store import tokens
        from mriqc_webapi.store.engine import Store

        with Store.open(service.database) as store, store.write() as tx:
            text = tokens.create(tx, name='rates-only', scopes=('rate',))
        put()
        summary = submit(derivatives, url=service.root, token=text)
        assert summary.n_spooled == 1
        assert '403' in summary.problem

    def test_a_mapping_that_does_not_say_what_it_is_is_told(self, service):
        summary = submit({'cjv': 0.5}, url=service.root, token=TOKEN)
        assert summary.refusals[0].reason == 'nothing says which resource this is'


class TestMisbehaviour:
    @pytest.mark.parametrize('manner', ['drop', 'lose', 'halve', 'delay', '500', '503', '429'])
    def test_whatever_goes_wrong_once_a_record_arrives_once(
        self, service, derivatives, put, stored, manner
    ):
        document = put()
        with MisbehavingProxy(service.root, scripted([manner])) as proxy:
            summary = submit(derivatives, url=proxy.root, token=TOKEN)
        assert summary.is_complete
        assert summary.n_sent + summary.n_present == 1
        assert len(stored(service.root, document)) == 1

    def test_a_lost_answer_is_answered_again_with_the_receipt(self, service, derivatives, put):
        put()
        with MisbehavingProxy(service.root, scripted(['lose', 'halve'])) as proxy:
            (receipt,) = submit(derivatives, url=proxy.root, token=TOKEN).receipts
        assert receipt.receipt.startswith('mrq_')

    def test_many_records_over_several_lanes_arrive_once_each(
        self, service, derivatives, put, stored
    ):
        documents = [put(f'sub-{n:02}_T1w') for n in range(40)]
        with MisbehavingProxy(service.root, at_random(0.3, seed=5)) as proxy:
            summary = submit(derivatives, url=proxy.root, token=TOKEN, n_workers=8)
        assert summary.is_complete
        assert [len(stored(service.root, d)) for d in documents] == [1] * 40

    def test_a_service_that_is_down_leaves_all_for_later(self, service, derivatives, put, stored):
        document = put()
        with MisbehavingProxy(service.root, itertools.repeat('503').__next__) as proxy:
            summary = submit(derivatives, url=proxy.root, token=TOKEN, patience_s=0)
            assert (summary.n_sent, summary.n_spooled) == (0, 1)
            assert '503' in summary.problem
        assert stored(service.root, document) == []

    def test_nobody_there_leaves_all_for_later(self, derivatives, put):
        put()
        summary = submit(derivatives, url=NOWHERE, patience_s=0)
        assert summary.n_spooled == 1
        assert 'cannot be reached' in summary.problem


class TestLater:
    def test_a_flush_sends_what_was_left(self, service, derivatives, put, stored):
        document = put()
        submit(derivatives, url=service.root, token='wrong')
        assert flush(url=service.root, token=TOKEN).n_sent == 1
        assert len(stored(service.root, document)) == 1
        assert (derivatives / '.mriqc-webapi' / 'receipts.json').exists()

    def test_the_next_run_for_another_dataset_sends_it_too(
        self, service, derivatives, put, make, stored
    ):
        document = put()
        submit(derivatives, url=service.root, token='wrong')
        assert submit(make(), url=service.root, token=TOKEN).n_sent == 2
        assert len(stored(service.root, document)) == 1

    def test_what_was_left_is_sent_even_if_its_file_is_gone(
        self, service, derivatives, put, stored
    ):
        document = put()
        submit(derivatives, url=service.root, token='wrong')
        (derivatives / 'sub-01/ses-pre/anat/sub-01_ses-pre_T1w.json').unlink()
        assert submit(derivatives, url=service.root, token=TOKEN).n_sent == 1
        assert len(stored(service.root, document)) == 1

    def test_a_stricter_policy_holds_for_what_was_left(self, service, derivatives, put, stored):
        document = put(bids_meta={'InstitutionName': 'A hospital'})
        submit(derivatives, url=service.root, token='wrong')
        submit(derivatives, url=service.root, token=TOKEN, policy=Policy(level='strict'))
        (item,) = stored(service.root, document)
        assert 'InstitutionName' not in item['bids_meta']

    def test_what_was_left_stays_if_its_dataset_is_switched_off(
        self, service, derivatives, put, make, stored
    ):
        document = put()
        submit(derivatives, url=service.root, token='wrong')
        (derivatives / '.mriqc-webapi' / 'no-sub').touch()
        assert flush(url=service.root, token=TOKEN).n_sent == 0
        assert submit(make(), url=service.root, token=TOKEN).n_sent == 1
        assert stored(service.root, document) == []


class TestSwitchedOff:
    def test_the_environment_keeps_all_here(self, service, derivatives, put, monkeypatch, stored):
        monkeypatch.setenv('MRIQC_NO_SUB', '1')
        document = put()
        summary = submit(derivatives, url=service.root, token=TOKEN)
        assert 'MRIQC_NO_SUB' in summary.off
        assert summary.is_complete
        assert stored(service.root, document) == []

    def test_a_file_around_the_dataset_keeps_all_of_it_here(
        self, service, derivatives, put, tmp_path
    ):
        switch = tmp_path / 'bids' / '.mriqc-webapi' / 'no-sub'
        switch.parent.mkdir()
        switch.touch()
        put()
        assert str(switch) in submit(derivatives, url=service.root, token=TOKEN).off


class TestNothingIsRaised:
    @pytest.mark.parametrize('url', ['no address', 'ftp://example.org', '', 'http://'])
    def test_for_an_address_that_is_none(self, make, url):
        assert submit(make(), url=url).problem

    def test_for_a_folder_that_is_not_there(self, tmp_path):
        assert 'there is no' in submit(tmp_path / 'nowhere', url=NOWHERE).problem

    def test_for_a_spool_that_cannot_be_written(self, service, make, tmp_path):
        blocked = tmp_path / 'file'
        blocked.touch()
        summary = submit(make(), url=service.root, token=TOKEN, spool=blocked / 'spool')
        assert summary.n_sent == 1
        assert any('nothing can be kept' in note for note in summary.notes)

    def test_for_a_spool_and_a_network_that_both_fail(self, make, tmp_path):
        blocked = tmp_path / 'file'
        blocked.touch()
        summary = submit(make(), url=NOWHERE, spool=blocked / 'spool', patience_s=0)
        assert summary.n_spooled == 1
        assert 'send it again' in summary.problem

    def test_for_receipts_that_cannot_be_written(self, service, derivatives, put):
        put()
        submit(derivatives, url=service.root, token=TOKEN)
        receipts = derivatives / '.mriqc-webapi' / 'receipts.json'
        whole = receipts.read_text()
        put('sub-02_T1w')
        receipts.write_text('[broken')
        assert 'move it aside' in submit(derivatives, url=service.root, token=TOKEN).problem
        receipts.write_text(whole)
        assert submit(derivatives, url=service.root, token=TOKEN).n_sent == 1


def test_two_runs_at_once_are_one_record_each(service, derivatives, put, stored):
    documents = [put(f'sub-{n:02}_T1w') for n in range(20)]

    def run(_):
        return submit(derivatives, url=service.root, token=TOKEN)

    with ThreadPoolExecutor(3) as pool:
        summaries = list(pool.map(run, range(3)))
    assert all(summary.is_complete for summary in summaries)
    assert sum(summary.n_sent for summary in summaries) == 20
    assert [len(stored(service.root, d)) for d in documents] == [1] * 20
    kept = json.loads((derivatives / '.mriqc-webapi' / 'receipts.json').read_text())
    assert len(kept) == 20


class SimulatedClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds


def test_an_hour_offline_loses_and_doubles_nothing(service, derivatives, put, stored):
    documents = [put(f'sub-{n:02}_T1w') for n in range(30)]
    clock = SimulatedClock()
    begun = clock.now()

    def behave():
        return 'drop' if clock.now() < begun + 3600 else 'behave'

    with MisbehavingProxy(service.root, behave) as proxy:
        summary = submit(
            derivatives, url=proxy.root, token=TOKEN, patience_s=7200, clock=clock, n_workers=2
        )
        n_tries = sum(seen.manner == 'drop' for seen in proxy.seen)
    assert summary.is_complete
    assert summary.n_sent == 30
    assert [len(stored(service.root, d)) for d in documents] == [1] * 30
    assert 60 < n_tries < 1000  # it neither gave up nor hammered


def test_what_waits_is_in_the_spool_before_anything_is_sent(service, derivatives, put, state):
    put()
    seen = []

    def look():
        with Spool.open(state / 'spool.sqlite') as spool:
            seen.extend(spool.held())
        return 'behave'

    with MisbehavingProxy(service.root, look) as proxy:
        submit(derivatives, url=proxy.root, token=TOKEN)
    ((state_, n),) = {(held.state, held.n) for held in seen}
    assert (state_, n) == ('pending', 1)


def test_nothing_that_is_kept_is_readable_by_others(service, derivatives, put, state):
    put()
    submit(derivatives, url=service.root, token='wrong')
    submit(derivatives, url=service.root, token=TOKEN)
    kept = [*(derivatives / '.mriqc-webapi').glob('[!.]*'), *state.glob('spool*')]
    assert len(kept) >= 3
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in kept} == {0}
