"""Where the values of an image stand among those of an archive."""

import numpy as np
import pandas as pd
import pytest

from mriqc_webapi.errors import PlaceError
from mriqc_webapi.extract.peers import PeerTable, fetch_peers

TABLE = PeerTable(percentiles=(0.0, 50.0, 75.0, 100.0), values={'cjv': (0.2, 0.4, 0.4, 0.8)})


@pytest.mark.parametrize(
    ('value', 'rank'),
    [(0.1, 0), (0.2, 0), (0.3, 25), (0.4, 62.5), (0.6, 87.5), (0.8, 100), (2, 100)],
)
def test_a_rank_is_interpolated(value, rank):
    assert TABLE.ranks({'cjv': value}) == {'cjv': pytest.approx(rank)}


def test_what_has_no_value_or_no_peers_has_no_rank():
    assert TABLE.ranks({'cjv': None, 'efc': 0.5, 'bids_meta': {}}) == {}


@pytest.fixture(scope='module')
def archive(tmp_path_factory):
    """A table of records, the smallest archive."""
    values = np.linspace(0.2, 0.8, 101)
    few = np.where(np.arange(101) < 5, 1.0, np.nan)
    path = tmp_path_factory.mktemp('archive') / 'T1w.parquet'
    table = {'_id': [str(i) for i in range(101)], 'cjv': values, 'efc': few}
    pd.DataFrame(table).to_parquet(path)
    return path


def test_an_archive_on_disk_gives_ranks(archive):
    found = fetch_peers(str(archive), ['T1w', 'bold'])
    assert found.keys() == {'T1w'}
    assert found['T1w'].ranks({'cjv': 0.5, 'efc': 1.0}) == {'cjv': pytest.approx(50, abs=1e-6)}


def test_no_archive_is_an_error_of_its_own(tmp_path):
    with pytest.raises(PlaceError):
        fetch_peers(str(tmp_path / 'nowhere'), ['T1w'])
