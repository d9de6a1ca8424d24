"""What a dataset keeps beside its files."""

import multiprocessing
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from mriqc_webapi.client.sending.dataset import FOLDER, Dataset, find_dataset, switched_off
from mriqc_webapi.client.sending.disclosure import Policy
from mriqc_webapi.client.sending.receipts import keep_receipts, receipts_of
from mriqc_webapi.client.sending.summary import Receipt
from mriqc_webapi.errors import DatasetError

URL = 'https://example.org'
RECEIPT = Receipt(url=URL, resource='T1w', id='5f' * 12, receipt='mrq_x')


@pytest.fixture
def dataset(derivatives, state):
    return Dataset(derivatives, state)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_salt_is_made_once_and_its_owners_alone(dataset):
    salt = dataset.salt
    assert len(salt) == 32
    assert dataset.salt == salt
    assert mode(dataset.root / FOLDER / 'salt') == 0o600
    assert mode(dataset.root / FOLDER) == 0o700


def test_two_datasets_have_different_salts(tmp_path, state):
    folders = [tmp_path / name for name in 'ab']
    for folder in folders:
        folder.mkdir()
    one, other = (Dataset(folder, state).salt for folder in folders)
    assert one != other


def test_processes_that_start_together_agree_on_a_salt(dataset):
    with ThreadPoolExecutor(8) as pool:
        salts = set(pool.map(lambda _: dataset.salt, range(16)))
    assert len(salts) == 1


def test_nothing_of_it_is_committed_by_accident(dataset):
    assert dataset.salt
    assert (dataset.root / FOLDER / '.gitignore').read_text() == '*\n'


def test_a_damaged_salt_is_told_and_not_replaced(dataset):
    assert dataset.salt
    path = dataset.root / FOLDER / 'salt'
    path.write_text('what?')
    with pytest.raises(DatasetError, match='is damaged'):
        _ = dataset.salt
    assert path.read_text() == 'what?'


def _as_nobody(work, conn):
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    try:
        conn.send(work())
    except Exception as error:
        conn.send(error)


@pytest.mark.skipif(os.getuid() != 0, reason='only root can become somebody else')
class TestOfAnotherUser:
    @pytest.fixture
    def as_nobody(self, tmp_path):
        """Do something as a user who owns nothing here."""
        for folder in (tmp_path, *tmp_path.parents):
            if folder.owner() == 'root' and folder.is_relative_to('/tmp') and folder.name != 'tmp':
                folder.chmod(0o755)

        def as_nobody(work):
            here, there = multiprocessing.Pipe()
            fork = multiprocessing.get_context('fork')
            child = fork.Process(target=_as_nobody, args=[work, there])
            child.start()
            child.join(30)
            return here.recv()

        return as_nobody

    def test_a_salt_that_may_not_be_read_is_not_replaced(self, dataset, as_nobody):
        assert dataset.salt
        (dataset.root / FOLDER).chmod(0o755)
        error = as_nobody(lambda: dataset.salt)
        assert isinstance(error, DatasetError)
        assert 'ask its owner' in str(error)

    def test_whether_it_is_switched_off_must_be_known(self, dataset, as_nobody):
        assert dataset.salt
        error = as_nobody(lambda: switched_off(dataset.root))
        assert isinstance(error, DatasetError)
        assert 'of another user' in str(error)

    def test_a_dataset_that_cannot_be_written_is_kept_in_the_users_own_folder(
        self, dataset, as_nobody, tmp_path
    ):
        own = tmp_path / 'own'
        own.mkdir()
        own.chmod(0o777)
        away = Dataset(dataset.root, own)
        salt, home = as_nobody(lambda: (away.salt, away.home))
        assert len(salt) == 32
        assert home.is_relative_to(own / 'datasets')
        assert not (dataset.root / FOLDER).exists()


@pytest.mark.parametrize('within', ['sub-01', 'sub-01/anat', 'sub-01/anat/sub-01_T1w.json'])
def test_parts_of_a_dataset_belong_to_it(derivatives, state, within):
    path = derivatives / within
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{}') if path.suffix else path.mkdir()
    assert find_dataset(path, state).root == derivatives


def test_a_folder_that_describes_itself_not_is_a_dataset_all_the_same(tmp_path, state):
    folder = tmp_path / 'out' / 'sub-01' / 'anat'
    folder.mkdir(parents=True)
    assert find_dataset(folder, state).root == tmp_path / 'out'
    assert find_dataset(tmp_path / 'out', state).root == tmp_path / 'out'


def test_an_agreement_is_remembered_per_service(dataset):
    assert dataset.agreed(URL) is None
    dataset.agree(URL, Policy(level='strict'))
    dataset.agree('https://other.example', Policy())
    assert dataset.agreed(URL) == Policy(level='strict')
    assert dataset.agreed('https://other.example') == Policy()


@pytest.mark.parametrize('value', ['1', 'yes', 'true', 'anything'])
def test_the_environment_switches_off_for_all(monkeypatch, value):
    monkeypatch.setenv('MRIQC_NO_SUB', value)
    assert 'MRIQC_NO_SUB' in switched_off(None)


@pytest.mark.parametrize('value', ['', '0', 'False', 'no', 'off'])
def test_the_environment_may_say_no_to_it(monkeypatch, value):
    monkeypatch.setenv('MRIQC_NO_SUB', value)
    assert switched_off(None) == ''


def test_a_file_in_the_dataset_or_around_it_switches_it_off(dataset, tmp_path):
    assert switched_off(dataset.root) == ''
    switch = Dataset(tmp_path / 'bids', dataset.state).switch_off()
    assert str(switch) in switched_off(dataset.root / 'sub-01')


def test_receipts_are_kept_for_the_owner_alone(dataset):
    keep_receipts(dataset, [RECEIPT])
    assert receipts_of(dataset) == [RECEIPT]
    assert mode(dataset.home / 'receipts.json') == 0o600


def test_a_receipt_is_kept_once(dataset):
    keep_receipts(dataset, [RECEIPT])
    keep_receipts(dataset, [RECEIPT])
    assert receipts_of(dataset) == [RECEIPT]


def test_a_damaged_file_of_receipts_is_told_and_not_replaced(dataset):
    path = dataset.ready_home() / 'receipts.json'
    path.write_text('[{"id":')
    with pytest.raises(DatasetError, match='move it aside'):
        keep_receipts(dataset, [RECEIPT])
    assert path.read_text() == '[{"id":'
