"""Who only sends needs none of what serving, tables and figures take."""

import subprocess
import sys

HEAVY = {'sqlalchemy', 'fastapi', 'duckdb', 'numpy', 'pandas', 'pyarrow', 'altair', 'jinja2'}
SCRIPT = """
import sys
from mriqc_webapi.client import submit
summary = submit({'bids_meta': {'modality': 'T1w'}}, url='http://127.0.0.1:9', patience_s=0)
assert summary.n_refused == 1, summary
print(*{name.partition('.')[0] for name in sys.modules})
"""


def test_nothing_heavy_is_imported_to_send():
    ran = subprocess.run(
        [sys.executable, '-c', SCRIPT], capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(ran.stdout.split())
