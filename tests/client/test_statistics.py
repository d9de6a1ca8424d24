"""Answers as tables, figures and files."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from mriqc_webapi.errors import NotFoundError, QueryError


def test_growth_is_a_row_per_resource_and_period(archive):
    growth = archive.growth(view='raw')
    frame = growth.frame
    assert set(frame['resource']) == {'T1w', 'T2w', 'bold'}
    assert frame.groupby('resource')['new'].sum().sum() == growth.n_used
    assert growth.resource == ''


def test_groups_of_a_growth_are_columns(archive):
    frame = archive.growth('bold', by='vendor').frame
    assert {'Siemens', 'GE'} <= set(frame['vendor'].dropna())


def test_a_histogram_counts_what_the_frame_holds(archive):
    told = archive.distribution('T1w', 'cjv', bins=5, view='raw')
    values = archive.iqms('T1w')['cjv']
    counts, edges = np.histogram(values, bins=5)
    np.testing.assert_array_equal(told.frame['n'], counts)
    np.testing.assert_allclose(told.frame['low'], edges[:-1])
    assert told.percentiles[50.0] == pytest.approx(values.median())
    assert told.moments['mean'] == pytest.approx(values.mean())


def test_groups_of_a_histogram_add_up(archive):
    told = archive.distribution('T1w', 'cjv', by='vendor', view='raw')
    assert told.frame['n'].sum() == told.n_used


def test_distributions_are_those_of_the_poster_over_the_middle_of_their_range(archive):
    told = archive.distributions('bold')
    assert list(told.frame['iqm'].unique()) == [
        *('fd_mean', 'dvars_nstd', 'gcor', 'gsr_x', 'gsr_y', 'tsnr')
    ]
    fd = told.document['distributions'][0]
    assert fd['edges'][-1] < archive.distribution('bold', 'fd_mean').document['max']


def test_distributions_of_a_modality_unknown_to_the_poster_need_names(archive):
    with pytest.raises(QueryError, match='say which IQMs'):
        archive.distributions('dwi')


def test_a_summary_is_a_row_per_iqm(archive):
    frame = archive.summary('T1w', view='raw').frame.set_index('iqm')
    values = archive.iqms('T1w')['efc']
    assert frame.loc['efc', 'p50'] == pytest.approx(values.median())
    assert frame.loc['efc', 'sd'] == pytest.approx(values.std())


def test_facets_count_values(archive):
    frame = archive.facets('T1w', ['vendor'], view='raw').frame
    vendors = archive.iqms('T1w')['vendor'].value_counts()
    assert dict(zip(frame['value'], frame['n'], strict=True)) == vendors.to_dict()


def test_a_relation_is_a_row_per_cell_that_holds_any(archive):
    told = archive.relation('T1w', 'cjv', 'cnr', bins=4)
    assert told.frame['n'].sum() == told.n_used
    assert (told.frame['n'] > 0).all()


def test_correlations_come_as_matrix_and_as_pairs(archive):
    told = archive.correlation('T1w', 'cjv,cnr,efc', view='raw')
    values = pd.DataFrame(archive.iqms('T1w'))[['cjv', 'cnr', 'efc']]
    pd.testing.assert_frame_equal(told.pearson, values.corr())
    pd.testing.assert_frame_equal(told.spearman, values.corr(method='spearman'))
    assert len(told.frame) == 3


@pytest.mark.parametrize(
    ('ask', 'column'),
    [
        (lambda a: a.protocols('T1w'), 'n'),
        (lambda a: a.outliers('T1w', 'cjv', low=0.3), 'value'),
        (lambda a: a.coverage('T1w'), 'n_present'),
        (lambda a: a.percentiles('T1w', 'cjv'), 'p50'),
    ],
)
def test_other_answers_are_tables_as_well(archive, ask, column):
    frame = ask(archive).frame
    assert len(frame) > 0
    assert column in frame


def test_every_answer_says_what_it_rests_on(archive):
    told = archive.summary('T1w', view='scan', where='cjv < 0.5')
    assert (told.resource, told.view) == ('T1w', 'scan')
    assert told.n_used > 0
    assert told.data_version > 0


@pytest.mark.parametrize(
    'ask',
    [
        lambda a: a.growth(),
        lambda a: a.distribution('T1w', 'cjv', by='vendor'),
        lambda a: a.distributions('bold'),
        lambda a: a.relation('T1w', 'cjv', 'cnr'),
        lambda a: a.correlation('T1w', 'cjv,cnr,efc'),
    ],
)
def test_answers_are_drawn_and_saved(archive, ask, tmp_path):
    told = ask(archive)
    assert told.plot().to_dict()['title']
    told.save(tmp_path / 'figure.svg')
    assert ET.parse(tmp_path / 'figure.svg').getroot().tag.endswith('svg')


def test_what_has_no_figure_says_so(archive):
    with pytest.raises(NotFoundError, match='no figure'):
        archive.summary('T1w').plot()


def test_ratings_labels_and_dictionary_are_frames(archive):
    ratings, labels = archive.ratings(), archive.labels('T1w')
    assert {'md5sum', 'scale', 'score', 'grade'} <= set(ratings)
    assert ratings['score'].between(1, 4).all()
    joined = archive.iqms('T1w').merge(labels, left_on='provenance.md5sum', right_on='md5sum')
    assert len(joined) > 0
    assert 'fd_mean' in set(archive.dictionary('bold')['name'])


def test_ratings_of_one_rater_can_be_asked_for(archive):
    everybody = archive.ratings()
    name = everybody['rater'].iloc[0]
    mine = archive.ratings(rater=name)
    assert 0 < len(mine) < len(everybody)
    assert set(mine['rater']) == {name}


def test_releases_are_listed(archive):
    assert archive.releases()['release'].tolist() == [1]
