import pytest

from mriqc_webapi.query.lookup import Lookup, find_lookup
from mriqc_webapi.query.where import parse_where

ID1, ID2 = '5f0000000000000000000001', '5f0000000000000000000002'
MD1, MD2 = 'a' * 32, 'b' * 32
MD5_PATH = ('provenance', 'md5sum')


def found(where, md5_path=MD5_PATH):
    return find_lookup(parse_where(where), md5_path)


@pytest.mark.parametrize(
    ('where', 'ids'),
    [
        (f'{{"_id": "{ID1}"}}', (ID1,)),
        (f'{{"_id": "{ID1.upper()}"}}', (ID1,)),
        (f'{{"_id": {{"$eq": "{ID1}"}}}}', (ID1,)),
        (f'{{"_id": {{"$in": ["{ID2}", "{ID1}", "{ID2}"]}}}}', (ID2, ID1)),
        (f'{{"$or": [{{"_id": "{ID1}"}}, {{"_id": {{"$in": ["{ID2}"]}}}}]}}', (ID1, ID2)),
        (f'{{"$and": [{{"_id": "{ID1}"}}]}}', (ID1,)),
        (f'_id==ObjectId("{ID1}") or _id=="{ID2}"', (ID1, ID2)),
        ('{"_id": "unknown"}', ()),
        ('{"_id": null}', ()),
        ('{"_id": {"$in": []}}', ()),
    ],
)
def test_ids_are_looked_up(where, ids):
    assert found(where) == Lookup('id', ids)


@pytest.mark.parametrize(
    ('where', 'md5s'),
    [
        (f'{{"provenance.md5sum": "{MD1}"}}', (MD1,)),
        (f'{{"provenance.md5sum": {{"$in": ["{MD1}", "{MD2}"]}}}}', (MD1, MD2)),
        (f'provenance.md5sum=="{MD1}" or provenance.md5sum=="{MD2}"', (MD1, MD2)),
        ('{"provenance.md5sum": {"$in": []}}', ()),
    ],
)
def test_md5s_are_looked_up(where, md5s):
    assert found(where) == Lookup('md5', md5s)


@pytest.mark.parametrize(
    'where',
    [
        '',
        '{"cjv": 1}',
        f'{{"md5sum": "{MD1}"}}',
        f'{{"provenance.md5sum": "{MD1.upper()}"}}',
        '{"provenance.md5sum": "unspecified"}',
        '{"provenance.md5sum": ""}',
        '{"provenance.md5sum": null}',
        f'{{"provenance.md5sum": ["{MD1}"]}}',
        f'{{"provenance.md5sum": {{"$in": ["{MD1}", null]}}}}',
        f'{{"provenance.md5sum": {{"$ne": "{MD1}"}}}}',
        f'{{"provenance.md5sum": {{"$gt": "{MD1}"}}}}',
        f'{{"provenance.md5sum": "{MD1}", "cjv": 1}}',
        f'{{"$or": [{{"provenance.md5sum": "{MD1}"}}, {{"cjv": 1}}]}}',
        f'{{"$or": [{{"provenance.md5sum": "{MD1}"}}, {{"_id": "{ID1}"}}]}}',
        f'{{"_id": {{"$gt": "{ID1}"}}}}',
    ],
)
def test_any_other_filter_is_no_lookup(where):
    assert found(where) is None


def test_a_resource_without_md5_has_no_md5_lookup():
    assert found(f'{{"provenance.md5sum": "{MD1}"}}', md5_path=None) is None


def test_a_rating_is_looked_up_by_its_own_md5_field():
    assert found(f'{{"md5sum": "{MD1}"}}', md5_path=('md5sum',)) == Lookup('md5', (MD1,))
