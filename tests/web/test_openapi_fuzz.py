"""Whatever the OpenAPI document allows, and much that it forbids, is answered as it says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store
from tests.live import TOKEN, LiveService

COMMAND = str(Path(sys.executable).with_name('schemathesis'))
OWN_COMMAND = Path(sys.executable).with_name('mriqc-webapi')
CHECKS = (
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_schema_conformance',
)
SEED = 20_170_601
MIN_OPERATIONS = 50
MIN_TESTED = 0.95  # of the operations; one that has nothing to vary is left out at times
MIN_ANSWERED = 0.7  # of the operations; some resources are empty
OFTEN = 0.7  # how often a parameter is something that the service knows
# Each field of a body gives a dozen cases, and one route takes all resources by the catalogue: one
# of single images and one of series stand for the rest, which chance asks as it does these.
ALIKE = '^POST /api/v1/(T2w|dwi|qap_.*)$'
N_ALIKE = 5

NAMES = ['efc', 'cjv', 'fd_mean', 'size_x', 'snr_total', 'n_group', 'bids_meta.EchoTime', 'nope']
FIELDS = ['vendor', 'epoch', 'vendor,field_strength', 'provenance.version', 'bids_meta', '_id']
FILTERS = [
    '{"cjv": {"$lt": 0.5}}',
    'fd_mean > 0.2 and efc < 0.7',
    '{"$or": [{"vendor": "Siemens"}, {"bids_meta.EchoTime": null}]}',
    '{"bids_meta.ImageType": {"$elemMatch": {"$eq": "PRIMARY"}}}',
    '{"_created": {"$gte": "2018-01-01"}}',
    '{"$nor": [{"rating": {"$exists": true}}]}',
    '{"cjv": {"$bad": 1}}',
    'efc >',
]


@pytest.fixture(scope='module')
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service with real records in it, and a release of them."""
    live = LiveService(tmp_path_factory.mktemp('fuzzed'))
    live.make_token()
    with Store.open(live.database) as store:
        load_demo(store, load_catalogue())
    release = [str(OWN_COMMAND), 'release', 'create', '--data-dir', str(live.data_dir)]
    subprocess.run(release, check=True, capture_output=True)
    with live:
        yield live


def known_values(live: LiveService) -> dict[str, list[str]]:
    """Give values of parameters that lead to answers, by place and name."""
    listed = {
        name: requests.get(f'{live.root}/api/v2/{name}/records?limit=2', timeout=30).json()
        for name in ('T1w', 'T2w', 'bold')
    }
    records = [item for page in listed.values() for item in page['items']]
    return {
        'path.id': [record['_id'] for record in records],
        'path.md5sum': [record['provenance']['md5sum'] for record in records],
        'path.name': ['0001'],
        'path.path': ['manifest.json', 'SHA256SUMS', '../0001/manifest.json'],
        'query.where': FILTERS,
        'query.iqm': NAMES,
        'query.x': NAMES,
        'query.y': NAMES,
        'query.iqms': ['efc,fber', 'efc,size_x,size_y', 'efc', ''],
        'query.by': FIELDS,
        'query.fields': FIELDS,
        'query.sort': ['-efc', 'cjv,-_created', 'nope'],
        'query.since': ['2020-01-01', listed['T1w']['since'], 'yesterday'],
        'query.cursor': [listed['T1w']['next'], 'nothing'],
        'query.percentiles': ['5,50,95', '101'],
        'query.range': ['0.1,0.9', '0.9,0.1', 'a'],
    }


def write_config(live: LiveService, path: Path) -> None:
    values = known_values(live)
    lines = [
        f'parameters."{name}" = {{dictionary = "d{number}", probability = {OFTEN}}}'
        for number, name in enumerate(values)
    ]
    for number, known in enumerate(values.values()):
        lines += [f'[dictionaries.d{number}]', f'values = {json.dumps(known)}']
    lines += ['[[operations]]', f'include-name-regex = {json.dumps(ALIKE)}']
    lines += ['phases.coverage.enabled = false']
    path.write_text('\n'.join(lines) + '\n')


def ask_everything(live: LiveService, folder: Path, *, phases: str, n: int) -> Any:
    """Let schemathesis ask; give its report."""
    config, report = folder / 'schemathesis.toml', folder / 'report.json'
    write_config(live, config)
    done = subprocess.run(
        [
            *(COMMAND, '--config-file', str(config), 'run', f'{live.root}/docs/api/api-docs'),
            *('--url', live.root, '--header', f'Authorization: Bearer {TOKEN}'),
            *('--phases', phases, '--mode', 'all', '--max-examples', str(n)),
            *('--checks', ','.join(CHECKS), '--seed', str(SEED), '--generation-deterministic'),
            *('--no-shrink', '--continue-on-failure'),
            *('--suppress-health-check', 'all', '--warnings', 'off'),
            *('--report', 'json', '--report-json-path', str(report), '--no-color'),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    return json.loads(report.read_text())


def assert_most_was_asked(report: Any, *, n_left_out: int = 0) -> None:
    asked = report['operations']
    assert asked['total'] >= MIN_OPERATIONS
    assert asked['tested'] >= MIN_TESTED * (asked['total'] - n_left_out), asked


@pytest.mark.timeout(600)
def test_every_answer_has_a_documented_status_and_type(live: LiveService, tmp_path: Path) -> None:
    report = ask_everything(live, tmp_path, phases='examples,coverage', n=1)
    assert_most_was_asked(report, n_left_out=N_ALIKE)
    assert report['test_cases']['generated'] >= 5_000


@pytest.mark.timeout(600)
def test_so_has_every_answer_to_chance_and_most_addresses_answer(
    live: LiveService, tmp_path: Path
) -> None:
    report = ask_everything(live, tmp_path, phases='fuzzing', n=8)
    assert_most_was_asked(report)
    assert report['test_cases']['generated'] >= 280
    rates = report['valid_rates']
    answered = {name for name, rate in rates.items() if rate['fuzzing']['accepted']}
    assert len(answered) >= MIN_ANSWERED * len(rates), sorted(rates.keys() - answered)


def test_the_service_is_as_well_as_before(live: LiveService) -> None:
    assert requests.get(f'{live.root}/readyz', timeout=30).status_code == 200
    told = ''.join(live.lines)
    assert 'unexpected fault' not in told, told[-5_000:]
