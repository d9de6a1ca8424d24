"""A folder's ratings as tables: one row per rating, and BIDS's ``scans`` and ``participants``."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final, Literal

from mriqc_webapi.ratings.labels import ImageLabel, labels
from mriqc_webapi.ratings.scales import GRADES, grade_of_score
from mriqc_webapi.reports.images import DATATYPES
from mriqc_webapi.reports.session.ledger import Ledger, StoredRating
from mriqc_webapi.reports.session.opinions import opinions, standing

TableName = Literal['ratings', 'history', 'scans', 'participants']
MISSING: Final = 'n/a'  # BIDS's word

_ENTITY = re.compile(r'(?:^|[_/])(sub|ses)-([A-Za-z0-9]+)')
_BLANKS = re.compile(r'[\x00-\x1f\x7f]+')

_LEVELS = {
    'exclude': 'score below 1.5',
    'poor': 'score from 1.5 to below 2.5',
    'acceptable': 'score from 2.5 to 3.5',
    'excellent': 'score above 3.5',
}
COLUMNS: Final[dict[str, dict[str, Any]]] = {
    'qc_grade': {
        'Description': 'Grade that the raters give the image together (consensus by the model of '
        'Dawid and Skene, or the median of too few images).',
        'Levels': _LEVELS,
    },
    'qc_certainty': {'Description': 'Probability of the grade under that model, 0 to 1.'},
    'qc_score': {'Description': 'Mean of the raters’ scores, 1 (exclude) to 4 (excellent).'},
    'qc_score_sd': {'Description': 'Standard deviation of the raters’ scores.'},
    'qc_n_raters': {'Description': 'Number of raters.'},
    'qc_artifacts': {'Description': 'Artifacts that any rater ticked, the most ticked first.'},
    'qc_n_images': {'Description': 'Number of rated images or reports.'},
    'qc_worst_grade': {
        'Description': 'The worst grade among all images of the participant.',
        'Levels': _LEVELS,
    },
}


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns and rows of texts, as TSV."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def tsv(self) -> str:
        """Write it; tabs and line breaks within a cell become blanks."""
        lines = [self.columns, *self.rows]
        return ''.join('\t'.join(_BLANKS.sub(' ', c) for c in line) + '\n' for line in lines)

    def sidecar(self) -> str:
        """Describe the columns as BIDS wants it, in JSON."""
        known = {c: COLUMNS[_without_modality(c)] for c in self.columns if _is_known(c)}
        return json.dumps(known, indent=2, ensure_ascii=False) + '\n'


def make_table(ledger: Ledger, name: TableName) -> Table:
    """Make one of the tables from all sessions of a ledger."""
    return _MAKERS[name](ledger)


def ratings_table(ledger: Ledger) -> Table:
    """List the standing ratings of all raters and sessions, one a row."""
    return _listed(standing(ledger.ratings()), _rating_cells)


def history_table(ledger: Ledger) -> Table:
    """List every rating ever given, with what became of it."""
    given = ledger.ratings()
    stands = {r.id for r in standing(given)}

    def state(rating: StoredRating) -> str:
        if rating.id in stands:
            return 'standing'
        return 'undone' if rating.is_undone else 'amended'

    return _listed(given, lambda r: _rating_cells(r) | {'state': state(r), 'amends': r.amends})


def scans_table(ledger: Ledger) -> Table:
    """Give one row per rated image of a modality, ready for a ``scans.tsv``."""
    rows = [
        {'filename': filename, **_image_cells(label)}
        for report, label in _labelled(ledger)
        if (filename := _image_path(report)) is not None
    ]
    return _table(rows, ('filename', *_image_cells(None)))


def participants_table(ledger: Ledger) -> Table:
    """Give one row per participant, ready for a ``participants.tsv``.

    A modality's columns tell of its worst image.
    """
    people: dict[str, list[tuple[str, ImageLabel]]] = {}
    for report, label in _labelled(ledger):
        if label.score_mean is not None:
            people.setdefault(_participant(report), []).append((report, label))
    modalities = sorted({i.modality for held in people.values() for _, i in held if i.modality})
    columns = [f'{m}_{c}' for m in modalities for c in ('qc_grade', 'qc_score')]
    rows = [_participant_cells(who, [label for _, label in held]) for who, held in people.items()]
    return _table(rows, ('participant_id', 'qc_n_images', 'qc_worst_grade', *columns))


_MAKERS: Final[dict[TableName, Callable[[Ledger], Table]]] = {
    'ratings': ratings_table,
    'history': history_table,
    'scans': scans_table,
    'participants': participants_table,
}


def _rating_cells(rating: StoredRating) -> dict[str, Any]:
    said = rating.document
    score = float(said['rating'])
    at = datetime.fromtimestamp(rating.created_at, UTC)
    return {
        'report': rating.report,
        'md5sum': None if said['md5sum'] == 'unspecified' else said['md5sum'],
        'modality': said.get('modality'),
        'rater': rating.rater,
        'session': rating.session,
        'position': rating.position + 1,
        'occasion': rating.occasion,
        'rated_at': f'{at:%Y-%m-%dT%H:%M:%SZ}',
        'score': f'{score:.2f}',
        'grade': grade_of_score(score),
        'artifacts': ','.join(said['artifacts']),
        'confidence': said.get('confidence'),
        'time_s': said.get('time_s'),
        'comment': said['comment'],
        'id': rating.id,
    }


_RATING_COLUMNS = (
    *('report', 'md5sum', 'modality', 'rater', 'session', 'position', 'occasion', 'rated_at'),
    *('score', 'grade', 'artifacts', 'confidence', 'time_s', 'comment', 'id'),
)


def _listed(
    ratings: Sequence[StoredRating], cells: Callable[[StoredRating], dict[str, Any]]
) -> Table:
    rows = [cells(r) for r in ratings]
    more = (c for row in rows[:1] for c in row if c not in _RATING_COLUMNS)
    return _table(rows, (*_RATING_COLUMNS, *more))


def _labelled(ledger: Ledger) -> list[tuple[str, ImageLabel]]:
    """Pair each report with what all raters say of its image, by the report's name."""
    given = opinions(ledger)
    reports: dict[str, set[str]] = {}
    for rating in given:
        reports.setdefault(str(rating.md5sum), set()).add(str(rating.report))
    return sorted(
        ((report, label) for label in labels(given) for report in reports[label.md5sum]),
        key=lambda pair: pair[0],
    )


def _image_cells(label: ImageLabel | None) -> dict[str, Any]:
    return {
        'qc_grade': label and label.consensus,
        'qc_certainty': label and _rounded(label.certainty),
        'qc_score': label and _rounded(label.score_mean),
        'qc_score_sd': label and _rounded(label.score_sd),
        'qc_n_raters': label and label.n_raters,
        'qc_artifacts': label and ','.join(label.artifacts),
    }


def _participant_cells(participant: str, held: Sequence[ImageLabel]) -> dict[str, Any]:
    cells: dict[str, Any] = {
        'participant_id': participant,
        'qc_n_images': len(held),
        'qc_worst_grade': _worst(held).consensus,
    }
    for modality in {label.modality for label in held if label.modality}:
        worst = _worst(label for label in held if label.modality == modality)
        cells[f'{modality}_qc_grade'] = worst.consensus
        cells[f'{modality}_qc_score'] = _rounded(worst.score_mean)
    return cells


def _worst(held: Iterable[ImageLabel]) -> ImageLabel:
    return min(held, key=lambda i: (GRADES.index(i.consensus or GRADES[-1]), i.score_mean or 0.0))


def _participant(report: str) -> str:
    found = _ENTITY.search(PurePosixPath(report).name)
    return f'sub-{found[2]}' if found else MISSING


def _image_path(report: str) -> str | None:
    """Name the image in its BIDS dataset; None for a report of several images."""
    stem = PurePosixPath(report).stem
    datatype = DATATYPES.get(stem.rpartition('_')[2])
    if datatype is None:
        return None
    folders = [f'{key}-{value}' for key, value in _ENTITY.findall(stem)]
    return '/'.join((*folders, datatype, f'{stem}.nii.gz'))


def _rounded(value: float | None) -> str | None:
    return None if value is None else f'{value:.3f}'.rstrip('0').rstrip('.')


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    return Table(tuple(columns), tuple(tuple(_cell(r.get(c)) for c in columns) for r in rows))


def _cell(value: Any) -> str:
    return MISSING if value is None or value == '' else str(value)


def _without_modality(column: str) -> str:
    return column[column.index('qc_') :]


def _is_known(column: str) -> bool:
    return 'qc_' in column and _without_modality(column) in COLUMNS
