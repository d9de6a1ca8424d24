"""The policy on duplicates, shown and frozen from a shell."""

from mriqc_webapi.archive.policy import TEXT, first_policy
from mriqc_webapi.cli.demo import DEMO_DATA
from mriqc_webapi.cli.first_policy import make_first_policy


def test_the_policy_in_force_is_shown(run):
    ran = run('policy', 'show')
    assert (ran.code, ran.out) == (0, f'Version 1\n\n{TEXT}')


def test_a_version_is_frozen_from_the_records_of_the_archive(run):
    run('import', str(DEMO_DATA / 'T1w.ndjson.zst'))
    (frozen,) = run('policy', 'freeze', '--json').lines
    (shown,) = run('policy', 'show', '--json').lines
    assert shown['version'] == frozen['version'] == 2
    assert shown['scales'] == frozen['scales'] == first_policy().scales


def test_the_first_version_is_made_from_the_demo(tmp_path):
    assert make_first_policy(tmp_path) == first_policy()
