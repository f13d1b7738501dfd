"""From upstream's subset of Lucene's query language to criteria (contract-catalog section 4.2).

The grammar is a library's. What it does not know, this module adds before and after: ``&&``, ``||`` and ``!``, values
with colons in them (URNs are full of them), and negative numbers.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from luqum import tree
from luqum.exceptions import ParseError
from luqum.thread import parse as parse_tree

from domain.errors import InvalidValue
from domain.search import (
    DEEPEST_QUERY,
    EVERYTHING,
    LONGEST_QUERY,
    MOST_CRITERIA,
    AllOf,
    AnyOf,
    Between,
    Criterion,
    Equals,
    Exists,
    Field,
    FitsExpression,
    HasWords,
    Like,
    Not,
    QueryInvalid,
    size,
)

_SYMBOLS = {"&&": "AND", "||": "OR", "!": "NOT"}
_TOKEN = re.compile(r'\\.|"(?:\\.|[^"\\])*"|(?<=:)/(?:\\.|[^/\\])*/|&&|\|\||!|.', re.DOTALL)
_POSITION = re.compile(r"at position (\d+)")
_NUMBER = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?")
_ANYTHING = frozenset({".*", ".+", "^.*$", "^.+$"})
_WILD = re.compile(r"(?<!\\)(?:\\\\)*[*?]")


def parse(text: str) -> Criterion:
    """The criteria of a query; an empty one asks for everything. Raises ``QueryInvalid``, with the position."""
    if not text.strip():
        return EVERYTHING
    if len(text) > LONGEST_QUERY:
        raise QueryInvalid(f"A query has at most {LONGEST_QUERY} characters.", LONGEST_QUERY)
    written = _Written.of(text)
    try:
        found = _criterion(parse_tree(written.text), written, depth=0)
    except ParseError as error:
        position = _POSITION.search(str(error))
        raise QueryInvalid(
            "The query cannot be read: a field and a value, as in model:scene, joined by AND, OR and NOT.",
            written.origin(int(position[1])) if position else len(text),
        ) from error
    except InvalidValue as error:
        raise QueryInvalid(str(error)) from error
    except RecursionError as error:
        raise QueryInvalid(f"A query is nested at most {DEEPEST_QUERY} deep.") from error
    if size(found) > MOST_CRITERIA:
        raise QueryInvalid(f"A query has at most {MOST_CRITERIA} criteria.")
    return found


@attrs.frozen
class _Written:
    """The text with the symbols that the grammar does not know as words, and where each character was before."""

    text: str
    _origins: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "_Written":
        parts: list[str] = []
        origins: list[int] = []
        before = " "
        for found in _TOKEN.finditer(text):
            piece = found[0]
            # A "!" inside a word is a character like any other.
            is_symbol = piece in _SYMBOLS and (piece != "!" or before in " (\t\n")
            part = f" {_SYMBOLS[piece]} " if is_symbol else piece
            parts.append(part)
            origins.extend([found.start()] * len(part) if is_symbol else range(found.start(), found.end()))
            before = piece[-1]
        return cls("".join(parts), [*origins, len(text)])

    def origin(self, position: int) -> int:
        """Where a position of the rewritten text was in the query."""
        return self._origins[min(position, len(self._origins) - 1)]


def _criterion(node: Any, written: _Written, *, depth: int) -> Criterion:
    if depth > DEEPEST_QUERY:
        raise QueryInvalid(f"A query is nested at most {DEEPEST_QUERY} deep.", _place(node, written))
    match node:
        case tree.Group():
            return _criterion(node.expr, written, depth=depth + 1)
        case tree.AndOperation():
            return AllOf(tuple(_criterion(part, written, depth=depth + 1) for part in node.children))
        case tree.OrOperation() | tree.UnknownOperation() | tree.BoolOperation():
            return _in_a_row(node.children, lambda part: _criterion(part, written, depth=depth + 1))
        case tree.Not() | tree.Prohibit():
            return Not(_criterion(node.a, written, depth=depth + 1))
        case tree.Plus():
            return _criterion(node.a, written, depth=depth + 1)
        case tree.SearchField():
            return _of_field(Field.named(_unescaped(node.name)), node.expr, written, depth=depth)
        case _:
            raise QueryInvalid(
                "Every value needs the field that it is looked for in, as in model:scene.", _place(node, written)
            )


def _of_field(field: Field, node: Any, written: _Written, *, depth: int) -> Criterion:
    if depth > DEEPEST_QUERY:
        raise QueryInvalid(f"A query is nested at most {DEEPEST_QUERY} deep.", _place(node, written))

    def again(part: Any) -> Criterion:
        return _of_field(field, part, written, depth=depth + 1)

    match node:
        case tree.FieldGroup() | tree.Group():
            return again(node.expr)
        case tree.AndOperation():
            return AllOf(tuple(again(part) for part in node.children))
        case tree.OrOperation() | tree.UnknownOperation() | tree.BoolOperation():
            return _in_a_row(node.children, again)
        case tree.Prohibit() if isinstance(node.a, tree.Word) and _NUMBER.fullmatch(node.a.value):
            return HasWords(field, "-" + node.a.value)
        case tree.Not() | tree.Prohibit():
            return Not(again(node.a))
        case tree.Plus():
            return again(node.a)
        case _:
            return _of_value(field, node, written)


def _of_value(field: Field, node: Any, written: _Written) -> Criterion:
    match node:
        case tree.Word():
            return _of_word(field, node.value)
        case tree.Phrase():
            return Equals(field, _unescaped(node.value[1:-1]))
        case tree.Regex():
            expression = node.value[1:-1].replace("\\/", "/")
            return Exists(field) if expression in _ANYTHING else FitsExpression(field, expression)
        case tree.Range():
            return _range(field, node, written)
        case tree.From():
            return Between(field=field, lower=_bound(node.a, written), upper=None, includes_lower=node.include)
        case tree.To():
            return Between(field=field, lower=None, upper=_bound(node.a, written), includes_upper=node.include)
        case tree.SearchField():
            # id:URN:AIP:DATA:... is a name with colons in it, not a field in a field.
            return _of_word(field, _with_colons(node, written))
        case _:
            raise QueryInvalid("Fuzziness, proximity and boosts are not known here.", _place(node, written))


def _in_a_row(parts: Sequence[Any], read: Callable[[Any], Criterion]) -> Criterion:
    """Upstream's default is OR; what is marked by + must hold beside, what is marked by - or NOT must not."""
    wanted = [part for part in parts if isinstance(part, tree.Plus | tree.Prohibit | tree.Not)]
    others = [read(part) for part in parts if not isinstance(part, tree.Plus | tree.Prohibit | tree.Not)]
    if not wanted or len(wanted) == len(parts):
        kind = AllOf if wanted else AnyOf
        return kind(tuple(read(part) for part in parts))
    return AllOf((*(read(part) for part in wanted), AnyOf(tuple(others))))


def _of_word(field: Field, written: str) -> Criterion:
    if written == "*":
        return Exists(field)
    return Like(field, written) if _WILD.search(written) else HasWords(field, _unescaped(written))


def _with_colons(node: Any, written: _Written) -> str:
    rest = node.expr
    if isinstance(rest, tree.SearchField):
        return f"{node.name}:{_with_colons(rest, written)}"
    if isinstance(rest, tree.Word):
        return f"{node.name}:{rest.value}"
    raise QueryInvalid(
        "A value with a colon in it is written in quotes, or with a backslash before the colon.", _place(node, written)
    )


def _range(field: Field, node: Any, written: _Written) -> Between:
    return Between(
        field=field,
        lower=_bound(node.low, written),
        upper=_bound(node.high, written),
        includes_lower=node.include_low,
        includes_upper=node.include_high,
    )


def _bound(node: Any, written: _Written) -> str | None:
    match node:
        case tree.Word():
            return None if node.value == "*" else _unescaped(node.value)
        case tree.Phrase():
            return _unescaped(node.value[1:-1])
        case tree.Prohibit() if isinstance(node.a, tree.Word):
            return f"-{node.a.value}"
        case _:
            raise QueryInvalid("A bound of a range is a number, a date, a text, or *.", _place(node, written))


def _place(node: Any, written: _Written) -> int | None:
    return None if node.pos is None else written.origin(node.pos)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
