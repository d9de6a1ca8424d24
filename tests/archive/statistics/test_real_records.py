"""Statistics of real structural records, raw and one per group of repeats, are NumPy's."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from mriqc_webapi.archive.policy import first_policy
from mriqc_webapi.archive.regrouping import regroup_all
from mriqc_webapi.archive.statistics import describe
from mriqc_webapi.archive.statistics.distribution import Distribution
from mriqc_webapi.archive.statistics.facets import Facets
from mriqc_webapi.archive.statistics.outliers import Outliers
from mriqc_webapi.archive.statistics.summary import Summary
from mriqc_webapi.archive.views import View
from mriqc_webapi.iqm.loader import load_catalogue
from tests.archive.conftest import make_row
from tests.archive.repeats import plainly_judged
from tests.archive.statistics.conftest import Document, Laboratory, real_documents

Known = tuple[Laboratory, dict[View, list[Document]]]


@pytest.fixture(scope='module')
def t1w() -> Iterator[Known]:
    """Real T1w records, judged; and those that are in each view after the plainest rules."""
    documents = real_documents('T1w')
    laboratory = Laboratory(documents, load_catalogue()['T1w'])
    layout = laboratory.sample().layout
    regroup_all(laboratory.connection, layout, first_policy())
    rows = [(make_row(i, d), d) for i, d in enumerate(documents)]
    geometry = [c.name for c in layout.columns.values() if c.name.startswith(('size_', 'spacing'))]
    scales = first_policy().scales['T1w']
    judged = plainly_judged(rows, 'T1w', scales=scales, geometry=geometry)
    chosen = [d for row, d in rows if judged[row.id][1] == 'canonical']
    assert 0 < len(chosen) < len(documents)
    yield laboratory, {'raw': documents, 'canonical': chosen}
    laboratory.connection.close()


@pytest.mark.parametrize('view', ['raw', 'canonical'])
def test_every_iqm_is_summarised_as_by_numpy(t1w: Known, view: View):
    laboratory, documents = t1w
    told = laboratory.ask(Summary(), view=view)
    assert told['n_used'] == len(documents[view])
    for one in told['iqms']:
        held = (document.get(one['iqm']) for document in documents[view])
        values = np.array([value for value in held if value is not None], float)
        assert one['n_used'] == len(values)
        if not len(values):
            continue
        assert (one['min'], one['max']) == (values.min(), values.max())
        expected = np.percentile(values, describe.PERCENTILES)
        assert [p['value'] for p in one['percentiles']] == pytest.approx(expected, rel=1e-9)
        assert one['moments']['mean'] == pytest.approx(values.mean(), rel=1e-9)
        assert one['moments']['sd'] == pytest.approx(values.std(ddof=1), rel=1e-9)


@pytest.mark.parametrize('view', ['raw', 'canonical'])
def test_groups_of_a_view_hold_its_records_alone(t1w: Known, view: View):
    laboratory, documents = t1w
    field = 'provenance.version'
    versions = Counter(document['provenance']['version'] for document in documents[view])
    (facet,) = laboratory.ask(Facets(fields=(field,)), view=view)['facets']
    assert {value['value']: value['n'] for value in facet['values']} == versions
    asked = Distribution(iqm='cjv', bins=20, by=(field,), min_group=1)
    told = laboratory.ask(asked, view=view)
    edges = np.array(told['edges'])
    assert {g['group'][field] for g in told['groups']} == set(versions)
    for group in told['groups']:
        values = [
            document['cjv']
            for document in documents[view]
            if document['provenance']['version'] == group['group'][field]
        ]
        assert group['counts'] == np.histogram(values, edges)[0].tolist()


@pytest.mark.parametrize('view', ['raw', 'canonical'])
def test_outliers_are_those_of_the_view(t1w: Known, view: View):
    laboratory, documents = t1w
    values = np.array([document['cjv'] for document in documents[view]])
    median = np.median(values)
    limit = 2 * 1.4826 * np.median(np.abs(values - median))
    told = laboratory.ask(Outliers(iqm='cjv', k=2, limit=1000), view=view)
    expected = values[np.abs(values - median) > limit]
    assert sorted(one['value'] for one in told['outliers']) == sorted(expected)
    assert len(expected) > 0
