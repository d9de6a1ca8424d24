"""What is private is read by nobody."""

import re
from pathlib import Path

from mriqc_webapi.store import engine, records
from mriqc_webapi.store.drift import read_ledger
from mriqc_webapi.store.insert import insert_batch
from tests.factories import MD5, make_note, ready_record

SECRET = 'jane@example.org'
FOLDER = Path(engine.__file__).parent


def test_no_look_up_gives_a_planted_secret(store):
    record = ready_record(private={'provenance.email': SECRET}, key=SECRET, notes=(make_note(),))
    with store.write() as tx:
        (outcome,) = insert_batch(tx, [record])
    with store.read() as tx:
        page = {'resource': 'T1w', 'offset': 0, 'limit': 9}
        found = [
            outcome,
            records.find_item(tx, resource='T1w', id=record.id),
            records.page(tx, **page),
            records.documents(tx, seqs=[1]),
            records.find_by_md5(tx, md5sums=[MD5], **page),
            records.find_by_ids(tx, ids=[record.id], **page),
            records.changes(tx, after=0, limit=9),
            read_ledger(tx),
        ]
        assert all(found)
        assert SECRET not in repr(found)
        stored = tx.exec_driver_sql('SELECT content FROM private').scalar_one()
    assert SECRET in stored


def test_only_what_stores_or_takes_away_names_the_private_table():
    naming = {
        path.name
        for path in FOLDER.glob('*.py')
        if re.search(r"(FROM|JOIN|INTO|UPDATE) private\b|table='private'", path.read_text())
    }
    assert naming == {'holders.py', 'holds.py', 'insert.py', 'withdrawal.py'}
