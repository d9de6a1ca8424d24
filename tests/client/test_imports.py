"""What importing the client costs, and what it must not pull in."""

import subprocess
import sys

import pytest

HEAVY = (
    *('sqlalchemy', 'fastapi', 'starlette', 'pydantic', 'uvicorn', 'duckdb', 'numpy'),
    *('pandas', 'pyarrow', 'altair', 'rich', 'httpx2'),
)


def modules_after(script: str) -> set[str]:
    told = f'{script}\nimport sys; print(*sys.modules)'
    done = subprocess.run([sys.executable, '-c', told], capture_output=True, text=True, check=True)
    return {name.partition('.')[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    'script', ['import mriqc_webapi', 'from mriqc_webapi import Archive, AsyncArchive']
)
def test_the_client_is_imported_without_what_only_tables_or_the_service_need(script):
    assert modules_after(script).isdisjoint(HEAVY)


def test_the_package_itself_imports_no_client():
    done = subprocess.run(
        [sys.executable, '-c', 'import mriqc_webapi, sys; print(*sys.modules)'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'mriqc_webapi.client' not in done.stdout.split()


def test_tables_on_this_machine_need_nothing_of_the_service(tmp_path):
    import pandas as pd

    pd.DataFrame({'_id': ['a'], 'cjv': [0.5]}).to_parquet(tmp_path / 'T1w.parquet')
    script = (
        'from mriqc_webapi import Archive\n'
        f'a = Archive({str(tmp_path / "T1w.parquet")!r}, cache=False)\n'
        "a.iqms('T1w', 'cjv < 1'); a.distribution('T1w', 'cjv', view='raw')"
    )
    assert modules_after(script).isdisjoint({'sqlalchemy', 'fastapi', 'starlette', 'pydantic'})


def test_no_other_name_is_there():
    import mriqc_webapi

    with pytest.raises(AttributeError, match='nothing_of_the_kind'):
        mriqc_webapi.nothing_of_the_kind  # noqa: B018


BASE_ONLY = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {blocked}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)

sys.meta_path.insert(0, Missing())
"""
NOT_IN_THE_BASE = {
    *set(HEAVY) - {'rich', 'httpx2'},
    *('jinja2', 'alembic', 'psycopg', 'vl_convert', 'uvloop', 'httptools', 'polars'),
}


def run_with_the_base_alone(script: str) -> subprocess.CompletedProcess[str]:
    whole = BASE_ONLY.format(blocked=NOT_IN_THE_BASE) + script
    return subprocess.run(
        [sys.executable, '-c', whole], capture_output=True, text=True, check=False
    )


def test_the_base_alone_reads_records_ratings_and_files(demo, tmp_path):
    done = run_with_the_base_alone(
        f"""
from mriqc_webapi import Archive
from mriqc_webapi.errors import MissingPackageError
archive = Archive({demo.root!r}, cache=False)
assert len(archive.records('T2w', limit=3)) == 3
assert archive.rating_rows()
assert archive.growth().n_used
assert archive.download('T2w', {str(tmp_path / 'T2w.parquet')!r}) > 1000
try:
    archive.iqms('T2w')
except MissingPackageError as error:
    print(error)
"""
    )
    assert done.returncode == 0, done.stderr
    assert 'pip install "mriqc-webapi[frames]"' in done.stdout


def test_every_command_has_help_with_the_base_alone():
    from mriqc_webapi.cli import load_commands
    from mriqc_webapi.cli.registry import COMMANDS

    load_commands()
    done = run_with_the_base_alone(
        f"""
from mriqc_webapi.cli import main
for name in {sorted(COMMANDS)!r}:
    try:
        main([*name.split(), '--help'])
    except SystemExit as end:
        assert end.code == 0
"""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('example:') == len(COMMANDS)


@pytest.mark.parametrize('arguments', [['serve'], ['token', 'list'], ['release', 'create']])
def test_what_needs_the_service_says_how_to_install_it(arguments, tmp_path):
    done = run_with_the_base_alone(
        'from mriqc_webapi.cli import main\n'
        f'raise SystemExit(main({[*arguments, "--data-dir", str(tmp_path)]!r}))'
    )
    assert done.returncode == 3, done.stderr
    assert 'pip install "mriqc-webapi[server]"' in done.stderr
    assert 'Traceback' not in done.stderr
