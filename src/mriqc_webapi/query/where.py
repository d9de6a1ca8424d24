"""Read the ``where`` parameter: a MongoDB query document or a Python expression."""

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import Expression
from mriqc_webapi.query.literals import BrokenJsonError, check_length, check_text, load_json
from mriqc_webapi.query.mongo_syntax import ALWAYS, check_keys, parse_query
from mriqc_webapi.query.python_syntax import parse_python


def parse_where(text: str) -> Expression:
    """Turn a filter into an expression: JSON first and, if it is no JSON, Python.

    Blank text and ``null`` filter nothing.

    Raises
    ------
    QueryError
        The text is neither, asks for what is not understood, or exceeds a limit. Nothing else
        is raised, whatever the text.
    """
    check_length(check_text(text))
    if not text.strip():
        return ALWAYS
    try:
        query = load_json(text)
    except BrokenJsonError as error:
        if text.lstrip().startswith(('{', '[')):
            raise QueryError(f'no JSON: {error}') from None
        return parse_python(text)
    if query is None:
        return ALWAYS
    if not isinstance(query, dict):
        raise QueryError('a filter in JSON must be an object, such as {"cjv": {"$gt": 0.5}}')
    check_keys(query)
    return parse_query(query)
