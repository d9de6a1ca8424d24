"""`extract` as it is typed: what it understands, refuses, and says it would do."""

import json
import subprocess
import sys

import pytest

from mriqc_webapi.cli import main
from tests.derivatives import state
from tests.extract.datasets import Dataset, write_image

__all__ = ['state']

NOWHERE = 'http://127.0.0.1:9'


@pytest.fixture
def dataset(tmp_path):
    dataset = Dataset(tmp_path / 'heads')
    for name in ('sub-01_T1w', 'sub-02_T2w', 'sub-01_task-rest_bold'):
        dataset.image(name)
    return dataset


@pytest.fixture
def extract(tmp_path, capsys):
    """Run the command; gives the exit code and what it printed."""

    def extract(*arguments, out=tmp_path / 'out'):
        try:
            code = main(['extract', *map(str, arguments[:1]), str(out), *map(str, arguments[1:])])
        except SystemExit as ended:
            code = ended.code
        return code, capsys.readouterr()

    return extract


def test_a_rehearsal_says_what_would_be_done_and_writes_nothing(extract, dataset, tmp_path):
    code, said = extract(dataset.root, '--dry-run')
    names = [line.split()[0] for line in said.out.splitlines()]
    assert (code, names) == (0, ['sub-01_T1w', 'sub-01_task-rest_bold', 'sub-02_T2w'])
    assert '3 to do, 0 done already' in said.err
    assert not (tmp_path / 'out').exists()


def test_a_rehearsal_for_programs(extract, dataset):
    _, said = extract(dataset.root, '--dry-run', '--json', '--modality', 'T1w', 'bold')
    told = json.loads(said.out)
    assert told['to_do'] == ['sub-01_T1w', 'sub-01_task-rest_bold']
    assert all(n > 1e8 for n in told['needs_bytes'].values())


@pytest.mark.parametrize(
    ('options', 'names'),
    [
        (['--participant-label', '02'], ['sub-02_T2w']),
        (['--participant-label', 'sub-01', '--modality', 'T1w'], ['sub-01_T1w']),
        (['--task-id', 'rest'], ['sub-01_task-rest_bold']),
    ],
)
def test_images_are_chosen(extract, dataset, options, names):
    _, said = extract(dataset.root, '--dry-run', '--json', *options)
    assert json.loads(said.out)['to_do'] == names


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--participant-label', '09'], 'has no sub-09'),
        (['--task-id', 'other'], 'there is no such image'),
        (['--mem-gb', 'much'], 'much is no number of gigabytes'),
        (['--n-procs', '0'], '0 is no number from 1 on'),
        (['--brain-mask', 'nowhere.nii.gz'], 'there is no nowhere.nii.gz'),
        (['--submit'], 'say where to: --url, or MRIQC_WEBAPI_URL'),
        (['--submit', '--url', 'here'], 'no address that begins with http'),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is(
    extract, dataset, tmp_path, options, words
):
    code, said = extract(dataset.root, *options)
    assert code in {1, 2, 3}
    assert words in said.err
    assert not list(tmp_path.glob('out/sub-*'))


def test_deepbet_and_files_exclude_each_other(extract, dataset, tmp_path):
    mask = write_image(tmp_path / 'mask.nii')
    code, said = extract(dataset.root, '--brain-mask', 'deepbet', mask)
    assert (code, 'takes deepbet, or files' in said.err) == (2, True)


def test_nothing_is_written_among_the_images(extract, dataset):
    before = sorted(dataset.root.rglob('*'))
    code, said = extract(dataset.root, out=dataset.root)
    assert (code, 'name a folder of its own' in said.err) == (2, True)
    assert sorted(dataset.root.rglob('*')) == before


def test_two_datasets_at_once_are_refused(dataset, tmp_path):
    code = main(['extract', str(dataset.root), str(dataset.root), str(tmp_path / 'out')])
    assert code == 2


def test_where_nobody_can_be_asked_to_send_nothing_is_begun(extract, dataset, tmp_path):
    code, said = extract(dataset.root, '--submit', '--url', NOWHERE)
    assert (code, 'say --yes' in said.err) == (2, True)
    assert not list((tmp_path / 'out').glob('sub-*'))


def test_without_the_extra_it_says_how_to_install_it(dataset, tmp_path):
    script = (
        'import sys\n'
        'sys.modules["bids2table"] = None\n'
        'from mriqc_webapi.cli import main\n'
        f'sys.exit(main(["extract", {str(dataset.root)!r}, {str(tmp_path / "out")!r}]))'
    )
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert 'pip install "mriqc-webapi[extract]"' in done.stderr
