"""The file of ratings: what is in it stays, and several raters may share it."""

import sqlite3
import uuid
from pathlib import Path

import pytest

from mriqc_webapi.errors import ChangedSubmissionError, SetupError
from mriqc_webapi.reports.session.ledger import Answer, Ledger, SessionRow, StoredRating
from mriqc_webapi.reports.session.opinions import standing
from mriqc_webapi.reports.session.queue import Item

SESSION = SessionRow(id='s', rater='ada', started_at=1, options={})
QUEUE = [Item('sub-1.html'), Item('sub-2.html'), Item('sub-1.html', occasion=2)]
URL = 'http://service.invalid'


@pytest.fixture
def begun(ledger: Ledger) -> Ledger:
    """A file with a session of three items."""
    ledger.add_session(SESSION, QUEUE)
    return ledger


def add(ledger: Ledger, position: int, rating: str = '3.00', **more: str) -> StoredRating:
    """Store a rating."""
    document = {'rating': rating, 'md5sum': 'a' * 32} | more
    id = str(uuid.uuid4())
    return ledger.add(id=id, session='s', position=position, document=document)


def test_the_file_is_durable_before_a_rating_is_acknowledged(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / 'r.sqlite') as ledger:
        pragmas = {
            name: ledger._connection.execute(f'PRAGMA {name}').fetchone()[0]
            for name in ('journal_mode', 'synchronous')
        }
    assert pragmas == {'journal_mode': 'wal', 'synchronous': 2}


def test_another_rater_sees_a_rating_at_once(begun: Ledger, tmp_path: Path) -> None:
    add(begun, 0)
    with Ledger.open(tmp_path / 'ratings.sqlite') as other:
        assert [r.report for r in other.ratings()] == ['sub-1.html']


def test_the_newest_rating_of_an_item_stands_and_the_history_keeps_all(begun: Ledger) -> None:
    first = add(begun, 0)
    second = add(begun, 0, '1.00')
    assert standing(begun.ratings()) == [second]
    assert second.amends == first.id
    assert len(begun.ratings()) == 2


def test_undo_makes_the_rating_before_stand_again(begun: Ledger) -> None:
    first = add(begun, 0)
    add(begun, 0, '1.00')
    begun.undo('s')
    assert [r.id for r in standing(begun.ratings())] == [first.id]


def test_undo_of_nothing_is_nothing(begun: Ledger) -> None:
    assert begun.undo('s') is None


def test_a_rating_that_was_undone_before_it_was_sent_is_not_amended(begun: Ledger) -> None:
    add(begun, 0)
    begun.undo('s')
    assert add(begun, 0).amends is None


def test_a_rating_that_was_undone_after_it_was_sent_is_amended(begun: Ledger) -> None:
    first = add(begun, 0)
    begun.add_answer(Answer(rating=first.id, remote_id='x', receipt='y'), url=URL)
    begun.undo('s')
    assert add(begun, 0).amends == first.id


def test_repeats_and_what_was_undone_are_not_sent(begun: Ledger) -> None:
    kept = add(begun, 0)
    add(begun, 2)
    add(begun, 1)
    begun.undo('s')
    assert [r.id for r in begun.pending('s', url=URL)] == [kept.id]


def test_an_id_stands_for_one_content(begun: Ledger) -> None:
    first = add(begun, 0)
    with pytest.raises(ChangedSubmissionError):
        begun.add(id=first.id, session='s', position=0, document={'rating': '1.00'})


def test_a_draft_is_forgotten_with_its_rating(begun: Ledger) -> None:
    begun.save_draft('s', 0, {'comment': 'x'})
    assert begun.drafts('s') == {0: {'comment': 'x'}}
    add(begun, 0)
    assert begun.drafts('s') == {}


@pytest.mark.parametrize('kind', ['text', 'foreign', 'newer', 'folder', 'below-a-file'])
def test_a_file_that_cannot_hold_ratings_is_refused_with_what_to_do(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / 'r.sqlite'
    if kind == 'text':
        path.write_text('no database at all, but long enough to be mistaken for one' * 100)
    elif kind == 'folder':
        path.mkdir()
    elif kind == 'below-a-file':
        path.touch()
        path = path / 'r.sqlite'
    else:
        connection = sqlite3.connect(path)
        connection.execute(
            'CREATE TABLE other (x)' if kind == 'foreign' else 'PRAGMA user_version=9'
        )
        connection.commit()
        connection.close()
    with pytest.raises(SetupError, match='--ratings'):
        Ledger.open(path)
