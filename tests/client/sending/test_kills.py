"""Whatever befalls client and network, each record arrives once."""

from tests.client.sending.killing import N_KILLS, send_and_kill

N_RECORDS = 1_000  # benchmarks/submit.py does it with 10,000


def test_killed_five_times_before_a_bad_network_each_record_arrives_once(tmp_path):
    course = send_and_kill(tmp_path, N_RECORDS)
    assert course.n_kills == N_KILLS
    assert course.n_bad > 0.15 * course.n_requests
    assert course.summary['n_spooled'] == course.summary['n_refused'] == 0
    assert course.arrived == course.sent
    assert sorted(receipt['md5sum'] for receipt in course.receipts) == course.sent
    assert all(receipt['receipt'].startswith('mrq_') for receipt in course.receipts)
