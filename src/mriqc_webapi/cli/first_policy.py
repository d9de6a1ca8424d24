"""The policy on duplicates that every archive starts with, made from the demo's real records.

``python -m mriqc_webapi.cli.first_policy src/mriqc_webapi/archive/policy_1.json`` writes it anew;
once published, a version never changes.
"""

import sys
import tempfile
from pathlib import Path

import orjson

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.freezing import measure_scales
from mriqc_webapi.archive.policy import Policy
from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.cli.waiting import wait_for
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store


def make_first_policy(folder: Path) -> Policy:
    """Measure the scales of the demo's records, in an archive made in an empty folder."""
    catalogue = load_catalogue()
    with Store.open(f'sqlite:///{folder / "store.sqlite"}') as store:
        load_demo(store, catalogue)
        with Archive.open(folder, catalogue=catalogue, store=store) as archive:
            wait_for(archive)
            return Policy(version=1, scales=measure_scales(archive))


def main() -> None:
    """Write the policy into the file that the command line names."""
    with tempfile.TemporaryDirectory() as folder:
        policy = make_first_policy(Path(folder))
    readable = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS
    Path(sys.argv[1]).write_bytes(orjson.dumps(orjson.loads(policy.content), option=readable))


if __name__ == '__main__':
    main()
