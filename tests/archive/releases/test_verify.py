import pytest

from mriqc_webapi.archive.releases.verify import verify

TABLE = 'T1w/raw/T1w-raw.parquet'


def test_a_release_as_it_was_made_is_whole(released):
    assert verify(released) == []


def test_a_changed_byte_is_found(copied):
    folder = copied()
    content = bytearray((folder / TABLE).read_bytes())
    content[1000] ^= 1
    (folder / TABLE).write_bytes(content)
    assert verify(folder) == [f'{TABLE}: its content has changed']


def test_a_missing_file_is_found(copied):
    folder = copied()
    (folder / 'LICENSE').unlink()
    assert verify(folder) == ['LICENSE: missing']


def test_a_file_too_many_is_found(copied):
    folder = copied()
    (folder / 'T1w' / 'more.parquet').touch()
    assert verify(folder) == ['T1w/more.parquet: not part of the release']


def test_a_table_with_other_rows_is_found(copied):
    folder = copied()
    (folder / TABLE).write_bytes((folder / 'rating/raw/rating-raw.parquet').read_bytes())
    assert f'{TABLE}: 187 rows instead of 200' in verify(folder)


def test_a_truncated_table_is_found(copied):
    folder = copied()
    (folder / TABLE).write_bytes((folder / TABLE).read_bytes()[:5000])
    assert f'{TABLE}: no table' in verify(folder)


def test_a_link_is_no_file(copied, tmp_path):
    folder = copied()
    (folder / TABLE).rename(tmp_path / 'elsewhere')
    (folder / TABLE).symlink_to(tmp_path / 'elsewhere')
    assert verify(folder) == [f'{TABLE}: missing']


def test_a_changed_manifest_is_found(copied):
    folder = copied()
    told = (folder / 'manifest.json').read_text()
    (folder / 'manifest.json').write_text(told.replace('"data_version": 787', '"data_version": 9'))
    assert verify(folder) == ['manifest.json: manifest.json and SHA256SUMS disagree on its sum']


@pytest.mark.parametrize('name', ['manifest.json', 'SHA256SUMS'])
@pytest.mark.parametrize('content', [b'', b'{}', b'\xff', b'[1]', b'nonsense\n'])
def test_a_broken_list_of_files_is_found(copied, name, content):
    folder = copied()
    (folder / name).write_bytes(content)
    assert verify(folder)


def test_a_manifest_that_leads_elsewhere_is_refused(copied):
    folder = copied()
    told = (folder / 'manifest.json').read_text()
    (folder / 'manifest.json').write_text(told.replace('"LICENSE"', '"../../LICENSE"'))
    (finding,) = verify(folder)
    assert 'leaves the folder' in finding


def test_a_folder_that_was_given_another_number_is_found(copied):
    folder = copied()
    renamed = folder.rename(folder.with_name('0009'))
    assert verify(renamed, number=9) == [
        'manifest.json: of release 0001, but the folder is that of 9'
    ]


@pytest.mark.parametrize('name', ['download', '2026'])
def test_a_download_may_have_any_name(copied, name):
    folder = copied()
    assert verify(folder.rename(folder.with_name(name))) == []


@pytest.mark.parametrize('name', ['manifest.json', 'SHA256SUMS'])
def test_a_missing_list_of_files_is_told_in_words(copied, name):
    folder = copied()
    (folder / name).unlink()
    assert verify(folder) == [f'{folder / name} cannot be read: No such file or directory']
