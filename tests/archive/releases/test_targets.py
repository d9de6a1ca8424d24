"""Copies of a release, in a folder and on a real S3 server on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet
import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

from mriqc_webapi.archive.releases.manifest import Manifest
from mriqc_webapi.archive.releases.targets import Folder, copy_release, open_place
from mriqc_webapi.archive.releases.verify import verify
from mriqc_webapi.errors import SetupError

T1W = {'cjv': 0.4, 'provenance': {'md5sum': 'f' * 32, 'software': 'mriqc', 'version': '24.0.2'}}


@pytest.fixture(scope='module')
def bucket() -> Iterator[dict[str, str]]:
    """A server with the bucket ``archive``; gives the environment that leads to it."""
    server = ThreadedMotoServer('127.0.0.1', port=0)
    server.start()
    host, port = server.get_host_and_port()
    known = {'AWS_ACCESS_KEY_ID': 'test', 'AWS_SECRET_ACCESS_KEY': 'test'}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in known.items():
            patch.setenv(name, value)
        patch.setenv('AWS_EC2_METADATA_DISABLED', 'true')
        environment = {'AWS_ENDPOINT_URL': f'http://{host}:{port}', 'AWS_REGION': 'us-east-1'}
        system(environment, allow_bucket_creation=True).create_dir('archive')
        yield environment
    server.stop()


def system(environment, **options):
    endpoint = environment['AWS_ENDPOINT_URL'].removeprefix('http://')
    return fs.S3FileSystem(
        endpoint_override=endpoint, scheme='http', region='us-east-1', **options
    )


def names(environment, prefix):
    selector = fs.FileSelector(f'archive/{prefix}', recursive=True, allow_not_found=True)
    found = system(environment).get_file_info(selector)
    return {f.path.removeprefix(f'archive/{prefix}/') for f in found if f.is_file}


def test_a_copy_in_a_folder_is_a_release(released, tmp_path):
    target = open_place(str(tmp_path), os.environ)
    assert copy_release(released, target)
    assert verify(tmp_path / '0001') == []
    latest = json.loads((tmp_path / 'latest.json').read_bytes())
    assert (latest['release'], latest['manifest']) == (1, '0001/manifest.json')


def test_a_copy_that_is_there_is_left_alone(released, tmp_path):
    target = Folder(tmp_path)
    copy_release(released, target)
    assert not copy_release(released, target)


def test_a_folder_that_is_missing_is_made(released, tmp_path):
    copy_release(released, Folder(tmp_path / 'a' / 'b'))
    assert verify(tmp_path / 'a' / 'b' / '0001') == []


def test_another_release_of_that_number_is_never_overwritten(released, curator, tmp_path):
    target = Folder(tmp_path / 'copies')
    copy_release(released, target)
    curator.put(T1W)
    with pytest.raises(SetupError, match='another release 1'):
        copy_release(curator.create(), target)
    assert verify(tmp_path / 'copies' / '0001') == []


def test_an_interrupted_copy_leaves_nothing_to_see(released, tmp_path):
    def fail(n_bytes):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_release(released, Folder(tmp_path), heard=fail)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_on_s3_holds_every_file(released, bucket):
    assert copy_release(released, open_place('s3://archive/all', bucket))
    listed = {file.path for file in Manifest.read(released).files}
    wanted = {f'0001/{p}' for p in (*listed, 'manifest.json', 'SHA256SUMS')} | {'latest.json'}
    assert names(bucket, 'all') == wanted
    assert not copy_release(released, open_place('s3://archive/all/', bucket))


def test_a_copy_on_s3_is_read_by_arrow_and_polars(released, bucket):
    copy_release(released, open_place('s3://archive/read', bucket))
    path = 'archive/read/0001/T1w/raw/T1w-raw.parquet'
    assert pyarrow.parquet.read_table(path, filesystem=system(bucket)).num_rows == 200
    options = {
        'aws_endpoint_url': bucket['AWS_ENDPOINT_URL'],
        'aws_region': 'us-east-1',
        'aws_access_key_id': 'test',
        'aws_secret_access_key': 'test',
        'aws_allow_http': 'true',
    }
    frame = pl.scan_parquet(f's3://{path}', storage_options=options).select(pl.len()).collect()
    assert frame.item() == 200


def test_the_command_copies_to_s3_and_ends(released, bucket):
    tool = str(Path(sys.executable).with_name('mriqc-webapi'))
    place = ['release', 'copy', '1', 's3://archive/command']
    ran = subprocess.run(
        [tool, *place, '--data-dir', str(released.parents[1])],
        env=os.environ | bucket,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, 'release 0001 copied to s3://archive/command\n')
    assert 'latest.json' in names(bucket, 'command')


def test_files_on_s3_tell_their_media_type_and_how_long_they_last(released, bucket):
    import boto3

    copy_release(released, open_place('s3://archive/types', bucket))
    client = boto3.client('s3', endpoint_url=bucket['AWS_ENDPOINT_URL'], region_name='us-east-1')
    found = client.head_object(Bucket='archive', Key='types/0001/T1w/raw/T1w-raw.parquet')
    assert found['ContentType'] == 'application/vnd.apache.parquet'
    assert found['CacheControl'] == 'public, max-age=31536000, immutable'
    latest = client.head_object(Bucket='archive', Key='types/latest.json')
    assert latest['CacheControl'] == 'no-cache'
    client.close()


def test_an_interrupted_copy_on_s3_has_no_manifest_and_can_be_begun_anew(released, bucket):
    n_left = 5

    def fail(n_bytes):
        nonlocal n_left
        n_left -= 1
        if not n_left:
            raise ConnectionResetError('the network is gone')

    place = open_place('s3://archive/broken', bucket)
    with pytest.raises(SetupError, match='network'):
        copy_release(released, place, heard=fail)
    assert not {'latest.json', '0001/manifest.json'} & names(bucket, 'broken')
    assert copy_release(released, place)
    assert {'latest.json', '0001/manifest.json'} <= names(bucket, 'broken')


def test_an_older_release_does_not_become_the_latest(curator, released, bucket):
    curator.create()
    place = open_place('s3://archive/order', bucket)
    copy_release(curator.create(), place)
    copy_release(released, place)
    latest = json.loads(place.read('latest.json'))
    assert latest['release'] == 2


def test_a_bucket_that_is_not_there_is_told(released, bucket):
    with pytest.raises(SetupError, match='the copy failed'):
        copy_release(released, open_place('s3://nobody', bucket))


def test_an_address_that_means_nothing_is_told(bucket):
    with pytest.raises(SetupError, match='cannot be written to'):
        open_place('gopher://hole', bucket)


def test_a_bucket_that_is_not_there_is_told_beforehand(bucket):
    with pytest.raises(SetupError, match='no bucket nobody'):
        open_place('s3://nobody/prefix', bucket).check()
    open_place('s3://archive/prefix', bucket).check()


def test_a_place_below_a_file_is_told_beforehand(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(SetupError, match='file is no folder'):
        open_place(str(tmp_path / 'file' / 'sub' / 'folder'), os.environ).check()
    open_place(str(tmp_path / 'new' / 'folder'), os.environ).check()


def test_an_address_without_a_bucket_is_told(bucket):
    with pytest.raises(SetupError, match='s3:// names no bucket'):
        open_place('s3://', bucket)
