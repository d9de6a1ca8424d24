"""Eve's Python-expression syntax, turned into expressions without Python's own parser.

expression := conjunction ("or" conjunction)*
conjunction:= condition ("and" condition)*
condition  := "(" expression ")" | operand (op operand)+
op         := "==" | "!=" | "<" | "<=" | ">" | ">="
operand    := name | number | text | True | False | None | ObjectId("…") | datetime(y, m, d, …)
name       := NAME ("." NAME)*
"""

from dataclasses import dataclass
from datetime import datetime
from keyword import iskeyword

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import Equal, Expression, Not, ObjectId, Or, Order, Value
from mriqc_webapi.query.literals import MAX_DEPTH, as_id, as_path, cast_at
from mriqc_webapi.query.mongo_syntax import both, compare
from mriqc_webapi.query.tokens import Token, tokenise

_ORDERS: dict[str, Order] = {'<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte'}
_MIRRORED = {'<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!='}
_CONSTANTS: dict[str, Value] = {'True': True, 'False': False, 'None': None}


@dataclass(frozen=True, slots=True)
class _Name:
    """A bare name: the field, or a text without quotes if the field stands on the other side."""

    text: str


def parse_python(text: str) -> Expression:
    """Turn a Python expression into an expression.

    Raises
    ------
    QueryError
        The text does not follow the grammar of this module; the message says where.
    """
    return _Parser(text).parse()


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._tokens = tokenise(text)
        self._next = 0
        self._depth = 0

    def parse(self) -> Expression:
        found = self._expression()
        if self._token.kind != 'end':
            raise QueryError(f'expected "and", "or" or the end, not {self._token}{self._hint()}')
        return found

    def _expression(self) -> Expression:
        parts = [self._conjunction()]
        while self._take('or'):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self) -> Expression:
        parts = [self._condition()]
        while self._take('and'):
            parts.append(self._condition())
        return both(parts)

    def _condition(self) -> Expression:
        if not self._take('('):
            return self._comparison()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(f'nested deeper than {MAX_DEPTH} levels')
        found = self._expression()
        self._expect(')')
        self._depth -= 1
        return found

    def _comparison(self) -> Expression:
        start = self._token
        operands, signs = [self._operand()], []
        while self._token.kind == 'mark' and self._token.value in _MIRRORED:
            signs.append(str(self._advance().value))
            operands.append(self._operand())
        if not signs:
            raise QueryError(f'expected a comparison such as cjv > 0.5, not {start}{self._hint()}')
        pairs = zip(operands, signs, operands[1:], strict=False)
        return both([_test(*pair, start=start, chained=len(signs) > 1) for pair in pairs])

    def _operand(self) -> Value | _Name:
        token = self._advance()
        if token.kind in {'number', 'text'}:
            return token.value
        if token.kind == 'mark' and token.value in {'+', '-'} and self._token.kind == 'number':
            number = self._advance().value
            return -number if token.value == '-' and not isinstance(number, str) else number
        if token.kind == 'name' and token.value in _CONSTANTS:
            return _CONSTANTS[str(token.value)]
        if token.kind != 'name' or iskeyword(str(token.value)):
            raise QueryError(f'expected a field, a number or a text, not {token}')
        return self._call(token) if self._is_at('(') else self._name(token)

    def _name(self, first: Token) -> _Name:
        segments = [str(first.value)]
        while self._take('.'):
            token = self._advance()
            if token.kind != 'name' or iskeyword(str(token.value)):
                raise QueryError(f'expected a name after the point, not {token}')
            segments.append(str(token.value))
        return _Name('.'.join(segments))

    def _call(self, function: Token) -> Value:
        arguments = self._arguments()
        if function.value == 'ObjectId' and len(arguments) == 1:
            found = as_id(str(arguments[0].value))
            if arguments[0].kind == 'text' and isinstance(found, ObjectId):
                return found
            raise QueryError(f'ObjectId needs 24 hex digits in quotes, not {arguments[0]}')
        if function.value == 'datetime' and len(arguments) in {3, 4, 5, 6, 7}:
            return _date(function, arguments)
        raise QueryError(
            f'only ObjectId("…") and datetime(y, m, d, …) are understood, not {function}'
        )

    def _arguments(self) -> list[Token]:
        self._expect('(')
        found: list[Token] = []
        while self._token.kind in {'number', 'text'}:
            found.append(self._advance())
            if not self._take(','):
                break
        self._expect(')')
        return found

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._token
        self._next += token.kind != 'end'
        return token

    def _is_at(self, word: str) -> bool:
        return self._token.kind in {'name', 'mark'} and self._token.value == word

    def _take(self, word: str) -> bool:
        found = self._is_at(word)
        self._next += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise QueryError(f'expected {mark!r}, not {self._token}')

    def _hint(self) -> str:
        if self._token.kind != 'name':
            return ''
        if self._token.value in {'in', 'not', 'is'}:
            return f'; {self._token.value!r} is not understood here; JSON has $in, $nin and $not'
        return '; a text of several words needs quotes'


def _test(
    left: Value | _Name, sign: str, right: Value | _Name, *, start: Token, chained: bool
) -> Expression:
    if isinstance(left, _Name) and isinstance(right, _Name):
        if chained:
            raise QueryError(f'two fields side by side in the comparison that starts with {start}')
        right = right.text
    if isinstance(left, _Name):
        return _field_test(left.text, sign, right)
    if isinstance(right, _Name):
        return _field_test(right.text, _MIRRORED[sign], left)
    raise QueryError(f'no field in the comparison that starts with {start}')


def _field_test(name: str, sign: str, value: Value) -> Expression:
    path, wanted = as_path(name), cast_at(name, value)
    if sign == '==':
        return Equal(path, wanted)
    if sign == '!=':
        return Not(Equal(path, wanted))
    return compare(path, _ORDERS[sign], wanted)


def _date(function: Token, arguments: list[Token]) -> datetime:
    numbers = [a.value for a in arguments if isinstance(a.value, int)]
    try:
        if len(numbers) == len(arguments):
            return datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001 – UTC
    except (ValueError, OverflowError):
        pass
    raise QueryError(f'no such date: {function}')
