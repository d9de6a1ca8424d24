"""The page on which a study is compared: read in a real browser, from which nothing leaks."""

import gzip
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, Request

from tests.browser import Watched, watched_page
from tests.live import LiveService
from tests.web.asking import payload, upload

SECRET = 'sub-Planted1234'
EVIL = '<img src=x onerror="window.hacked = 1">'


def table(rows: list[dict[str, Any]], delimiter: str = '\t') -> bytes:
    """Write rows as MRIQC's group tables are."""
    head = list(rows[0])
    lines = [head, *([str(row[c]) for c in head] for row in rows)]
    return '\n'.join(delimiter.join(line) for line in lines).encode()


def numbers(**given: float) -> dict[str, float]:
    """Give the IQMs of one image."""
    found = {k: v for k, v in payload('T1w_real').items() if isinstance(v, int | float)}
    return found | given


def image(name: str, **given: float) -> dict[str, Any]:
    return {'bids_name': name, **numbers(**given)}


def file(name: str, content: bytes) -> FilePayload:
    return {'name': name, 'mimeType': 'application/octet-stream', 'buffer': content}


@pytest.fixture(scope='module')
def service(started: Callable[[str], LiveService]) -> LiveService:
    """A running service on one database: the script is tested here, its routes on both."""
    return started('sqlite')


@pytest.fixture(scope='module')
def archive(service: LiveService) -> list[float]:
    """Fill the archive with images whose cjv are known; gives them."""
    rng, values = np.random.default_rng(3), []
    documents = []
    for i in range(60):
        document = payload('T1w_real', version='23.1.0')
        document['bids_meta'] |= {'Manufacturer': ['GE', 'Philips'][i % 2]}
        values.append(float(rng.normal(0.5, 0.05)))
        documents.append(document | {'cjv': values[-1]})
    assert upload(service, documents).status_code == 201
    return values


@pytest.fixture
def watched(service: LiveService, browser: Browser, archive: list[float]) -> Iterator[Watched]:
    """The page, opened; it has complained of nothing in the end."""
    with watched_page(browser, accept_downloads=True) as opened:
        opened.page.goto(f'{service.root}/compare')
        yield opened
    assert opened.complaints == []


def give(page: Page, *files: FilePayload) -> None:
    """Choose files, and wait until something is said of them."""
    page.set_input_files('[data-part=files]', list(files))
    page.wait_for_selector('[data-part=status].good, [data-part=status].bad')


def status(page: Page) -> str:
    return page.inner_text('[data-part=status]')


def unusual(page: Page) -> list[list[str]]:
    found = page.locator('[data-part=unusual] tr').all()
    return [[c.inner_text() for c in row.locator('th, td').all()] for row in found]


def test_nothing_of_a_file_leaves_the_browser(watched: Watched) -> None:
    sent: list[str] = []

    def note(request: Request) -> None:
        headers = ' '.join(f'{k}: {v}' for k, v in request.all_headers().items())
        sent.append(f'{request.method} {request.url} {request.post_data or ""} {headers}')

    page = watched.page
    page.context.on('request', note)
    rows = [image(f'{SECRET}_T1w', cjv=0.123456789, secret_column=987654321.5)]
    give(page, file(f'{SECRET}_group_T1w.tsv', table(rows)))
    page.select_option('#vendor', 'GE')
    page.wait_for_url('**vendor=GE*')
    page.locator('[data-part=images] button').first.click()
    with page.expect_download():
        page.click('[data-part=download-all]')
    page.evaluate('scrollTo(0, document.body.scrollHeight)')
    page.wait_for_load_state('networkidle')
    assert len(sent) >= 2
    assert {line.split()[0] for line in sent} <= {'GET'}
    for planted in (SECRET, '0.1234', '123456789', 'secret_column', '987654321'):
        assert [line for line in [*sent, page.url] if planted in line] == []


def test_the_pages_policy_lets_nothing_go_elsewhere(service: LiveService) -> None:
    policy = requests.get(f'{service.root}/compare', timeout=15).headers['Content-Security-Policy']
    allowed = dict(part.strip().split(' ', 1) for part in policy.split(';'))
    assert allowed.get('connect-src', allowed['default-src']) == "'self'"
    assert allowed['form-action'] == "'self'"


def test_what_is_unusual_is_listed_by_how_much(watched: Watched) -> None:
    rows = [
        image('sub-01_T1w', cjv=0.5),
        image('sub-02_T1w', cjv=9e5),
        image('sub-03_T1w', cjv=5e5),
    ]
    give(watched.page, file('group_T1w.tsv', table(rows)))
    assert status(watched.page).startswith('3 T1w images of yours over ')
    found = [row for row in unusual(watched.page) if row[1] == 'cjv']
    assert [row[0] for row in found] == ['sub-02_T1w', 'sub-03_T1w']
    assert found[0][5] == 'above all peers'


def test_percentiles_agree_with_the_records_of_the_archive(
    service: LiveService, watched: Watched, tmp_path: Path
) -> None:
    page = watched.page
    told = requests.get(f'{service.root}/api/v2/T1w/distribution?iqm=cjv&ecdf=1001', timeout=60)
    xs, ps = (told.json()['ecdf'][k] for k in ('x', 'share'))
    wanted = [0.42, 0.47, 0.5, 0.56]
    rows = [image(f'sub-{i}_T1w', cjv=v) for i, v in enumerate(wanted)]
    give(page, file('group_T1w.tsv', table(rows)))
    with page.expect_download() as saved:
        page.click('[data-part=download-all]')
    saved.value.save_as(tmp_path / 'percentiles.tsv')
    head, *lines = (
        line.split('\t') for line in (tmp_path / 'percentiles.tsv').read_text().splitlines()
    )
    shown = [float(line[head.index('cjv')]) for line in lines]
    for value, percent in zip(wanted, shown, strict=True):
        expected = 100 * ps[int(np.searchsorted(xs, value, 'right')) - 1] if value >= xs[0] else 0
        assert percent == pytest.approx(expected, abs=3)


def test_a_folders_worth_of_json_files_is_read_in_a_zip_archive(watched: Watched) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as archive:
        for i in range(3):
            archive.writestr(f'out/sub-{i}/anat/sub-{i}_T1w.json', json.dumps(payload('T1w_real')))
        archive.writestr('out/dataset_description.json', '{"Name": "x"}')
        archive.writestr('out/sub-0_T1w.html', '<html>')
    packed_plainly = io.BytesIO()
    with zipfile.ZipFile(packed_plainly, 'w', zipfile.ZIP_STORED) as archive:
        archive.writestr('sub-9_T1w.json', json.dumps(payload('T1w_real')))
    give(
        watched.page,
        file('study.zip', packed.getvalue()),
        file('other.zip', packed_plainly.getvalue()),
    )
    assert status(watched.page).startswith('4 T1w images')
    assert 'dataset_description.json: no image quality metrics' in status(watched.page)


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('sub-1_T1w.json', json.dumps(payload('T1w_real')).encode()),
        ('sub-1_T1w.json', json.dumps(payload('T1w_real')).replace('{', '{"a": NaN,', 1).encode()),
        ('group_T1w.tsv.gz', gzip.compress(table([image('sub-1_T1w')]))),
        ('group_T1w.csv', table([image('"sub-1, the first_T1w"')], ',')),
        ('page.json', json.dumps({'_items': [payload('T1w_real')]}).encode()),
        ('group_T1w.tsv', b'\xef\xbb\xbf' + table([image('sub-1_T1w')]).replace(b'\n', b'\r\n')),
    ],
    ids=['json', 'json with NaN', 'gzip', 'commas', 'page of the API', 'BOM and CRLF'],
)
def test_each_form_of_a_study_is_read(watched: Watched, name: str, content: bytes) -> None:
    give(watched.page, file(name, content))
    assert status(watched.page).startswith('1 T1w images')


@pytest.mark.parametrize(
    ('name', 'content', 'words'),
    [
        ('notes.txt', b'hello', 'No image quality metrics'),
        ('broken.json', b'{"cjv": ', 'it is no JSON'),
        ('broken.zip', b'PK\x03\x04 and no more', 'no ZIP archive, or not a whole one'),
        ('image.nii.gz', b'\x1f\x8b', 'No image quality metrics'),
        ('group_T1w.tsv', b'bids_name\tage\nsub-1\t31\n', 'group_T1w.tsv'),
        ('empty.tsv', b'', 'No image quality metrics'),
    ],
)
def test_a_wrong_file_is_told_in_words_that_help(
    watched: Watched, name: str, content: bytes, words: str
) -> None:
    give(watched.page, file(name, content))
    assert words in status(watched.page)
    assert watched.page.is_hidden('[data-part=results]')


def test_a_kind_that_no_name_tells_can_be_chosen(service: LiveService, watched: Watched) -> None:
    rows = [image('first'), image('second')]
    give(watched.page, file('table.tsv', table(rows)))
    assert watched.page.is_visible('[data-part=guess]')
    options = watched.page.locator('#resource option').all_inner_texts()
    assert {o.split()[0] for o in options} == {'T1w', 'T2w'}


def test_peers_are_in_the_address_and_come_back_with_it(
    service: LiveService, watched: Watched
) -> None:
    page = watched.page
    page.goto(f'{service.root}/compare?resource=T1w&vendor=Philips&tail=5')
    give(page, file('group_T1w.tsv', table([image('sub-01_T1w')])))
    assert page.input_value('#vendor') == 'Philips'
    assert page.input_value('#tail') == '5'
    assert 'of Philips' in page.inner_text('[data-part=verdict]')


def test_names_and_cells_of_a_file_come_out_as_text(watched: Watched) -> None:
    page = watched.page
    rows = [image(f'{EVIL}_T1w', cjv=9.0), image('sub-2_T1w') | {EVIL: EVIL}]
    give(
        page,
        file(f'{EVIL}.tsv', table([rows[1] | rows[0] | {EVIL: 1}])),
        file(f'{EVIL}.zip', b'x'),
    )
    page.locator('[data-part=images] button').first.click()
    assert page.evaluate('window.hacked') is None
    assert EVIL in page.inner_text('[data-part=images]')
    assert f'{EVIL}.zip' in status(page)


def test_it_works_by_keys_alone(watched: Watched) -> None:
    page = watched.page
    give(page, file('group_T1w.tsv', table([image('sub-01_T1w', cjv=9.0), image('sub-02_T1w')])))
    page.focus('#tail')
    page.keyboard.press('ArrowDown')
    page.wait_for_url('**tail=2.5*')
    button = page.get_by_role('button', name='Show sub-01_T1w in the plots')
    button.focus()
    page.keyboard.press('Enter')
    assert button.get_attribute('aria-pressed') == 'true'
    assert page.inner_text('[data-part=plots-of]') == 'The mark is sub-01_T1w.'


def test_ten_thousand_images_are_compared_in_seconds(watched: Watched) -> None:
    rng, one = np.random.default_rng(5), numbers()
    rows = [
        {'bids_name': f'sub-{i:05d}_T1w'} | {k: v * f for k, v in one.items()}
        for i, f in enumerate(rng.lognormal(0, 0.2, 10_000))
    ]
    give(watched.page, file('group_T1w.tsv', table(rows)))
    assert status(watched.page).startswith('10,000 T1w images')
    assert watched.page.locator('[data-part=unusual] tr').count() == 50
    watched.page.click('[data-part=more-unusual]')
    assert watched.page.locator('[data-part=unusual] tr').count() == 100


def test_the_ranks_in_the_browser_are_those_of_the_sample(watched: Watched) -> None:
    """All percentiles of a sample known: its ranks follow, ties and ends included."""
    sample = sorted([1.0, 2.0, 2.0, 2.0, 3.0, 5.0, 8.0])
    population = {
        'n': len(sample),
        'percents': [100 * i / (len(sample) - 1) for i in range(len(sample))],
        'values': sample,
    }
    asked = [0.5, 1.0, 1.5, 2.0, 4.0, 8.0, 9.0]
    found = watched.page.evaluate(
        """async ([population, values]) => {
            const { rank } = await import('/static/percentile-ranks.js');
            return values.map((value) => rank(population, value));
        }""",
        [population, asked],
    )
    step = 100 / 6
    assert found == pytest.approx([0, 0, step / 2, 2 * step, 4.5 * step, 100, 100])


@pytest.mark.usefixtures('archive')
def test_without_script_the_tables_are_there(service: LiveService, browser: Browser) -> None:
    with watched_page(browser, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f'{service.root}/compare')
        assert 'no script' in page.inner_text('main')
        href = page.get_by_role('link', name='T1w', exact=True).get_attribute('href')
        table_ = requests.get(f'{service.root}{href}', timeout=60)
        assert table_.text.startswith('iqm,unit,better,n_used,n_missing,p0,p0.1,')


@pytest.mark.parametrize(('scheme', 'width'), [('light', 1280), ('dark', 390)])
def test_the_page_fits_and_is_open_to_everybody(
    service: LiveService, browser: Browser, archive: list[float], scheme: str, width: int
) -> None:
    view: Any = {'viewport': {'width': width, 'height': 900}, 'color_scheme': scheme}
    with watched_page(browser, **view) as watched:
        page = watched.page
        page.goto(f'{service.root}/compare')
        before = Axe().run(page).response['violations']
        give(page, file('group_T1w.tsv', table([image('sub-01_T1w', cjv=9.0), image('b_T1w')])))
        page.evaluate('scrollTo(0, document.body.scrollHeight)')
        after = Axe().run(page).response['violations']
        is_wider = page.evaluate('document.documentElement.scrollWidth > innerWidth')
    grave = [v['id'] for v in [*before, *after] if v['impact'] in {'serious', 'critical'}]
    assert (grave, watched.complaints, watched.foreign(service.root), is_wider) == (
        [],
        [],
        [],
        False,
    )


@pytest.mark.usefixtures('archive')
def test_a_lost_network_is_told_and_what_was_read_is_kept(
    service: LiveService, browser: Browser
) -> None:
    with watched_page(browser) as watched:
        page = watched.page
        page.goto(f'{service.root}/compare')
        page.context.set_offline(True)
        give(page, file('group_T1w.tsv', table([image(f'sub-{uuid.uuid4().hex}_T1w')])))
        assert 'cannot be reached' in status(page)
        page.context.set_offline(False)
        page.select_option('#tail', '5')
        page.wait_for_selector('[data-part=status].good')
