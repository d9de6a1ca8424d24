"""Runs the notebook and keeps what it shows: ``python -m tests.docs.first_look``."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store
from tests.docs.blocks import ROOT
from tests.live import LiveService

NOTEBOOK = ROOT / 'docs' / 'notebooks' / 'first-look.ipynb'


def execute(folder: Path, *, root: str) -> NotebookNode:
    """Run the notebook in a folder of its own, against the service at ``root``."""
    shutil.copy(NOTEBOOK.with_name('group_T1w.tsv'), folder)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    settings = f'%env MRIQC_WEBAPI_URL={root}\n%env XDG_CACHE_HOME={folder}\n'
    first = next(cell for cell in notebook.cells if cell.cell_type == 'code')
    written, first.source = first.source, settings + first.source
    client = NotebookClient(
        notebook,
        timeout=120,
        resources={'metadata': {'path': str(folder)}},
        record_timing=False,
    )
    client.execute()
    first.source, first.outputs = written, []
    notebook.metadata['language_info'] = {'name': 'python'}
    return notebook


def texts(notebook: NotebookNode) -> dict[str, list[str]]:
    """Give what each cell says, without its pictures."""
    return {
        cell.id: [
            output.get('text') or output['data']['text/plain']
            for output in cell.outputs
            if 'image/png' not in output.get('data', {})
        ]
        for cell in notebook.cells
        if cell.cell_type == 'code'
    }


def main() -> None:
    """Run it against a demo, and write it anew."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        live = LiveService(folder / 'data')
        with Store.open(live.database) as store:
            load_demo(store, load_catalogue())
        with live:
            nbformat.write(execute(folder, root=live.root), NOTEBOOK)


if __name__ == '__main__':
    main()
