r"""The grammar of regular expressions in queries: from a text to a tree of characters, rows, choices and repetitions.

Literals, ``.``, classes (``[a-z]``, ``[^0-9]``, ``\d``, ``\w``, ``\s``), groups, ``|``, and ``* + ? {m,n}``. No
look-around, no references back, nothing lazy: for these there is no engine without bad surprises, and two databases
would answer differently. ``^`` in front and ``$`` at the end may be written.
"""

from collections.abc import Sequence

import attrs

from domain.errors import InvalidValue

MOST_REPEATS = 255
_DEEPEST = 20

Ranges = tuple[tuple[int, int], ...]
"""Characters by their numbers, from and to, both included."""
LAST_CHARACTER = 0x10FFFF
_NAMED: dict[str, Ranges] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 13), (32, 32)),
}


@attrs.frozen
class Chars:
    """One character out of some."""

    ranges: Ranges


@attrs.frozen
class Row:
    """One after the other."""

    parts: "tuple[Node, ...]"


@attrs.frozen
class Choice:
    """One of several."""

    branches: "tuple[Node, ...]"


@attrs.frozen
class Repeat:
    """The same, ``least`` to ``most`` times; ``None`` is without end."""

    node: "Node"
    least: int
    most: int | None


Node = Chars | Row | Choice | Repeat


def parsed(text: str) -> Node:
    """The tree of an expression. Raises ``InvalidValue``, which says where, for one outside of the subset."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._end = len(text)

    def read(self) -> Node:
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

    def _choice(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise self._refusal("groups that are nested too deeply")
        branches: list[Node] = [self._row(depth)]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._row(depth))
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _row(self, depth: int) -> Node:
        parts: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._quantified(self._atom(depth)))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _quantified(self, node: Node) -> Node:
        match self._peek():
            case "*":
                found = Repeat(node, 0, None)
            case "+":
                found = Repeat(node, 1, None)
            case "?":
                found = Repeat(node, 0, 1)
            case "{":
                return self._counted(node)
            case _:
                return node
        self._at += 1
        return found

    def _counted(self, node: Node) -> Node:
        closing = self._text.find("}", self._at, self._end)
        inner = self._text[self._at + 1 : closing] if closing > 0 else ""
        least, comma, most = inner.partition(",")
        if not (least.isascii() and least.isdigit()) or not (most == "" or (most.isascii() and most.isdigit())):
            raise self._refusal("a '{' that is no {m}, {m,} or {m,n}")
        highest = int(least) if not comma else int(most) if most else None
        if max(int(least), highest or 0) > MOST_REPEATS or (highest is not None and highest < int(least)):
            raise self._refusal(f"a repetition out of order, or of more than {MOST_REPEATS},")
        self._at = closing + 1
        return Repeat(node, int(least), highest)

    def _atom(self, depth: int) -> Node:
        character = self._take()
        match character:
            case ".":
                return Chars(((0, LAST_CHARACTER),))
            case "(":
                node = self._choice(depth + 1)
                if self._take("a '(' without its ')'") != ")":
                    raise self._refusal("a '(' without its ')'")
                return node
            case "[":
                return Chars(self._class())
            case "\\":
                return Chars(self._escaped())
            case "*" | "+" | "?" | "{" | "^" | "$":
                self._at -= 1
                raise self._refusal(f"a {character!r} out of place")
            case _:
                return Chars(_just(character))

    def _escaped(self) -> Ranges:
        character = self._take()
        if character.lower() in _NAMED:
            ranges = _NAMED[character.lower()]
            return ranges if character.islower() else _all_but(ranges)
        if character.isalnum():
            self._at -= 1
            raise self._refusal(f"'\\{character}', which is not known here,")
        return _just(character)

    def _class(self) -> Ranges:
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


def _just(character: str) -> Ranges:
    return ((ord(character), ord(character)),)


def _is_one(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _all_but(ranges: Sequence[tuple[int, int]]) -> Ranges:
    gaps = []
    following = 0
    for low, high in sorted(ranges):
        if low > following:
            gaps.append((following, low - 1))
        following = max(following, high + 1)
    if following <= LAST_CHARACTER:
        gaps.append((following, LAST_CHARACTER))
    return tuple(gaps)
