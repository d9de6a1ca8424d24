"""Papers from a BibTeX file."""

import pytest

from mriqc_webapi.errors import CatalogueError
from mriqc_webapi.iqm.references import read_references

PAPER = """@article{cox1996,
  author = {Cox, Robert W.},
  title = {AFNI},
  journal = {Computers and Biomedical Research},
  year = {1996},
  volume = {29},
  pages = {162--173},
  doi = {10.1006/cbmr.1996.0014},
}
"""


def test_a_paper_is_cited_by_author_year_title_and_place():
    paper = read_references(PAPER, file='a.bib')['cox1996']
    assert paper.citation == 'Cox (1996), AFNI, Computers and Biomedical Research 29:162-173'
    assert paper.url == 'https://doi.org/10.1006/cbmr.1996.0014'


@pytest.mark.parametrize(
    ('authors', 'cited'),
    [
        ('Cox, Robert W. and Hyde, James S.', 'Cox and Hyde (1996)'),
        ('Cox, R. and Hyde, J. and others', 'Cox et al. (1996)'),
        ('{The AFNI developers}', 'The AFNI developers (1996)'),
    ],
)
def test_authors_are_shortened(authors, cited):
    text = PAPER.replace('Cox, Robert W.', authors)
    assert read_references(text, file='a.bib')['cox1996'].citation.startswith(cited + ',')


def test_a_work_without_doi_is_found_by_its_address():
    text = (
        '@misc{x,\n  author = {A},\n  title = {B},\n  year = {2020},\n  url = {https://x.org},\n}'
    )
    reference = read_references(text, file='a.bib')['x']
    assert (reference.doi, reference.url) == ('', 'https://x.org')


@pytest.mark.parametrize(
    ('text', 'error'),
    [
        (PAPER.replace('  year = {1996},\n', ''), "a.bib:1: 'cox1996' lacks year"),
        (PAPER + '\n' + PAPER, "a.bib:11: 'cox1996' is cited twice"),
        (PAPER.replace('volume = {29}', 'volume = 29'), 'a.bib:6: expected one'),
        (PAPER.removesuffix('}\n'), "a.bib:1: 'cox1996' is not closed"),
        ('% a remark\nwords', 'a.bib:2: expected one'),
    ],
)
def test_an_error_says_file_and_line(text, error):
    with pytest.raises(CatalogueError) as caught:
        read_references(text, file='a.bib')
    assert str(caught.value).startswith(error)
