"""Ratings in the copy: what each means, and which of a chain stands."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.rated import rated_columns
from mriqc_webapi.archive.ratings.agreement import AgreementQuestion, shared_ratings
from mriqc_webapi.archive.ratings.desk import RatingDesk
from mriqc_webapi.archive.ratings.labels import SCHEMA, label_table
from mriqc_webapi.archive.ratings.selection import Selection
from mriqc_webapi.errors import ArchiveNotReadyError, QueryError
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.ratings.rating import parse_rating, standing
from mriqc_webapi.store import holds
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.record import make_record
from mriqc_webapi.store.withdrawal import withdraw
from mriqc_webapi.submissions.submission import Submission

CATALOGUE = load_catalogue()
NOW = 1_800_000_000


class RatedArchive:
    """A store of ratings and its copy."""

    def __init__(self, store: Any, archive: Archive) -> None:
        self.store, self.archive = store, archive
        self._clock = itertools.count(NOW)

    def put(self, *documents: dict[str, Any]) -> list[str]:
        """Store ratings in one batch; give their ids."""
        made = [
            make_record(
                Submission(resource='rating', document={'rating': '3', 'md5sum': 'x', **d}),
                resource=CATALOGUE['rating'],
                now=next(self._clock),
            )
            for d in documents
        ]
        with self.store.write() as tx:
            return [outcome.id for outcome in insert_batch(tx, made)]

    def take_back(self, record_id: str) -> None:
        with self.store.write() as tx:
            withdraw(tx, id=record_id, rule='test', now=NOW)

    def hold(self, record_id: str) -> None:
        with self.store.write() as tx:
            holds.hold(tx, [record_id], now=NOW)

    def release(self, record_id: str) -> None:
        with self.store.write() as tx:
            holds.release(tx, [record_id])

    def ask(self, columns: str) -> list[tuple[Any, ...]]:
        with self.archive.reading('rating') as reading:
            sql = f'SELECT {columns} FROM {reading.layout.table} ORDER BY seq'
            return reading.cursor.execute(sql).fetchall()

    def standing(self) -> set[str]:
        return {id_ for id_, stands in self.ask('_id, is_standing') if stands}


@pytest.fixture
def rated(store, tmp_path) -> Iterator[RatedArchive]:
    with Archive.open(tmp_path / 'copy', catalogue=CATALOGUE, store=store) as archive:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                archive.require_ready()
                break
            except ArchiveNotReadyError:
                time.sleep(0.02)
        yield RatedArchive(store, archive)


def test_a_rating_gets_scale_score_grade_and_image(rated) -> None:
    rated.put({'rating': '2.55', 'md5sum': 'ABC', 'comment': '["head-motion"]', 'name': 'jane'})
    assert rated.ask('scan, scale, score, grade, label, artifacts, rater, is_standing') == [
        ('abc', 'v2', 2.55, 'acceptable', 'acceptable', '["head-motion"]', 'jane', True)
    ]


def test_a_rating_of_no_image_on_no_scale_has_neither(rated) -> None:
    rated.put({'rating': '2', 'md5sum': 'unspecified'})
    assert rated.ask('scan, scale, score, grade, artifacts') == [
        (None, 'unknown', None, None, None)
    ]


def test_of_a_chain_the_newest_stands_in_one_batch_or_several(rated) -> None:
    first, alone = rated.put({}, {})
    assert rated.standing() == {first, alone}
    (second,) = rated.put({'amends': first})
    assert rated.standing() == {second, alone}
    *_, last = rated.put({'amends': first}, {'amends': first})
    assert rated.standing() == {last, alone}


def test_what_was_corrected_stands_again_when_the_correction_is_gone(rated) -> None:
    (first,) = rated.put({})
    (second,) = rated.put({'amends': first})
    assert rated.standing() == {second}
    rated.take_back(second)
    assert rated.standing() == {first}


def test_what_was_corrected_does_not_stand_again_when_it_was_held_and_is_released(rated) -> None:
    (first,) = rated.put({})
    (second,) = rated.put({'amends': first})
    rated.hold(first)
    assert rated.standing() == {second}
    rated.release(first)
    assert rated.standing() == {second}


def test_names_mean_what_was_sent_to_the_frozen_api_and_the_meaning_to_the_current_one(
    rated,
) -> None:
    from mriqc_webapi.query.where import parse_where

    rated.put({'scale': 'V2', 'rating': '2.55', 'artifacts': ['Motion']})
    sent, meant = parse_where('{"scale": "V2"}'), parse_where('{"scale": "v2"}')
    assert rated.archive.count('rating', where=sent) == 1
    assert rated.archive.count('rating', where=meant) == 0
    with rated.archive.reading('rating') as reading:
        assert (reading.count(sent), reading.count(meant)) == (0, 1)
    ((residual, artifacts),) = rated.ask('residual, artifacts')
    assert orjson.loads(residual) == {'scale': 'V2', 'artifacts': ['Motion']}
    assert orjson.loads(artifacts) == ['head-motion']


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
DOCUMENTS = st.fixed_dictionaries(
    {'rating': st.sampled_from(['0', '1', '2.55', '4', 'good', 'junk']), 'md5sum': st.text()},
    optional=dict.fromkeys(('name', 'comment', 'scale', 'artifacts', 'rater', 'version'), JUNK),
)


@given(documents=st.lists(DOCUMENTS, max_size=6))
def test_columns_say_what_the_ratings_mean_whatever_was_stored(documents) -> None:
    ids = [f'{i:024x}' for i in range(len(documents))]
    columns = rated_columns(documents, ids, [NOW] * len(ids))
    for place, (document, id_) in enumerate(zip(documents, ids, strict=True)):
        rating = parse_rating(document, id=id_, created_at=NOW)
        row = {name: values[place].as_py() for name, values in columns.items()}
        assert (row['scan'], row['scale'], row['score'], row['grade'], row['label']) == (
            rating.md5sum,
            rating.scale,
            rating.score,
            rating.grade,
            rating.label,
        )
        assert tuple(orjson.loads(row['artifacts'] or '[]')) == rating.artifacts


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=4))
def test_what_stands_in_the_copy_is_what_the_ratings_themselves_say(rated, batches) -> None:
    firsts: list[str] = []

    def document(choice: int) -> dict[str, Any]:
        return {'amends': firsts[choice % len(firsts)]} if choice and firsts else {}

    for batch in batches:
        documents = [document(choice) for choice in batch]
        ids = rated.put(*documents) if documents else []
        firsts += [i for i, d in zip(ids, documents, strict=True) if not d]
    rows = rated.ask('_id, chain, epoch(_created)::BIGINT')
    parsed = [
        parse_rating({'amends': c if c != i else None}, id=i, created_at=at) for i, c, at in rows
    ]
    expected = {rating.id for rating in standing(parsed)}
    assert rated.standing() == expected


@pytest.fixture
def documents_of(rated) -> Callable[[], list[dict[str, Any]]]:
    """Read the documents back from columns and residual."""

    def read() -> list[dict[str, Any]]:
        with rated.archive.reading('rating') as reading:
            layout = reading.layout
            names = [c.name for c in layout.columns.values()]
            found = reading.cursor.execute(f'SELECT * FROM {layout.table} ORDER BY seq')
            columns = [d[0] for d in found.description]
            rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
        return [
            layout.join({n: r[n] for n in names}, orjson.loads(r['residual'] or 'null'))
            for r in rows
        ]

    return read


def test_nothing_of_a_rating_is_lost_to_what_it_means(rated, documents_of) -> None:
    sent = {
        'rating': '3',
        'md5sum': 'x',
        'scale': 'v9',
        'artifacts': ['a', 'b'],
        'rater': 'rater-1',
        'chain': 'mine',
        'score': 'high',
    }
    rated.put(sent)
    assert documents_of() == [sent]


class TestQuestions:
    """Questions about many ratings at once."""

    @pytest.fixture
    def desk(self, rated) -> RatingDesk:
        rated.put(
            *(
                {'rating': '2.55', 'md5sum': image, 'name': name}
                for image in 'pqr'
                for name in ('a', 'b')
            ),
            {'rating': '2.55', 'md5sum': 's', 'name': 'a'},
        )
        return RatingDesk(rated.archive)

    def test_too_many_ratings_are_a_question_to_narrow_down(self, desk) -> None:
        def ask(chosen):
            return shared_ratings(chosen, most=5)

        with pytest.raises(QueryError, match='6 ratings of 3 images by 2 raters'):
            desk.choose(Selection(), ask)
        assert desk.choose(Selection(rater='a'), ask) == []

    def test_too_many_resamplings_are_one_too(self, desk) -> None:
        with pytest.raises(QueryError, match='smaller n_boot'):
            desk.ask(AgreementQuestion(n_boot=4_000_000), Selection())

    def test_only_images_with_several_ratings_are_fetched(self, desk) -> None:
        found = desk.choose(Selection(), lambda chosen: shared_ratings(chosen, most=None))
        assert {rating.md5sum for rating in found} == {'p', 'q', 'r'}

    def test_an_answer_is_remembered_until_something_changes(self, desk, rated) -> None:
        first = desk.labels(Selection())
        assert desk.labels(Selection()).table is first.table
        rated.put({'md5sum': 't'})
        later = desk.labels(Selection())
        assert (first.table.num_rows, later.table.num_rows) == (4, 5)
        assert first.tag != later.tag
        assert first.version < later.version

    def test_an_answer_outlives_records_that_say_nothing_new_of_its_images(
        self, desk, rated
    ) -> None:
        first = desk.labels(Selection())
        self._measure(rated, 'another image')
        assert desk.labels(Selection()).table is first.table
        self._measure(rated, 'p')
        later = desk.labels(Selection()).table
        assert later['modality'].to_pylist() == ['T1w', None, None, None]

    def test_a_release_has_the_labels_however_many(self, desk) -> None:
        table = desk.choose(Selection(), lambda chosen: label_table(chosen, most=None))()
        assert table.schema == SCHEMA
        assert table['n_ratings'].to_pylist() == [2, 2, 2, 1]

    @staticmethod
    def _measure(rated, md5sum: str) -> None:
        document = {'cjv': 0.5, 'provenance': {'md5sum': md5sum}}
        submission = Submission(resource='T1w', document=document, md5sum=md5sum)
        record = make_record(submission, resource=CATALOGUE['T1w'], now=NOW)
        with rated.store.write() as tx:
            insert_batch(tx, [record])
