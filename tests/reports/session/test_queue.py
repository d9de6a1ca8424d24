"""The order of a session, and its repeats."""

import pytest

from mriqc_webapi.errors import QueryError
from mriqc_webapi.reports.session.queue import (
    MIN_DISTANCE,
    Options,
    shuffled,
    with_repeats,
    worst_first,
)
from tests.reports.session.conftest import Serve

REPORTS = [f'sub-{i:02d}_T1w.html' for i in range(1, 41)]


def test_a_seed_gives_the_same_order_again_and_another_seed_another() -> None:
    assert shuffled(REPORTS, seed=7) == shuffled(REPORTS[::-1], seed=7)
    assert shuffled(REPORTS, seed=7) != shuffled(REPORTS, seed=8)
    assert sorted(shuffled(REPORTS, seed=7)) == REPORTS


def test_reports_without_the_iqm_come_last() -> None:
    values = {REPORTS[0]: 9.0, REPORTS[1]: 2.0, REPORTS[3]: float('nan')}
    assert worst_first(REPORTS[:4], values, low_first=True) == [REPORTS[i] for i in (1, 0, 2, 3)]


@pytest.mark.parametrize(('share', 'n'), [(0, 0), (0.1, 4), (0.11, 5), (1, 40)])
def test_a_share_of_reports_is_repeated(share: float, n: int) -> None:
    queue = with_repeats(REPORTS, share=share, seed=1)
    assert [i.report for i in queue if i.occasion == 1] == REPORTS
    again = [i.report for i in queue if i.occasion == 2]
    assert len(again) == len(set(again)) == n


@pytest.mark.parametrize('seed', range(20))
def test_a_repeat_keeps_its_distance(seed: int) -> None:
    queue = with_repeats(REPORTS, share=0.2, seed=seed)
    firsts = [i.report for i in queue if i.occasion == 1]
    for place, item in enumerate(queue):
        if item.occasion == 2:
            seen = [i.report for i in queue[:place] if i.occasion == 1]
            assert len(seen) - firsts.index(item.report) >= MIN_DISTANCE


def test_a_single_report_can_be_repeated() -> None:
    assert [i.occasion for i in with_repeats(REPORTS[:1], share=1, seed=0)] == [1, 2]


def test_worst_first_follows_the_catalogue(serve: Serve) -> None:
    by_snr = [i.report for i in serve(sort_by='snr_total').review.items]
    assert by_snr[0] == 'sub-06_T1w.html'  # low is bad
    by_cjv = [i.report for i in serve(sort_by='cjv', anew=True).review.items]
    assert by_cjv[0] == 'sub-06_T1w.html'  # high is bad
    lowest = [i.report for i in serve(sort_by='cjv:low', anew=True).review.items]
    assert lowest[0] == 'sub-01_T1w.html'


@pytest.mark.parametrize('wanted', ['size_x', 'nonsense', 'snr_total:middle', 'disagreement'])
def test_an_order_that_cannot_be_made_is_refused_with_words(serve: Serve, wanted: str) -> None:
    with pytest.raises(QueryError, match=r'sort by|say \w+:low|two raters'):
        serve(sort_by=wanted)


def test_what_raters_disagree_on_comes_first(serve: Serve) -> None:
    grades = {'ada': '3333', 'ben': '3143'}
    for name, given in grades.items():
        served = serve(rater=name)
        for position, grade in enumerate(given):
            served.rate(position, grade)
    order = [i.report for i in serve(rater='eve', sort_by='disagreement').review.items]
    assert order[:2] == ['sub-02_T1w.html', 'sub-03_T1w.html']


def test_a_session_goes_on_with_its_options_and_refuses_others(serve: Serve) -> None:
    first = serve(seed=3).review
    again = serve().review
    assert (again.id, again.items) == (first.id, first.items)
    assert again.options == Options(seed=3)
    with pytest.raises(QueryError, match='another seed: leave the options out'):
        serve(seed=4)


def test_reports_that_come_later_are_put_behind_the_others(serve: Serve, study) -> None:
    serve(seed=3)
    (study / 'sub-00_T1w.html').write_text('new')
    assert serve().review.items[-1].report == 'sub-00_T1w.html'


def test_a_report_that_is_gone_is_passed_over(serve: Serve, study) -> None:
    serve()
    (study / 'sub-02_T1w.html').unlink()
    review = serve().review
    assert review.next_after(0, {}) == 2
    assert review.progress({}).n_items == 5
