"""The page on ratings names all that there is."""

from pathlib import Path
from typing import get_args

import pytest

from mriqc_webapi.ratings.artifacts import artifact_table
from mriqc_webapi.ratings.resampling import Reason
from mriqc_webapi.ratings.scales import Scale

PAGE = (Path(__file__).parents[2] / 'docs' / 'ratings.md').read_text(encoding='utf-8')


@pytest.mark.parametrize('artifact', artifact_table().artifacts, ids=lambda a: a.name)
def test_each_artifact_is_explained(artifact):
    assert f'| `{artifact.name}` | {artifact.meaning} |' in PAGE


@pytest.mark.parametrize('name', [*get_args(Scale), *get_args(Reason)])
def test_each_scale_and_each_reason_is_explained(name):
    assert f'| `{name}` |' in PAGE
