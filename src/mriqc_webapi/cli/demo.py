"""The bundled sample of real records, for an archive to try things on."""

from pathlib import Path

from mriqc_webapi.cli.intake import Judge, read_chunks
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.store import records
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.receipts import Secrets
from mriqc_webapi.submissions.sources import SourceReader

DEMO_DATA = Path(__file__).parent / 'demo_data'


def load_demo(store: Store, catalogue: Catalogue) -> int:
    """Fill an empty archive and count the records; one that ever held any stays as it is."""
    n_added = 0
    with store.write() as tx:  # all or nothing
        judge = Judge(catalogue, Limits(), Secrets.read(tx).pseudonym)
        if records.head(tx):
            return 0
        for file in sorted(DEMO_DATA.glob('*.zst')):
            with SourceReader(file) as reader:
                for chunk in read_chunks(reader):
                    n_added += len(insert_batch(tx, judge.batch(chunk).records))
    return n_added
