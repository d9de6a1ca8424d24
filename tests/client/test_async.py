"""The same questions, awaited."""

import asyncio

import pandas as pd
import pytest

from mriqc_webapi import Archive, AsyncArchive
from mriqc_webapi.client.asking import Question
from mriqc_webapi.errors import NotFoundError, UnreachableError
from tests.client.conftest import HASTY
from tests.misbehaving import BAD, MisbehavingProxy, scripted


def test_awaited_answers_are_the_same(demo, archive, tmp_path):
    async def ask():
        async with AsyncArchive(demo.root, cache=tmp_path / 'async') as awaited:
            return await asyncio.gather(
                awaited.iqms('T1w', 'cjv < 0.5'),
                awaited.growth(),
                awaited.distributions('bold'),
                awaited.ratings(),
                awaited.records('T2w', limit=3),
            )

    frame, growth, distributions, ratings, records = asyncio.run(ask())
    pd.testing.assert_frame_equal(frame, archive.iqms('T1w', 'cjv < 0.5'))
    pd.testing.assert_frame_equal(ratings, archive.ratings())
    assert growth.document == archive.growth().document
    assert distributions.document == archive.distributions('bold').document
    assert records == archive.records('T2w', limit=3)


@pytest.mark.parametrize('manner', BAD)
def test_a_bad_answer_is_made_good_while_others_work(demo, tmp_path, manner):
    async def ask(root):
        async with AsyncArchive(root, cache=tmp_path, patience=HASTY) as archive:
            return await archive.iqms('T1w')

    with MisbehavingProxy(demo.root, scripted([manner])) as proxy:
        frame = asyncio.run(ask(proxy.root))
    assert frame['cjv'].notna().all()


def test_errors_are_awaited_too(demo):
    async def ask():
        async with AsyncArchive(demo.root, cache=False) as archive:
            with pytest.raises(NotFoundError):
                await archive.iqms('T9w')
        async with AsyncArchive('http://127.0.0.1:9', patience=HASTY) as nobody:
            with pytest.raises(UnreachableError):
                await nobody.growth()

    asyncio.run(ask())


def test_a_mirror_is_awaited_and_opened(demo, archive, tmp_path):
    async def ask():
        async with AsyncArchive(demo.root, cache=False) as service:
            await service.mirror(tmp_path, resources='T2w')
        async with AsyncArchive(tmp_path, cache=False) as mirror:
            return await mirror.summary('T2w')

    assert asyncio.run(ask()).document == archive.summary('T2w').document


def test_both_archives_have_the_same_questions():
    names = [n for n in dir(Archive) if isinstance(getattr(Archive, n), Question)]
    assert len(names) > 20
    assert all(getattr(AsyncArchive, n) is getattr(Archive, n) for n in names)


def test_a_question_says_what_it_takes_and_gives(archive):
    import inspect

    assert (
        str(inspect.signature(archive.record))
        == "(resource: 'str', id: 'str') -> 'dict[str, Any]'"
    )
    assert 'NotFoundError' in inspect.getdoc(archive.record)
