import re
import tomllib
from importlib.resources import files
from pathlib import Path

from mriqc_webapi.reports.widget import script_hash, widget_script

DOCS = Path(__file__).parents[2] / 'docs'


def test_the_widget_weighs_less_than_25_kb():
    assert len(widget_script()) <= 25_000


def test_it_can_be_inlined_into_a_page_of_any_charset():
    assert widget_script().isascii()
    assert not re.search(r'</script|<!--|<script', widget_script(), re.IGNORECASE)


def test_it_loads_nothing_and_evaluates_nothing():
    found = re.findall(r'\b(import|eval|Function|innerHTML|document\.write)\b', widget_script())
    assert found == []


def test_its_artifacts_are_those_of_the_table():
    table = tomllib.loads(files('mriqc_webapi.ratings').joinpath('artifacts.toml').read_text())
    block = re.search(r'const ARTIFACTS = \{\n(.*?)\n\};', widget_script(), re.DOTALL)
    assert block is not None
    shown = dict(re.findall(r"^ +'?([\w-]+)'?: '(.*)',$", block[1], re.MULTILINE))
    assert shown == {name: artifact['title'] for name, artifact in table.items()}


def test_the_documentation_tells_the_hash_of_the_script():
    assert script_hash() in (DOCS / 'rating-widget.md').read_text()
