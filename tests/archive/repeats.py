"""Records that repeat images, a table of them, and the views computed in the plainest way."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import duckdb
import numpy as np
from packaging.version import InvalidVersion, Version

from mriqc_webapi.archive.batches import arrow_table, metric_vectors
from mriqc_webapi.archive.columns import Layout
from mriqc_webapi.archive.comparison import comparison_of
from mriqc_webapi.archive.groups import Floats
from mriqc_webapi.archive.policy import Policy
from mriqc_webapi.archive.regrouping import Touched, regroup_all, regroup_scans
from mriqc_webapi.archive.residual import Profile
from mriqc_webapi.archive.views import VIEWS, first_predicate, view_predicate
from mriqc_webapi.iqm.definitions import FieldDefinition, Resource
from tests.archive.conftest import Row, make_row

METRICS = {'cjv': 0.5, 'efc': 2.0, 'qi_1': None}  # with their scales
POLICY = Policy(version=1, scales={'T1w': METRICS, 'bold': METRICS})
LIMIT = {'T1w': 0.1, 'T2w': 0.1, 'bold': 1e-6}
GROUP_COLUMNS = ('in_scan', 'group_state', 'n_group', 'diameter')


def make_measured(name: str = 'T1w') -> Resource:
    """Make a resource with three metrics, a size, and settings."""

    def field(field_name: str, kind: str, role: str, *, required: bool = False) -> FieldDefinition:
        return FieldDefinition(
            name=field_name,
            type=kind,  # type: ignore[arg-type]
            role=role,  # type: ignore[arg-type]
            required=required,
            meaning='A test',
        )

    return Resource(
        name=name,
        title=name,
        kind='iqm',
        meaning='A test',
        fields=(
            *(field(metric, 'float', 'iqm', required=True) for metric in METRICS),
            field('size_x', 'integer', 'iqm', required=True),
            field('spacing_tr', 'float', 'iqm'),
            field('summary_bg_k', 'float', 'iqm'),
            field('bids_meta.Manufacturer', 'string', 'metadata'),
            field('bids_meta.ManufacturersModelName', 'string', 'metadata'),
            field('bids_meta.MagneticFieldStrength', 'float', 'metadata'),
            field('provenance.md5sum', 'string', 'provenance', required=True),
            field('provenance.software', 'string', 'provenance'),
            field('provenance.version', 'string', 'provenance'),
            field('provenance.settings.testing', 'boolean', 'provenance'),
            field('provenance.settings.fd_thres', 'float', 'provenance'),
            field('provenance.settings.hmc_fsl', 'boolean', 'provenance'),
        ),
        md5_field='provenance.md5sum',
        software_field='provenance.software',
        version_field='provenance.version',
    )


def make_record(
    cjv: float | None = 0.5,
    efc: float | None = 1.0,
    qi_1: float | None = 0.0,
    *,
    md5sum: str = 'a',
    version: str = '0.16.1',
    software: str = 'mriqc',
    size_x: int = 64,
    **settings: Any,
) -> dict[str, Any]:
    """Make a document; two of the same arguments repeat each other."""
    return {
        'cjv': cjv,
        'efc': efc,
        'qi_1': qi_1,
        'size_x': size_x,
        'bids_meta': {},
        'provenance': {
            'md5sum': md5sum,
            'software': software,
            'version': version,
            'settings': settings,
        },
    }


class Views:
    """A table of repeats, kept true as the archive does it.

    Attributes
    ----------
    documents : dict of int to str
        By number: what vectors are recalled from; the table is asked when one is not there.
    """

    def __init__(self, name: str = 'T1w', policy: Policy = POLICY) -> None:
        self.layout = Layout(make_measured(name), name)
        self.policy = policy
        self.connection = duckdb.connect()
        self.connection.execute(self.layout.ddl)
        self.documents: dict[int, str] = {}

    def recall(self, seqs: list[int]) -> Floats | None:
        """Give metric vectors from documents."""
        if not self.documents.keys() >= set(seqs):
            return None
        return metric_vectors(self.layout, [self.documents[seq] for seq in seqs])

    def insert(self, rows: Sequence[Row]) -> Touched:
        """Insert rows; give what that touches."""
        batch = arrow_table(self.layout, rows, Profile())
        self.connection.register('batch', batch)
        self.connection.execute(f'INSERT INTO {self.layout.table} BY NAME FROM batch')
        return set(zip(*(batch[key].to_pylist() for key in ('_scan', '_group')), strict=True))

    def add(self, rows: Sequence[Row]) -> None:
        """Insert rows, and judge the scans they belong to."""
        self.documents |= {row.seq: row.doc for row in rows}
        regroup_scans(self.connection, self.layout, self.policy, self.insert(rows), self.recall)

    def withdraw(self, row: Row) -> None:
        """Delete a row, and judge what it leaves."""
        at = f'FROM {self.layout.table} WHERE _id = ?'
        touched = self.connection.execute(f'SELECT _scan, _group {at}', [row.id]).fetchall()
        self.connection.execute(f'DELETE {at}', [row.id])
        regroup_scans(self.connection, self.layout, self.policy, set(touched), self.recall)

    def judge_all(self) -> None:
        """Judge every row."""
        regroup_all(self.connection, self.layout, self.policy)

    def rows(self) -> dict[str, tuple[Any, ...]]:
        """Give what the views say of each record, by id."""
        sql = f'SELECT _id, {", ".join(GROUP_COLUMNS)} FROM {self.layout.table} ORDER BY _id'
        return {row[0]: row[1:] for row in self.connection.execute(sql).fetchall()}

    def firsts(self) -> dict[str, list[str]]:
        """Give, by view, the ids of the records that came first of their scan in it."""
        found = {}
        for view in VIEWS:
            holds = f'{view_predicate(view, self.layout)} AND {first_predicate(view)}'
            sql = f'SELECT _id FROM {self.layout.table} WHERE {holds} ORDER BY _id'
            found[view] = [id_ for (id_,) in self.connection.execute(sql).fetchall()]
        return found

    def vectors(self) -> list[tuple[Any, ...]]:
        """Give the metric vectors."""
        names = ', '.join(c.sql for c in comparison_of(self.layout).metrics)
        return self.connection.execute(f'SELECT {names} FROM {self.layout.table}').fetchall()

    def close(self) -> None:
        """Close the database."""
        self.connection.close()


def judged(*documents: dict[str, Any], name: str = 'T1w') -> list[tuple[Any, ...]]:
    """Give (in_scan, group_state, n_group, diameter) of records that came in this order."""
    views = Views(name)
    views.add([make_row(i, d) for i, d in enumerate(documents)])
    found = list(views.rows().values())
    views.close()
    return found


def states(*documents: dict[str, Any], name: str = 'T1w') -> list[str]:
    """Give the states of records that came in this order."""
    return [state for _, state, *_ in judged(*documents, name=name)]


def plainly_judged(
    rows: Sequence[tuple[Row, dict[str, Any]]],
    name: str = 'T1w',
    *,
    scales: Mapping[str, float | None] = METRICS,
    geometry: Sequence[str] = ('size_x',),
) -> dict[str, tuple[Any, ...]]:
    """Apply the policy in the plainest way, group by group, scan by scan."""
    found: dict[str, list[Any]] = {row.id: [False, None, None, None] for row, _ in rows}
    for _, some in groupby(sorted(rows, key=_md5sum), key=_md5sum):
        newest = max(some, key=lambda rd: (_version(rd), rd[0].created_at, rd[0].id))
        found[newest[0].id][0] = True
    for _, some in groupby(sorted(rows, key=_group(name)), key=_group(name)):
        group = sorted(some, key=lambda rd: rd[0].id)
        chosen, diameter = _representative([d for _, d in group], LIMIT[name], scales, geometry)
        for place, (row, _) in enumerate(group):
            state = 'quarantined' if chosen is None else 'member'
            found[row.id][1:] = ['canonical' if place == chosen else state, len(group), diameter]
    return {id_: tuple(row) for id_, row in sorted(found.items())}


def plainly_first(
    rows: Sequence[tuple[Row, dict[str, Any]]], judged: Mapping[str, tuple[Any, ...]]
) -> dict[str, list[str]]:
    """Find the records that came first of their scan in each view, scan by scan."""
    shown: dict[str, Callable[[str], bool]] = {
        'raw': lambda id_: True,
        'scan': lambda id_: judged[id_][0],
        'canonical': lambda id_: judged[id_][1] == 'canonical',
        'canonical+quarantined': lambda id_: judged[id_][1] != 'member',
    }
    found: dict[str, list[str]] = {}
    for view, is_shown in shown.items():
        seen = sorted((rd for rd in rows if is_shown(rd[0].id)), key=_md5sum)
        scans = (list(some) for _, some in groupby(seen, key=_md5sum))
        found[view] = sorted(min((rd[0].created_at, rd[0].id) for rd in s)[1] for s in scans)
    return found


def _representative(
    documents: list[dict[str, Any]],
    limit: float,
    metrics: Mapping[str, float | None],
    geometry: Sequence[str],
) -> tuple[int | None, float | None]:
    vectors = [[d.get(metric) for metric in metrics] for d in documents]
    if any(value is None for vector in vectors for value in vector):
        return None, None
    values = np.array(vectors, float)
    diameter = 0.0
    for spread, scale in zip(np.ptp(values, axis=0), metrics.values(), strict=True):
        if spread > 0:
            diameter = max(diameter, spread / scale if scale else np.inf)
    alike = len({tuple(d.get(n) for n in geometry) for d in documents}) == 1
    if diameter > limit or not alike:
        return None, diameter
    scales = np.array([scale or np.inf for scale in metrics.values()])
    distinct = sorted({tuple(v): i for i, v in reversed(list(enumerate(vectors)))}.values())
    scaled = values[distinct] / scales
    sums = [np.abs(scaled - one).sum() for one in scaled]
    best = next(i for i, s in enumerate(sums) if s <= min(sums) * (1 + 1e-9))
    return distinct[best], diameter


def _md5sum(row: tuple[Row, dict[str, Any]]) -> str:
    return str(row[1]['provenance']['md5sum'])


def _version(row: tuple[Row, dict[str, Any]]) -> tuple[bool, Version]:
    """Give the place of a version as PEP 440 has it; what is none comes first."""
    try:
        return True, Version(row[1]['provenance']['version'])
    except InvalidVersion:
        return False, Version('0')


def _group(name: str) -> Any:
    settings = {'T1w': ('testing',), 'T2w': ('testing',), 'bold': ('fd_thres', 'hmc_fsl')}[name]

    def key(row: tuple[Row, dict[str, Any]]) -> str:
        said = row[1]['provenance']
        chosen = [said['settings'].get(setting) for setting in settings]
        return repr((said['md5sum'], said['software'], said['version'], chosen))

    return key
