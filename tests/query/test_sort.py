import pytest

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import SortKey
from mriqc_webapi.query.sort import parse_sort

UP = SortKey(('cjv',))
DOWN = SortKey(('cjv',), descending=True)


@pytest.mark.parametrize(
    ('text', 'keys'),
    [
        ('', ()),
        ('  ', ()),
        ('cjv', (UP,)),
        ('-cjv', (DOWN,)),
        ('-cjv, a.b', (DOWN, SortKey(('a', 'b')))),
        ('-_created,-_id', (SortKey(('_created',), True), SortKey(('_id',), True))),
        ('a.0', (SortKey(('a', '0')),)),
        ('a-b', (SortKey(('a-b',)),)),
        ('[("cjv", -1)]', (DOWN,)),
        ("[('cjv', 1)]", (UP,)),
        ('[("a", -1), ("cjv", 1),]', (SortKey(('a',), True), UP)),
        ('[["cjv", -1]]', (DOWN,)),
        ('[("cjv", -1.0,)]', (DOWN,)),
        ('{"cjv": -1}', (DOWN,)),
        ('{"a.b": 1, "cjv": -1}', (SortKey(('a', 'b')), DOWN)),
        ('[]', ()),
        ('{}', ()),
    ],
)
def test_a_sort_order_becomes_keys(text, keys):
    assert parse_sort(text) == keys


@pytest.mark.parametrize(
    ('text', 'complaint'),
    [
        ('foo bar', "cannot sort by 'foo bar'"),
        ('cjv,', "cannot sort by ''"),
        (',cjv', "cannot sort by ''"),
        ('-', 'cannot sort by'),
        ('--cjv', 'cannot sort by'),
        ('5', 'cannot sort by'),
        ('("cjv",-1)', 'cannot sort by'),
        ('"cjv"', 'cannot sort by'),
        ('$natural', 'cannot sort by'),
        ('[("cjv",2)]', 'direction must be 1 or -1'),
        ('[("cjv",0)]', 'direction must be 1 or -1'),
        ('[("cjv","x")]', 'direction must be 1 or -1'),
        ('[("cjv")]', "expected ','"),
        ('[("cjv",1]', r"expected '\)'"),
        ('["cjv"]', 'expected a pair'),
        ('["("]', 'expected a pair'),
        ('[[1, 1]]', 'field name in quotes'),
        ('[("$natural", -1)]', 'field name in quotes'),
        ('[("", -1)]', 'no field name'),
        ('[("cjv",1)', r"expected '\]'"),
        ('[("cjv",1)] x', 'expected the end'),
        ('{"cjv"}', "expected ':'"),
        ('{"cjv": 1', "expected '}'"),
        ('{', 'field name in quotes'),
        ('[', 'expected a pair'),
        (','.join(f'f{n}' for n in range(33)), '33 fields to sort by'),
        ('a' * 70_000, 'characters'),
        ('.'.join('a' * 100), 'segments'),
    ],
)
def test_what_is_no_sort_order_is_said(text, complaint):
    with pytest.raises(QueryError, match=complaint):
        parse_sort(text)
