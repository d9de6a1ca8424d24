"""The policy on duplicates, shown and frozen from a shell."""

import io
from datetime import UTC, datetime

import orjson
import zstandard

from mriqc_webapi.archive.policy import TEXT, first_policy
from mriqc_webapi.cli.demo import DEMO_DATA
from mriqc_webapi.cli.first_policy import make_first_policy
from mriqc_webapi.iqm.loader import load_catalogue


def test_the_policy_in_force_is_shown(run):
    ran = run('policy', 'show')
    assert (ran.code, ran.out) == (0, f'Version 1\n\n{TEXT}')


def test_a_version_is_frozen_from_the_records_of_the_archive(run):
    run('import', str(DEMO_DATA / 'T1w.ndjson.zst'))
    (frozen,) = run('policy', 'freeze', '--json').lines
    (shown,) = run('policy', 'show', '--json').lines
    assert shown['version'] == frozen['version'] == 2
    assert shown['scales'] == frozen['scales'] == first_policy().scales
    assert shown['frozen_at'] == frozen['frozen_at']
    assert datetime.fromisoformat(shown['frozen_at']).tzinfo is UTC
    assert set(shown['n_vectors']) == set(frozen['n_vectors']) == {'T1w'}


def test_freezing_says_what_was_measured(run):
    run('import', str(DEMO_DATA / 'T1w.ndjson.zst'))
    ran = run('policy', 'freeze')
    n = len({str(vector) for vector in demo_vectors()})
    assert ran.out == f'version 2 is in force, with scales from T1w: {n} distinct vectors\n'


def demo_vectors() -> list[list[float]]:
    """Give what the policy compares of the demo's images."""
    names = [f.name for f in load_catalogue()['T1w'].fields if f.role == 'iqm' and f.required]
    names = [n for n in names if not n.startswith(('size_', 'spacing_'))]
    text = zstandard.ZstdDecompressor().stream_reader((DEMO_DATA / 'T1w.ndjson.zst').open('rb'))
    return [[orjson.loads(line)[n] for n in names] for line in io.TextIOWrapper(text)]


def test_nothing_is_frozen_where_nothing_was_measured(run):
    ran = run('policy', 'freeze')
    assert ran.code == 1
    assert 'nothing to measure' in ran.err
    assert run('policy', 'show').out.startswith('Version 1\n')


def test_an_earlier_version_is_shown(run):
    run('import', str(DEMO_DATA / 'T1w.ndjson.zst'))
    run('policy', 'freeze')
    assert run('policy', 'show').out.startswith('Version 2\n')
    assert run('policy', 'show', '--version', '1').out == f'Version 1\n\n{TEXT}'
    (first,) = run('policy', 'show', '--version', '1', '--json').lines
    assert (first['version'], first['frozen_at'], first['n_vectors']) == (1, None, {})
    missing = run('policy', 'show', '--version', '3')
    assert (missing.code, missing.out) == (1, '')
    assert 'no version 3' in missing.err


def test_the_first_version_is_made_from_the_demo(tmp_path):
    assert make_first_policy(tmp_path) == first_policy()
