from datetime import datetime

import pytest

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import And, Compare, Equal, Not, ObjectId, Or, TypeIs
from mriqc_webapi.query.where import parse_where

A, B, C = ('a',), ('b',), ('c',)
HEX = '5f00000000000000000000aa'
at = datetime.fromisoformat


@pytest.mark.parametrize(
    ('where', 'expected'),
    [
        ('a == 1', Equal(A, 1)),
        ('a==1.5', Equal(A, 1.5)),
        ('a==.5e-3', Equal(A, 0.0005)),
        ('a==5.', Equal(A, 5.0)),
        ('a!=1', Not(Equal(A, 1))),
        ('a<1', Compare(A, 'lt', 1)),
        ('a<=1', Compare(A, 'lte', 1)),
        ('a>1', Compare(A, 'gt', 1)),
        ('a>=1', Compare(A, 'gte', 1)),
        ('a>-0.5', Compare(A, 'gt', -0.5)),
        ('a> +2', Compare(A, 'gt', 2)),
        ('a==True', Equal(A, True)),
        ('a==False', Equal(A, False)),
        ('a==None', Equal(A, None)),
        ('a!=None', Not(Equal(A, None))),
        ('a>=None', TypeIs(A, frozenset({'null'}))),
        ('a.b.c=="x"', Equal(('a', 'b', 'c'), 'x')),
        ('a . b == x', Equal(('a', 'b'), 'x')),
        ('größe==1', Equal(('größe',), 1)),
        ('a==Siemens', Equal(A, 'Siemens')),
        ('a==x.y', Equal(A, 'x.y')),
        ("a=='x y'", Equal(A, 'x y')),
        (r"a=='it\'s'", Equal(A, "it's")),
        (r'a=="\x41\u00e9\U0001F600\n\\"', Equal(A, 'Aé😀\n\\')),
        (r'a=="\d"', Equal(A, r'\d')),
        ('a=="and"', Equal(A, 'and')),
        ('a==""', Equal(A, '')),
        ('  a==1\n', Equal(A, 1)),
        ('1<a', Compare(A, 'gt', 1)),
        ('1<=a', Compare(A, 'gte', 1)),
        ('1>a', Compare(A, 'lt', 1)),
        ('1>=a', Compare(A, 'lte', 1)),
        ('-1==a', Equal(A, -1)),
        ('"x"!=a', Not(Equal(A, 'x'))),
        ('0.1<a<=0.4', And((Compare(A, 'gt', 0.1), Compare(A, 'lte', 0.4)))),
        ('a==1 and b==2 and c==3', And((Equal(A, 1), Equal(B, 2), Equal(C, 3)))),
        ('a==1 or b==2 or c==3', Or((Equal(A, 1), Equal(B, 2), Equal(C, 3)))),
        ('a==1 or b==2 and c==3', Or((Equal(A, 1), And((Equal(B, 2), Equal(C, 3)))))),
        ('(a==1 or b==2) and c==3', And((Or((Equal(A, 1), Equal(B, 2))), Equal(C, 3)))),
        ('((a==1))', Equal(A, 1)),
        ('a==9223372036854775808', Equal(A, 9223372036854775808.0)),
        (f'_id==ObjectId("{HEX}")', Equal(('_id',), ObjectId(HEX))),
        (f"_id>ObjectId('{HEX.upper()}')", Compare(('_id',), 'gt', ObjectId(HEX))),
        (f'_id=="{HEX}"', Equal(('_id',), ObjectId(HEX))),
        (f'"{HEX}"==_id', Equal(('_id',), ObjectId(HEX))),
        (f'a=="{HEX}"', Equal(A, HEX)),
        ('_created>=datetime(2000,1,2)', Compare(('_created',), 'gte', at('2000-01-02T00:00:00'))),
        (
            '_created<datetime(2000, 1, 2, 3, 4, 5,)',
            Compare(('_created',), 'lt', at('2000-01-02T03:04:05')),
        ),
        (
            '_updated>"Sat, 01 Jan 2000 00:00:00 GMT"',
            Compare(('_updated',), 'gt', at('2000-01-01T00:00:00')),
        ),
        ('_updated>"2000-01-01"', Compare(('_updated',), 'gt', at('2000-01-01T00:00:00'))),
    ],
)
def test_a_python_expression_becomes_an_expression(where, expected):
    found = parse_where(where)
    assert found == expected
    assert repr(found) == repr(expected)  # 1 and True are equal, and not the same


@pytest.mark.parametrize(
    ('where', 'complaint'),
    [
        ('a==GE MEDICAL SYSTEMS', "'MEDICAL' at character 7; .* needs quotes"),
        ('a=1', 'equality is =='),
        ('not a==1', "'not' at character 1"),
        ('a', "comparison such as cjv > 0.5, not 'a' at character 1"),
        ('a and b==1', 'comparison'),
        ('a in [1,2]', r"'in' is not understood here; JSON has \$in"),
        ('a not in [1]', "'not'"),
        ('a is None', "'is'"),
        ('a==1 if b else c', "'if'"),
        ('lambda: 1', "'lambda'"),
        ('a.class==1', "'class'"),
        ('__import__("os").system("true")', 'only ObjectId'),
        ('a==f(1)', 'only ObjectId'),
        ('a==f(b)', r"expected '\)'"),
        ('a.b("x")==1', 'comparison'),
        ('a[0]==1', 'comparison'),
        ('a+1==2', 'comparison'),
        ('hello: world', 'comparison'),
        ('a: int = 1', 'no operator'),
        ('a==', 'the end'),
        ('a==1 and', 'the end'),
        ('==1', "'==' at character 1"),
        ('a==1)', r"'\)' at character 5"),
        ('(a==1', r"expected '\)', not the end"),
        ('()', r"'\)'"),
        ('a=="x', 'no closing quote'),
        ('a==2f8c', 'needs quotes'),
        ('a==1.2.3', 'needs quotes'),
        ('a==007', 'needs quotes'),
        ('a==1_000', 'needs quotes'),
        ('a==--1', "'-'"),
        ('a==-b', "'-'"),
        ('a==1e999', 'beyond the range'),
        (r'a=="\ud800"', 'surrogate'),
        (r'a=="\U00110000"', 'no character'),
        ('a==1; b==2', "';"),
        ('a==1 & b==2', "'&"),
        ('a==1 # yes', "'#"),
        ('1==2', 'no field'),
        ('"a"=="b"', 'no field'),
        ('a==1==1', 'no field'),
        ('a<b<c', 'two fields'),
        ('a.==1', 'name after the point'),
        ('a.1==1', 'comparison'),
        ('a==ObjectId()', 'only ObjectId'),
        ('a==ObjectId("xyz")', '24 hex digits'),
        ('a==ObjectId(1)', '24 hex digits'),
        ('a==datetime(2000,1)', 'only ObjectId'),
        ('a==datetime(2000,13,1)', 'no such date'),
        ('a==datetime(2000,1,"x")', 'no such date'),
        ('a==datetime(2000,1,1.5)', 'no such date'),
        ('a==datetime(99999999999999999999,1,1)', 'no such date'),
        ('a==datetime(999999999999,1,1)', 'no such date'),
        ('a==datetime(2000,1,-1)', r"expected '\)'"),
        ('a>"x" "y"', 'expected "and", "or" or the end'),
        ('é\u0301\u200b==1', 'cannot be read'),
        ('\ud800==1', 'surrogate'),
        ('a==1\0', 'cannot be read'),
    ],
)
def test_what_cannot_be_understood_is_said(where, complaint):
    with pytest.raises(QueryError, match=complaint):
        parse_where(where)


@pytest.mark.parametrize(
    'where',
    [
        '(' * 60_000,
        '(' * 40 + 'a==1' + ')' * 40,
        '-' * 60_000 + '1==a',
        'a' + '.a' * 30_000 + '==1',
        'a==1' + ' and a==1' * 7_000,
        'a' + '<1' * 30_000,
        'not ' * 15_000 + 'a',
        '9' * 60_000 + 'x==a',
        'a==' + '9' * 60_000,
        '"' + 'x' * 60_000,
        '"' + '\\' * 60_000,
    ],
)
def test_what_is_beyond_a_limit_is_refused_at_once(where):
    with pytest.raises(QueryError):
        parse_where(where)


def test_parentheses_up_to_the_limit_are_understood():
    assert parse_where('(' * 32 + 'a==1' + ')' * 32) == Equal(A, 1)
