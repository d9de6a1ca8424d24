import json

import pytest

from mriqc_webapi.submissions.sources import SourceReader, splitting

DOCUMENTS = [{'n': 1, 'text': 'a "quoted" [brace}'}, {'n': 2, 'deep': {'list': [1, {'x': []}]}}]
NDJSON = ''.join(json.dumps(d) + '\n' for d in DOCUMENTS)


def documents(path):
    with SourceReader(path) as reader:
        return [json.loads(raw.text) for raw in reader]


def errors(path):
    with SourceReader(path) as reader:
        return {raw.line_no: raw.error for raw in reader if raw.error}


@pytest.mark.parametrize('suffix', ['', '.gz', '.zst'])
def test_each_line_is_a_document_however_compressed(write, suffix):
    assert documents(write(f'a.ndjson{suffix}', NDJSON)) == DOCUMENTS


@pytest.mark.parametrize(
    'text',
    [
        json.dumps(DOCUMENTS),
        json.dumps(DOCUMENTS, indent=2),
        '[' + ',\n'.join(json.dumps(d) for d in DOCUMENTS) + ']\n',
        ''.join(json.dumps(d, indent=1) + '\n' for d in DOCUMENTS),
        '{\n' + NDJSON[1:],
    ],
    ids=['array', 'indented array', 'array by lines', 'indented documents', 'first one spread'],
)
def test_documents_that_spread_over_lines_are_read_value_by_value(write, text):
    assert documents(write('a.json', text)) == DOCUMENTS


def test_values_larger_than_one_read_come_out_whole(write, monkeypatch):
    monkeypatch.setattr(splitting, '_READ_BYTES', 7)
    assert documents(write('a.json', json.dumps(DOCUMENTS))) == DOCUMENTS


def test_lines_keep_their_numbers_when_blank_ones_are_left_out(write):
    with SourceReader(write('a.ndjson', '\n{"n": 1}\n  \n{"n": 2}\n')) as reader:
        assert [raw.line_no for raw in reader] == [2, 4]


def test_a_broken_line_leaves_its_neighbours_alone(write):
    with SourceReader(write('a.ndjson', '{"n": 1\n{"n": 2}\n')) as reader:
        assert [raw.text.strip() for raw in reader] == [b'{"n": 1', b'{"n": 2}']


def test_a_byte_order_mark_is_no_part_of_the_first_line(write):
    assert documents(write('a.ndjson', '\ufeff' + NDJSON)) == DOCUMENTS


def test_a_line_beyond_the_limit_is_named_and_not_kept(write, monkeypatch):
    monkeypatch.setattr(splitting, 'MAX_LINE_BYTES', 100)
    path = write('a.ndjson', '{"n": 1}\n{"x": "' + 'y' * 5000 + '"}\n{"n": 2}\n')
    assert errors(path) == {2: 'longer than 100 bytes'}
    with SourceReader(path) as reader:
        assert [raw.line_no for raw in reader] == [1, 2, 3]


def test_an_array_that_breaks_off_tells_so_after_its_whole_documents(write):
    path = write('a.json', json.dumps(DOCUMENTS)[:-10])
    assert errors(path) == {2: 'not JSON from here on; nothing more was read'}


def test_an_array_that_breaks_off_between_two_documents_tells_so(write):
    path = write('a.json', json.dumps(DOCUMENTS)[:-1])
    assert errors(path) == {3: 'the array does not end; nothing more was read'}


@pytest.mark.parametrize('text', ['[' * 100_000, '[\n{"a":' * 100_000, '[' + '9' * 10_000 + ']'])
def test_json_that_no_parser_takes_is_an_error_like_any(write, text):
    assert list(errors(write('a.json', text)).values())[-1].endswith('nothing more was read')


@pytest.mark.parametrize('suffix', ['.gz', '.zst'])
def test_a_compressed_file_that_ends_early_is_called_damaged(write, suffix):
    path = write(f'a.ndjson{suffix}', NDJSON * 500)
    path.write_bytes(path.read_bytes()[:-12])
    (reason,) = errors(path).values()
    assert reason.startswith('the file is damaged from here')


@pytest.mark.parametrize('suffix', ['.gz', '.zst'])
def test_a_file_that_is_not_compressed_as_its_name_says_is_called_damaged(write, suffix):
    path = write(f'a.ndjson{suffix}', '')
    path.write_bytes(b'plain text')
    assert list(errors(path)) == [1]


def test_frames_one_after_the_other_are_one_file(write):
    path = write('a.ndjson.zst', NDJSON)
    path.write_bytes(path.read_bytes() * 3)
    assert documents(path) == DOCUMENTS * 3


def test_the_position_reaches_the_size_on_disk(write):
    path = write('a.ndjson.gz', NDJSON)
    with SourceReader(path) as reader:
        list(reader)
        assert reader.position == path.stat().st_size


def test_an_empty_file_has_no_lines(write):
    assert documents(write('a.ndjson', '')) == []
