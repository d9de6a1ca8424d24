"""The standing of a record among its peers, against counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.archive.statistics.standing import Standing
from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.query.where import parse_where
from tests.archive.statistics.conftest import FEW, Laboratory

OWN = 'f' * 32
T1W = load_catalogue(None)['T1w']


def scan(cjv, *, md5sum=None, maker='Siemens', version='23.1.0', tesla=3, **more):
    """Make a record; without an MD5 it is a scan of its own."""
    return {
        'cjv': cjv,
        'bids_meta': {'Manufacturer': maker, 'MagneticFieldStrength': tesla},
        'provenance': {'md5sum': md5sum, 'software': 'mriqc', 'version': version},
        **more,
    }


def place(told, iqm='cjv'):
    (found,) = (one for one in told['iqms'] if one['iqm'] == iqm)
    return found


def ask(laboratory, **given):
    """Ask for the standing of the first record."""
    population = {k: given.pop(k) for k in ('where', 'view') if k in given}
    return laboratory.ask(Standing(id=f'{0:024x}', **({'min_peers': 1} | given)), **population)


def test_the_ranks_of_real_records_are_those_that_numpy_counts(bold):
    documents, laboratory = bold
    md5sums = np.array([d['provenance']['md5sum'] for d in documents])
    for row in (0, 17, len(documents) - 1):
        told = laboratory.ask(Standing(id=f'{row:024x}', percentiles=(25.0, 50.0)))
        peers = np.flatnonzero(md5sums != md5sums[row])
        assert told['n_used'] + told['n_missing'] == len(peers)
        for one in told['iqms']:
            own = documents[row].get(one['iqm'])
            held = [documents[i].get(one['iqm']) for i in peers]
            values = np.array([v for v in held if v is not None], float)
            assert (one['value'], one['n_used']) == (own, len(values))
            if own is not None:
                rank = (np.mean(values < own) + np.mean(values == own) / 2) * 100
                assert one['percentile'] == pytest.approx(rank, rel=1e-9)
            if len(values):
                assert one['peers'] == pytest.approx(np.percentile(values, [25, 50]), rel=1e-9)


numbers = st.one_of(st.none(), st.integers(-3, 3).map(float))


@FEW
@given(st.floats(-4, 4), st.lists(numbers, max_size=30))
def test_below_and_equal_are_counted_over_those_that_have_a_value(own, others):
    laboratory = Laboratory([scan(own), *map(scan, others)])
    one = place(ask(laboratory))
    laboratory.connection.close()
    values = [v for v in others if v is not None]
    assert (one['n_used'], one['n_missing']) == (len(values), len(others) - len(values))
    assert one['n_below'] == sum(v < own for v in values)
    assert one['n_equal'] == sum(v == own for v in values)


def test_other_records_of_the_same_image_are_no_peers(lab):
    laboratory = lab([scan(1.0, md5sum=OWN), scan(0.0, md5sum=OWN), scan(2.0, md5sum='a' * 32)])
    assert place(ask(laboratory))['n_used'] == 1


@pytest.mark.parametrize(
    ('peers', 'n'), [('all', 4), ('epoch', 3), ('scanner', 1)], ids=['all', 'epoch', 'scanner']
)
def test_peers_share_epoch_and_scanner_as_asked(lab, peers, n):
    laboratory = lab(
        [
            scan(1.0),
            scan(2.0, maker='SIEMENS Healthineers', tesla=2.89, version='23.1.1'),
            scan(2.0, maker='GE'),
            scan(2.0, tesla=1.5),
            scan(2.0, version='22.0.6'),
        ],
        T1W,
    )
    assert place(ask(laboratory, peers=peers))['n_used'] == n


def test_what_peers_share_is_told_and_what_the_record_lacks_does_not_narrow(lab):
    laboratory = lab([scan(1.0, maker=None), scan(2.0, maker='GE')], T1W)
    told = ask(laboratory, peers='scanner')
    assert told['same'] == {'epoch': 'mriqc-23.1', 'field_strength': 3}
    assert told['n_used'] == 1


def test_a_filter_narrows_the_peers_and_not_the_record(lab):
    laboratory = lab([scan(1.0), scan(0.0), scan(5.0)])
    told = ask(laboratory, where=parse_where('{"cjv": {"$gt": 4}}'))
    assert (place(told)['value'], place(told)['percentile']) == (1.0, 0.0)


def test_equal_values_count_half(lab):
    one = place(ask(lab([scan(1.0), scan(1.0), scan(0.0), scan(2.0), scan(2.0)])))
    assert one['percentile'] == pytest.approx(100 * 1.5 / 4)


def test_too_few_peers_give_no_percentile_but_their_number(lab):
    laboratory = lab([scan(1.0)] + [scan(float(i)) for i in range(19)])
    one = place(ask(laboratory, min_peers=20))
    assert (one['percentile'], one['n_used'], one['n_below']) == (None, 19, 1)


def test_an_iqm_that_the_record_lacks_has_no_place(lab):
    one = place(ask(lab([scan(None), scan(1.0)])))
    assert (one['value'], one['percentile'], one['n_below']) == (None, None, None)
    assert one['n_used'] == 1


def test_a_fraction_in_a_field_of_whole_numbers_counts(lab):
    laboratory = lab([scan(1.0, size_x=2.5), scan(1.0, size_x=2), scan(1.0, size_x=3)])
    one = place(ask(laboratory), 'size_x')
    assert (one['value'], one['percentile']) == (2.5, 50)


def test_a_record_that_is_not_there_is_not_found(lab):
    with pytest.raises(NotFoundError):
        lab([scan(1.0)]).ask(Standing(id='f' * 24))


def test_nobody_has_no_standing(lab):
    told = ask(lab([scan(1.0)]), percentiles=(50.0,))
    assert (told['n_used'], place(told)['percentile'], place(told)['peers']) == (0, None, [None])
