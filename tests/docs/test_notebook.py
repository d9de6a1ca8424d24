"""The notebook runs, and shows what it gives."""

import nbformat
import pytest

from tests.docs.first_look import NOTEBOOK, execute, texts

HINT = 'run: python -m tests.docs.first_look'
KEPT = nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope='module')
def executed(demo, tmp_path_factory):
    return execute(tmp_path_factory.mktemp('notebook'), root=demo.root)


def test_the_notebook_says_what_it_is_kept_with(executed):
    assert texts(executed) == texts(KEPT), HINT


@pytest.mark.parametrize('id', ['growth', 't1w', 'bold'])
def test_the_notebook_draws_the_figures(executed, id):
    [cell] = [c for c in executed.cells if c.id == id]
    assert [o.data['image/png'][:6] for o in cell.outputs] == ['iVBORw']


def test_the_kept_notebook_names_no_place_of_the_machine_that_ran_it():
    written = NOTEBOOK.read_text()
    assert '127.0.0.1' not in written.replace('http://127.0.0.1:5000', '')
    assert '/tmp' not in written
