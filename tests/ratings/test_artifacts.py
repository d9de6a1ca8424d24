"""Artifacts have the names that MRIQC's widget posts; others are kept."""

from pathlib import Path

import nireports.assembler
import pytest
import yaml

from mriqc_webapi.ratings.artifacts import artifact_table

WIDGET = Path(nireports.assembler.__file__).parent / 'data' / 'rating-widget' / 'bootstrap.yml'


def test_the_flags_are_those_of_the_released_widget_in_its_order():
    widget = yaml.safe_load(WIDGET.read_text())
    options = widget['components']['artifacts']['options']
    assert artifact_table().names == tuple(options)


@pytest.mark.parametrize('text', ['head-motion', 'Head motion', 'HEAD_MOTION', ' head-motion '])
def test_spellings_of_a_flag_are_the_flag(text):
    assert artifact_table().name(text) == 'head-motion'


def test_unknown_artifacts_are_kept_as_sent():
    assert artifact_table().named(['inu', 'Venetian blinds']) == ('inu', 'Venetian blinds')


def test_an_artifact_ticked_twice_counts_once():
    assert artifact_table().named(['motion', 'inu', 'head-motion', '']) == ('head-motion', 'inu')


def test_no_two_flags_share_a_spelling():
    spelled = [s for a in artifact_table().artifacts for s in (a.name, *a.spellings)]
    assert len(set(spelled)) == len(spelled)


def test_spellings_are_in_the_form_that_is_looked_up():
    for artifact in artifact_table().artifacts:
        assert all(artifact_table().name(s) == artifact.name for s in artifact.spellings)
