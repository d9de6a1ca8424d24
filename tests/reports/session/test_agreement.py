"""What several raters make of one folder: agreement and tables."""

import json
import math

from sklearn.metrics import cohen_kappa_score

from mriqc_webapi.reports.session.ledger import Ledger
from mriqc_webapi.reports.session.opinions import opinions
from mriqc_webapi.reports.session.summary import as_document, measures
from mriqc_webapi.reports.session.tables import make_table
from tests.reports.session.conftest import Serve, Served

ADA, BEN = '443211', '433221'


def rate_all(served: Served, grades: str) -> None:
    """Rate each report by one digit, those that come twice by the same."""
    by_report = dict(zip(sorted({i.report for i in served.review.items}), grades, strict=True))
    for position, item in enumerate(served.review.items):
        served.rate(position, by_report[item.report])


def test_two_raters_agree_as_the_reference_says(serve: Serve, ledger: Ledger) -> None:
    rate_all(serve(rater='ada'), ADA)
    rate_all(serve(rater='ben'), BEN)
    (pair,) = as_document(opinions(ledger))['grade']['overall']['pairs']
    expected = cohen_kappa_score(list(ADA), list(BEN), weights='quadratic')
    assert pair['raters'] == ('ada', 'ben')
    assert math.isclose(pair['kappa_quadratic']['value'], expected)
    assert math.isclose(pair['percent']['value'], 4 / 6)


def test_repeats_tell_how_far_a_rater_agrees_with_themselves(serve: Serve, ledger: Ledger) -> None:
    served = serve(repeats=1.0)
    seen: dict[str, int] = {}
    for position, item in enumerate(served.review.items):
        served.rate(position, str(1 + (position % 2 if item.report in seen else 0)))
        seen[item.report] = position
    (own,) = as_document(opinions(ledger))['grade']['overall']['repeats']
    second = [p for p, item in enumerate(served.review.items) if item.occasion == 2]
    assert (own['rater'], own['n_images']) == ('ada', 6)
    assert math.isclose(own['percent']['value'], sum(p % 2 == 0 for p in second) / 6)


def test_a_second_session_counts_as_repeats_too(serve: Serve, ledger: Ledger) -> None:
    rate_all(serve(), ADA)
    rate_all(serve(anew=True), BEN)
    (own,) = as_document(opinions(ledger))['grade']['overall']['repeats']
    assert math.isclose(own['percent']['value'], 4 / 6)


def test_the_summary_shows_the_agreement(serve: Serve) -> None:
    rate_all(serve(rater='ada'), ADA)
    served = serve(rater='ben')
    rate_all(served, BEN)
    page = served.http.get(f'{served.address}/summary', timeout=30).text
    assert 'ada and ben' in page
    assert 'Krippendorff' in page
    assert '67 %' in page


def test_without_two_ratings_of_an_image_there_is_nothing_to_measure(
    serve: Serve, ledger: Ledger
) -> None:
    rate_all(serve(), ADA)
    assert measures(opinions(ledger)) == ()


def test_images_without_md5_agree_too(serve: Serve, ledger: Ledger, study) -> None:
    for path in study.glob('*/anat/*.json'):
        path.unlink()
    rate_all(serve(rater='ada'), ADA)
    rate_all(serve(rater='ben'), ADA)
    (pair,) = as_document(opinions(ledger))['grade']['overall']['pairs']
    assert pair['n_images'] == 6


def rows(ledger: Ledger, name: str) -> list[dict[str, str]]:
    """Read a table back from its TSV."""
    head, *lines = make_table(ledger, name).tsv().splitlines()
    return [dict(zip(head.split('\t'), line.split('\t'), strict=True)) for line in lines]


def test_the_table_of_ratings_has_a_row_per_standing_rating(serve: Serve, ledger: Ledger) -> None:
    served = serve()
    served.rate(0, '1.00')
    served.rate(0, '2.45', artifacts=['inu', 'wrap-around'], comment='two\nlines\tand a tab')
    (row,) = rows(ledger, 'ratings')
    assert (row['report'], row['score'], row['grade']) == ('sub-01_T1w.html', '2.45', 'poor')
    assert (row['artifacts'], row['comment']) == ('inu,wrap-around', 'two lines and a tab')


def test_the_history_has_them_all(serve: Serve, ledger: Ledger) -> None:
    served = serve()
    served.rate(0, '1.00')
    served.rate(0, '2.00')
    served.rate(1, '3.00')
    served.post('undo', {})
    assert [r['state'] for r in rows(ledger, 'history')] == ['amended', 'standing', 'undone']


def test_the_scans_have_a_row_per_image_with_the_consensus(serve: Serve, ledger: Ledger) -> None:
    serve(rater='ada').rate(0, '1.00', artifacts=['inu'])
    serve(rater='ben').rate(0, '2.00')
    (row,) = rows(ledger, 'scans')
    assert row == {
        'filename': 'sub-01/anat/sub-01_T1w.nii.gz',
        'qc_grade': 'exclude',
        'qc_certainty': 'n/a',
        'qc_score': '1.5',
        'qc_score_sd': '0.707',
        'qc_n_raters': '2',
        'qc_artifacts': 'inu',
    }


def test_the_participants_have_a_row_each_with_the_worst_of_theirs(
    serve: Serve, ledger: Ledger, study
) -> None:
    (study / 'sub-01_task-rest_bold.html').write_text('bold')
    served = serve()
    for position, item in enumerate(served.review.items):
        served.rate(position, '1.00' if 'bold' in item.report else '3.00')
    first = rows(ledger, 'participants')[0]
    assert first == {
        'participant_id': 'sub-01',
        'qc_n_images': '2',
        'qc_worst_grade': 'exclude',
        'T1w_qc_grade': 'acceptable',
        'T1w_qc_score': '3',
        'bold_qc_grade': 'exclude',
        'bold_qc_score': '1',
    }


def test_every_column_for_bids_is_described(serve: Serve, ledger: Ledger) -> None:
    served = serve()
    served.rate(0, '1.00')
    for name in ('scans', 'participants'):
        table = make_table(ledger, name)
        assert set(json.loads(table.sidecar())) == {*table.columns} - {
            'filename',
            'participant_id',
        }


def test_the_page_offers_the_tables(serve: Serve) -> None:
    served = serve()
    served.rate(0, '1.00')
    answer = served.http.get(f'{served.address}/tables/ratings.tsv', timeout=10)
    assert answer.text.startswith('report\tmd5sum')
    assert 'attachment' in answer.headers['content-disposition']
    missing = served.http.get(f'{served.address}/tables/secrets.tsv', timeout=10)
    assert missing.status_code == 404
