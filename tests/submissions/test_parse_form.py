"""HTML forms, as Eve takes them."""

import pytest

from mriqc_webapi.errors import BrokenBodyError, LimitError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.parse import parse_form

URLENCODED = 'application/x-www-form-urlencoded'
MULTIPART = 'multipart/form-data; boundary=XX'
LIMITS = Limits()


def part(name: str, value: str, more: str = '') -> bytes:
    header = f'Content-Disposition: form-data; name="{name}"{more}'
    return f'--XX\r\n{header}\r\n\r\n{value}\r\n'.encode()


def test_fields_are_texts():
    assert parse_form(b'rating=2.55&md5sum=a+b%21', URLENCODED, LIMITS) == {
        'rating': '2.55',
        'md5sum': 'a b!',
    }


def test_empty_fields_are_kept():
    assert parse_form(b'rating=1&name=', URLENCODED, LIMITS)['name'] == ''


def test_the_first_of_a_name_that_comes_twice_counts():
    assert parse_form(b'a=1&b=2&a=3', URLENCODED, LIMITS) == {'a': '1', 'b': '2'}


def test_a_charset_beside_the_type_is_no_matter():
    kind = 'Application/X-WWW-Form-URLencoded; charset=utf-8'
    assert parse_form(b'a=%C3%A9', kind, LIMITS) == {'a': 'é'}


@pytest.mark.parametrize('body', [b'', b'&&', b'   '.strip()])
def test_an_empty_form_is_broken(body):
    with pytest.raises(BrokenBodyError, match='No form-urlencoded data supplied'):
        parse_form(body, URLENCODED, LIMITS)


@pytest.mark.parametrize('body', [b'a=%ff', b'a=\xff'])
def test_a_form_that_is_not_utf8_is_broken(body):
    with pytest.raises(BrokenBodyError, match='UTF-8'):
        parse_form(body, URLENCODED, LIMITS)


def test_too_many_fields_are_beyond_a_limit():
    with pytest.raises(LimitError, match='more than 3 form fields'):
        parse_form(b'a=1&b=1&c=1&d=1', URLENCODED, Limits(max_keys=3))


def test_a_multipart_form_is_taken():
    body = part('rating', 'good') + part('md5sum', 'é\r\n--') + b'--XX--\r\n'
    assert parse_form(body, MULTIPART, LIMITS) == {'rating': 'good', 'md5sum': 'é\r\n--'}


def test_a_multipart_name_may_stand_without_quotes():
    body = b'--XX\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--XX--'
    assert parse_form(body, MULTIPART, LIMITS) == {'a': '1'}


def test_an_upload_of_a_file_is_refused():
    with pytest.raises(BrokenBodyError, match='uploads a file'):
        parse_form(part('a', '1', '; filename="x.json"') + b'--XX--', MULTIPART, LIMITS)


@pytest.mark.parametrize(
    ('body', 'kind', 'reason'),
    [
        (part('a', '1'), MULTIPART, 'cut off'),
        (b'garbage', MULTIPART, 'cut off|No form'),
        (part('a', '1') + b'--XX--', 'multipart/form-data', 'no boundary'),
        (b'--XX\r\nX: y\r\n\r\n1\r\n--XX--', MULTIPART, 'no name'),
    ],
)
def test_a_broken_multipart_form_says_how(body, kind, reason):
    with pytest.raises(BrokenBodyError, match=reason):
        parse_form(body, kind, LIMITS)


def test_too_many_parts_are_beyond_a_limit():
    body = b''.join(part(str(i), '1') for i in range(9)) + b'--XX--'
    with pytest.raises(LimitError, match='more than 3'):
        parse_form(body, MULTIPART, Limits(max_keys=3))
    assert len(parse_form(body, MULTIPART, Limits(max_keys=9))) == 9
