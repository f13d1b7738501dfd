r"""Regular expressions of queries: a subset that is read in time linear in the text, whatever the expression.

Literals, ``.``, classes (``[a-z]``, ``[^0-9]``, ``\d``, ``\w``, ``\s``), groups, ``|``, and ``* + ? {m,n}``. No
look-around, no references back, nothing lazy: for these there is no engine without bad surprises, and two databases
would answer differently. An expression fits a text as a whole; ``^`` in front and ``$`` at the end may be written.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import attrs

from domain.errors import InvalidValue

MOST_STATES = 1000
MOST_REPEATS = 255
_MOST_KNOWN_SETS = 500
_DEEPEST = 20

_Ranges = tuple[tuple[int, int], ...]
_LAST = 0x10FFFF
_NAMED: dict[str, _Ranges] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 13), (32, 32)),
}


@attrs.frozen
class _Chars:
    ranges: _Ranges


@attrs.frozen
class _Row:
    parts: "tuple[_Node, ...]"


@attrs.frozen
class _Choice:
    branches: "tuple[_Node, ...]"


@attrs.frozen
class _Repeat:
    node: "_Node"
    least: int
    most: int | None


_Node = _Chars | _Row | _Choice | _Repeat


class Expression:
    """An expression that was read. Raises ``InvalidValue`` for one outside of the subset, or too large."""

    def __init__(self, text: str) -> None:
        self._node = _Reader(text).read()
        self._states: list[tuple[_Ranges, int]] = []
        self._jumps: dict[int, tuple[int, ...]] = {}
        start, end = self._state(), self._state()
        self._add(self._node, start, end)
        self._end = end
        self._first = self._closed([start])
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def fits(self, text: str) -> bool:
        """Whether it fits the whole text."""
        current = self._first
        for character in text:
            following = self._known.get((current, character))
            current = self._step(current, character) if following is None else following
            if not current:
                return False
        return self._end in current

    def rendered(self) -> str:
        """The same in words that PostgreSQL knows, with characters by their numbers."""
        return _rendered(self._node)

    def _step(self, current: frozenset[int], character: str) -> frozenset[int]:
        code = ord(character)
        reached = [
            target
            for state in current
            for ranges, target in [self._states[state]]
            if any(low <= code <= high for low, high in ranges)
        ]
        if len(self._known) >= _MOST_KNOWN_SETS:
            self._known.clear()
        following = self._known[current, character] = self._closed(reached)
        return following

    def _closed(self, states: Iterable[int]) -> frozenset[int]:
        """These states, and all that are reached from them without a character."""
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                waiting.extend(self._jumps.get(state, ()))
        return frozenset(found)

    def _state(self) -> int:
        if len(self._states) >= MOST_STATES:
            raise InvalidValue("The regular expression is too large.")
        self._states.append(((), 0))
        return len(self._states) - 1

    def _jump(self, start: int, end: int) -> None:
        self._jumps[start] = (*self._jumps.get(start, ()), end)

    def _add(self, node: _Node, start: int, end: int) -> None:
        match node:
            case _Chars():
                own = self._state()
                self._jump(start, own)
                self._states[own] = node.ranges, end
            case _Row():
                for part in node.parts:
                    following = self._state()
                    self._add(part, start, following)
                    start = following
                self._jump(start, end)
            case _Choice():
                for branch in node.branches:
                    self._add(branch, start, end)
            case _Repeat():
                self._repeat(node, start, end)

    def _repeat(self, node: _Repeat, start: int, end: int) -> None:
        for _ in range(node.least):
            following = self._state()
            self._add(node.node, start, following)
            start = following
        if node.most is None:
            loop = self._state()
            self._jump(start, loop)
            self._jump(loop, end)
            again = self._state()
            self._add(node.node, loop, again)
            self._jump(again, loop)
            return
        for _ in range(node.most - node.least):
            self._jump(start, end)
            following = self._state()
            self._add(node.node, start, following)
            start = following
        self._jump(start, end)


@lru_cache(maxsize=64)
def expression(text: str) -> Expression:
    """The expression, read once. Raises ``InvalidValue``."""
    return Expression(text)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._end = len(text)

    def read(self) -> _Node:
        self._at = 1 if self._text.startswith("^") else 0
        if self._text.endswith("$") and not self._text.endswith("\\$"):
            self._end -= 1
        node = self._choice(0)
        if self._at < self._end:
            raise self._refusal("a ')' without its '('")
        return node

    def _refusal(self, what: str) -> InvalidValue:
        return InvalidValue(f"The regular expression /{self._text}/ has {what} at its character {self._at + 1}.")

    def _peek(self) -> str:
        return self._text[self._at] if self._at < self._end else ""

    def _take(self, what: str = "an end too early") -> str:
        if self._at >= self._end:
            raise self._refusal(what)
        self._at += 1
        return self._text[self._at - 1]

    def _choice(self, depth: int) -> _Node:
        if depth > _DEEPEST:
            raise self._refusal("groups that are nested too deeply")
        branches: list[_Node] = [self._row(depth)]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._row(depth))
        return branches[0] if len(branches) == 1 else _Choice(tuple(branches))

    def _row(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._quantified(self._atom(depth)))
        return parts[0] if len(parts) == 1 else _Row(tuple(parts))

    def _quantified(self, node: _Node) -> _Node:
        match self._peek():
            case "*":
                found = _Repeat(node, 0, None)
            case "+":
                found = _Repeat(node, 1, None)
            case "?":
                found = _Repeat(node, 0, 1)
            case "{":
                return self._counted(node)
            case _:
                return node
        self._at += 1
        return found

    def _counted(self, node: _Node) -> _Node:
        closing = self._text.find("}", self._at, self._end)
        inner = self._text[self._at + 1 : closing] if closing > 0 else ""
        least, comma, most = inner.partition(",")
        if not (least.isascii() and least.isdigit()) or not (most == "" or (most.isascii() and most.isdigit())):
            raise self._refusal("a '{' that is no {m}, {m,} or {m,n}")
        highest = int(least) if not comma else int(most) if most else None
        if max(int(least), highest or 0) > MOST_REPEATS or (highest is not None and highest < int(least)):
            raise self._refusal(f"a repetition out of order, or of more than {MOST_REPEATS},")
        self._at = closing + 1
        return _Repeat(node, int(least), highest)

    def _atom(self, depth: int) -> _Node:
        character = self._take()
        match character:
            case ".":
                return _Chars(((0, _LAST),))
            case "(":
                node = self._choice(depth + 1)
                if self._take("a '(' without its ')'") != ")":
                    raise self._refusal("a '(' without its ')'")
                return node
            case "[":
                return _Chars(self._class())
            case "\\":
                return _Chars(self._escaped())
            case "*" | "+" | "?" | "{" | "^" | "$":
                self._at -= 1
                raise self._refusal(f"a {character!r} out of place")
            case _:
                return _Chars(_just(character))

    def _escaped(self) -> _Ranges:
        character = self._take()
        if character.lower() in _NAMED:
            ranges = _NAMED[character.lower()]
            return ranges if character.islower() else _all_but(ranges)
        if character.isalnum():
            self._at -= 1
            raise self._refusal(f"'\\{character}', which is not known here,")
        return _just(character)

    def _class(self) -> _Ranges:
        is_negated = self._peek() == "^"
        if is_negated:
            self._at += 1
        ranges: list[tuple[int, int]] = []
        while True:
            character = self._take("a '[' without its ']'")
            if character == "]" and ranges:
                break
            if character == "[":
                raise self._refusal("a '[' inside of a class, which needs a backslash,")
            low = self._escaped() if character == "\\" else _just(character)
            if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in {"]", ""}:
                ranges.extend(low)
                continue
            self._at += 1
            following = self._take()
            high = self._escaped() if following == "\\" else _just(following)
            if not (_is_one(low) and _is_one(high) and low[0][0] <= high[0][0]):
                raise self._refusal("a range out of order")
            ranges.append((low[0][0], high[0][0]))
        return _all_but(ranges) if is_negated else tuple(ranges)


def _just(character: str) -> _Ranges:
    return ((ord(character), ord(character)),)


def _is_one(ranges: _Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _all_but(ranges: Sequence[tuple[int, int]]) -> _Ranges:
    gaps = []
    following = 0
    for low, high in sorted(ranges):
        if low > following:
            gaps.append((following, low - 1))
        following = max(following, high + 1)
    if following <= _LAST:
        gaps.append((following, _LAST))
    return tuple(gaps)


def _rendered(node: _Node) -> str:
    match node:
        case _Chars():
            if node.ranges == ((0, _LAST),):
                return "."
            # No text holds NUL, and databases refuse to hear of it.
            ranges = [(max(low, 1), high) for low, high in node.ranges if high > 0]
            return "[" + "".join(_named(low) + "-" + _named(high) for low, high in ranges) + "]"
        case _Row():
            return "".join(_rendered(part) for part in node.parts)
        case _Choice():
            return "(?:" + "|".join(_rendered(branch) for branch in node.branches) + ")"
        case _Repeat():
            most = "" if node.most is None else str(node.most)
            return f"(?:{_rendered(node.node)}){{{node.least},{most}}}"


def _named(code: int) -> str:
    character = chr(code)
    return character if character.isascii() and character.isalnum() else f"\\U{code:08X}"
