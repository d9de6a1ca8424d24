"""``rate`` and ``ratings``, as from a shell; what a session does is tested with sessions."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from mriqc_webapi.reports.folder import find_reports
from mriqc_webapi.reports.session.ledger import Ledger
from mriqc_webapi.reports.session.review import open_review
from mriqc_webapi.reports.session.verdict import Verdict
from tests.reports.session.running import LiveSession
from tests.reports.session.study import make_study


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    """A study of two reports that two raters have rated."""
    folder = make_study(tmp_path / 'study', 2)
    with Ledger.open(folder / '.mriqc-webapi/ratings.sqlite') as ledger:
        for rater, score in (('ada', 1.0), ('ben', 2.0)):
            review = open_review(
                folder, ledger, rater=rater, found=find_reports(folder), options={}
            )
            for position in range(2):
                verdict = Verdict(id=str(uuid.uuid4()), score=score + position)
                review.submit(position, verdict)
    return folder


@pytest.mark.parametrize(
    ('options', 'code', 'words'),
    [
        (('--seed', '1', '--sort-by', 'cjv'), 2, 'give one of them'),
        (('--sort-by', 'nonsense'), 2, "no report has 'nonsense'"),
        (('--rater', 'ada@example.org'), 2, 'no addresses'),
        (('--rater', ' '), 2, '1 to 100 characters'),
        (('--url', 'http://127.0.0.1:9', '--token', 'x'), 2, 'say who rates'),
        (('--url', 'http://127.0.0.1:9', '--rater', 'ada'), 2, '--token, or MRIQC_WEBAPI_TOKEN'),
        (('--repeats', '120%'), 2, 'no share'),
        (('--port', '70000'), 3, 'cannot be used'),
        (('--ratings', '/proc/nothing/r.sqlite'), 3, 'name a file elsewhere'),
    ],
)
def test_what_cannot_be_done_is_said_at_once(run, tmp_path, options, code, words) -> None:
    folder = make_study(tmp_path / 'study', 1)
    ran = run('rate', folder, '--no-open', *options)
    assert ran.code == code
    assert words in ran.err


def test_a_folder_without_reports_is_refused(run, tmp_path) -> None:
    ran = run('rate', tmp_path, '--no-open')
    assert (ran.code, 'holds no reports' in ran.err) == (1, True)


def test_a_linked_folder_of_ratings_is_not_followed(run, tmp_path) -> None:
    folder = make_study(tmp_path / 'study', 1)
    (tmp_path / 'elsewhere').mkdir()
    (folder / '.mriqc-webapi').symlink_to(tmp_path / 'elsewhere')
    ran = run('rate', folder, '--no-open')
    assert (ran.code, 'link to elsewhere' in ran.err) == (3, True)


def test_ctrl_c_ends_a_session_well(tmp_path) -> None:
    session = LiveSession(make_study(tmp_path / 'study', 2), '--rater', 'ada').start()
    assert session.stop() == 0
    assert '0 of 2 rated' in session.said


def test_links_out_of_the_folder_are_named_and_left_out(tmp_path) -> None:
    folder = make_study(tmp_path / 'study', 1)
    (tmp_path / 'other.html').touch()
    (folder / 'sub-02_T1w.html').symlink_to(tmp_path / 'other.html')
    with LiveSession(folder, '--rater', 'ada') as session:
        assert 'sub-02_T1w.html is left out: it links to outside' in session.said


def test_ratings_are_exported_as_tsv(run: Callable, rated: Path) -> None:
    lines = run('ratings', 'export', rated).out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith('report\tmd5sum\tmodality\trater')


def test_columns_for_bids_come_with_their_description(run, rated: Path, tmp_path: Path) -> None:
    out = tmp_path / 'qc.tsv'
    ran = run('ratings', 'export', rated, '--table', 'participants', '--out', out)
    assert (ran.code, ran.err) == (0, f'2 rows written to {out}\n')
    assert out.read_text().startswith('participant_id\tqc_n_images\tqc_worst_grade')
    assert 'qc_worst_grade' in json.loads(out.with_suffix('.json').read_text())


def test_agreement_is_told_in_words_and_as_json(run, rated: Path) -> None:
    assert 'ada and ben: Cohen’s κ' in run('ratings', 'agreement', rated).out
    (said,) = run('ratings', 'agreement', rated, '--json').lines
    assert said['grade']['overall']['n_raters'] == 2


def test_a_dry_run_says_what_would_be_sent_under_which_names(run, rated: Path) -> None:
    ran = run('ratings', 'send', rated, '--url', 'http://127.0.0.1:9', '--dry-run')
    assert (ran.code, ran.out) == (
        0,
        '0 sent, 4 waiting, 0 refused, 0 unlinked; published under the names of ada, ben\n',
    )


def test_what_could_not_be_sent_makes_the_command_fail(run, rated: Path) -> None:
    ran = run('ratings', 'send', rated, '--url', 'http://127.0.0.1:9', '--token', 'x')
    assert ran.code == 1
    assert 'cannot be reached' in ran.err
    assert 'by itself' not in ran.err


def test_where_nobody_has_rated_there_is_nothing_to_export(run, tmp_path: Path) -> None:
    ran = run('ratings', 'export', tmp_path)
    assert (ran.code, 'nobody has rated' in ran.err) == (1, True)
    assert list(tmp_path.iterdir()) == []
