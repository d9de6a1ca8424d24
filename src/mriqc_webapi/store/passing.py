"""What is passed on to another archive: each record's state, and how far the store was followed.

A record gets its state in the transaction that moves the mark beyond it, so that none is left out
or taken twice, whenever the process ends.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple, get_args

from sqlalchemy import Connection

from mriqc_webapi.store import numbers, records, withdrawal
from mriqc_webapi.store.bulk import insert_rows
from mriqc_webapi.store.statement import Statement

State = Literal[
    'pending',  # goes as soon as it can
    'held',  # waits for approval
    'kept',  # stays here: the policy says so
    'rejected',  # stays here: somebody said so
    'sent',
    'refused',  # by the other archive
    'leaving',  # was sent, was withdrawn here: the other archive has to hear of it
    'staying',  # the same, but the other archive does not take it back
    'withdrawn',
]
STATES: Final[tuple[State, ...]] = get_args(State)
APPROVABLE: Final[tuple[State, ...]] = ('held', 'kept', 'rejected', 'refused')
REJECTABLE: Final[tuple[State, ...]] = ('pending', 'held', 'kept', 'refused')

_COLUMNS = 'seq, record_id, resource, state, n_failed, due_at, problem, receipt, changed_at'
_MARK = Statement("SELECT seq FROM passing_mark WHERE name = 'relay'")
_SET_MARK = Statement("""
    INSERT INTO passing_mark (name, seq) VALUES ('relay', :seq)
    ON CONFLICT (name) DO UPDATE SET seq = excluded.seq
""")
# one state at a time: so the index gives the order
_DUE = Statement("""
    SELECT p.seq, p.record_id, p.resource, p.state, p.n_failed, p.receipt, r.doc
      FROM passing AS p
      LEFT JOIN record AS r ON r.id = p.record_id
      LEFT JOIN amendment AS a ON a.record_id = p.record_id
      LEFT JOIN passing AS origin ON origin.record_id = a.first_id
     WHERE p.state = :state AND p.due_at <= :now
       AND (r.id IS NOT NULL OR p.state = 'leaving')
       AND (a.first_id IS NULL OR origin.state = 'sent')
     ORDER BY p.seq LIMIT :limit
""")
_STILL = Statement('SELECT 1 FROM passing WHERE record_id = :id AND state = :state')
_SETTLE = Statement("""
    UPDATE passing
       SET state = :state, problem = :problem, changed_at = :now,
           receipt = CASE WHEN :state = 'withdrawn' THEN NULL ELSE coalesce(:receipt, receipt) END
     WHERE record_id = :id
""")
_POSTPONE = Statement("""
    UPDATE passing SET n_failed = n_failed + 1, due_at = :due_at, problem = :problem
     WHERE record_id = :id AND state IN ('pending', 'leaving')
""")
# what an operator holds back has a tombstone, too, and may come again under its id
_WITHDRAW = Statement(
    """
    UPDATE passing
       SET state = CASE WHEN state = 'sent' THEN 'leaving' ELSE 'withdrawn' END,
           problem = '', n_failed = 0, due_at = 0, changed_at = :now
     WHERE state NOT IN ('leaving', 'staying', 'withdrawn')
       AND record_id IN (SELECT id FROM tombstone WHERE rule IN :rules)
    """,
    lists=['rules'],
)
_KNOWN = Statement('SELECT record_id FROM passing WHERE record_id IN :ids', lists=['ids'])
_MOVE = Statement(
    """
    UPDATE passing SET state = :to, problem = :problem, n_failed = 0, due_at = 0, changed_at = :now
     WHERE state IN :states AND record_id IN :ids
""",
    lists=['states', 'ids'],
)
_OF_STATES = Statement(
    """
    SELECT record_id FROM passing AS p
     WHERE state IN :states AND EXISTS (SELECT 1 FROM record WHERE id = p.record_id)
    """,
    lists=['states'],
)
_COUNTS = Statement('SELECT state, count(*) FROM passing GROUP BY state')
_REASONS = Statement("""
    SELECT problem, count(*) FROM passing WHERE state = 'refused'
     GROUP BY problem ORDER BY count(*) DESC LIMIT 20
""")
_LAST_PROBLEM = Statement("""
    SELECT problem FROM passing WHERE state IN ('pending', 'leaving') AND problem <> ''
     ORDER BY due_at DESC LIMIT 1
""")
_LIST = Statement(
    """
    SELECT p.seq, p.record_id, p.resource, p.state, p.problem, p.changed_at, r.md5sum
      FROM passing AS p LEFT JOIN record AS r ON r.id = p.record_id
     WHERE p.state IN :states ORDER BY p.seq LIMIT :limit
""",
    lists=['states'],
)
_MOVING: Final = ('leaving', 'pending')


class Due(NamedTuple):
    """A record that is to be passed on, or (`leaving`) to be taken back."""

    seq: int
    id: str
    resource: str
    state: str
    n_failed: int
    receipt: str | None
    doc: str | None  # JSON; None: it is to be taken back


class Listed(NamedTuple):
    """A record and its state, for people."""

    seq: int
    id: str
    resource: str
    state: str
    problem: str
    changed_at: int  # seconds since 1970 (UTC)
    md5sum: str | None


class Summary(NamedTuple):
    """Where everything is."""

    counts: dict[str, int]  # by state; all states are there
    reasons: dict[str, int]  # what the other archive refused for, and how often
    problem: str  # what keeps the rest from going; '' if nothing does
    n_unseen: int  # changes of the store that were not looked at yet


Decide = Callable[[Sequence[records.Change]], Sequence[State]]


def begin(tx: Connection, *, with_what_is_there: bool) -> None:
    """Start to follow the store, if nobody has yet: from its first record, or from now on."""
    numbers.lock(tx)
    if not _MARK(tx):
        _SET_MARK(tx, seq=0 if with_what_is_there else records.head(tx))


def mark(tx: Connection) -> int:
    """Give the number of the last change that has been looked at."""
    rows = _MARK(tx)
    return int(rows[0][0]) if rows else 0


def take_in(
    tx: Connection,
    changes: Sequence[records.Change],
    states: Iterable[State],
    *,
    after: int,
    now: int,
) -> None:
    """Give changes their states, and move the mark behind them; nothing, if somebody else has.

    Parameters
    ----------
    after
        The mark that the changes were read beyond.
    states
        One for each change that stored a record, in order.
    """
    numbers.lock(tx)
    if mark(tx) != after:
        return
    stored = [change for change in changes if change.doc is not None]
    known = {row[0] for row in _KNOWN(tx, ids=[change.id for change in stored])}
    rows = [
        (change.seq, change.id, change.resource, state, 0, 0.0, '', None, now)
        for change, state in zip(stored, states, strict=True)
        if change.id not in known
    ]
    insert_rows(tx, rows, table='passing', columns=_COLUMNS)
    _WITHDRAW(tx, rules=[withdrawal.BY_HOLDER, withdrawal.BY_OPERATOR], now=now)
    _SET_MARK(tx, seq=changes[-1].seq)


def due(tx: Connection, *, now: float, limit: int) -> list[Due]:
    """Give what is to be done now: takings back, then records; oldest first.

    A correction waits for what it corrects.
    """
    rows = [row for state in _MOVING for row in _DUE(tx, state=state, now=now, limit=limit)]
    return [Due._make(row) for row in rows]


def is_still(tx: Connection, one: Due) -> bool:
    """Tell whether what was due still is in the state that it was in."""
    return bool(_STILL(tx, id=one.id, state=one.state))


def settle(
    tx: Connection,
    *,
    id: str,
    state: State,
    now: int,
    problem: str = '',
    receipt: str | None = None,
) -> None:
    """Note what became of a record, be its state changed meanwhile."""
    _SETTLE(tx, id=id, state=state, problem=problem, receipt=receipt, now=now)


def postpone(tx: Connection, *, id: str, due_at: float, problem: str) -> None:
    """Note that a try came to nothing, and when the next one is due."""
    _POSTPONE(tx, id=id, due_at=due_at, problem=problem)


def move(
    tx: Connection,
    *,
    to: State,
    among: Sequence[State],
    now: int,
    ids: Sequence[str] | None = None,
    problem: str = '',
) -> list[str]:
    """Bring records of some states, all or those of some ids, into another; gives their ids."""
    numbers.lock(tx)
    there = [row[0] for row in _OF_STATES(tx, states=list(among))]
    wanted = there if ids is None else [id for id in there if id in set(ids)]
    _MOVE(tx, to=to, states=list(among), ids=wanted, problem=problem, now=now)
    return wanted


def listed(tx: Connection, *, states: Sequence[str], limit: int) -> list[Listed]:
    """Give records of some states, oldest first."""
    return [Listed._make(row) for row in _LIST(tx, states=list(states), limit=limit)]


def summarise(tx: Connection) -> Summary:
    """Say where everything is."""
    found = Counter(dict(map(tuple, _COUNTS(tx))))
    problems = _LAST_PROBLEM(tx)
    return Summary(
        counts={state: found[state] for state in STATES},
        reasons=dict(map(tuple, _REASONS(tx))),
        problem=str(problems[0][0]) if problems else '',
        n_unseen=records.head(tx) - mark(tx),
    )
