"""Regular expressions of queries, read in time linear in the text, whatever the expression.

An expression (``domain.expression_grammar``) fits a text as a whole.
"""

from collections.abc import Iterable
from functools import lru_cache

from domain.errors import InvalidValue
from domain.expression_grammar import LAST_CHARACTER, Chars, Choice, Node, Ranges, Repeat, Row, parsed

MOST_STATES = 1000
_MOST_KNOWN_SETS = 500


class Expression:
    """An expression that was read. Raises ``InvalidValue`` for one outside of the subset, or too large."""

    def __init__(self, text: str) -> None:
        self._node = parsed(text)
        self._states: list[tuple[Ranges, int]] = []
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

    def _add(self, node: Node, start: int, end: int) -> None:
        match node:
            case Chars():
                own = self._state()
                self._jump(start, own)
                self._states[own] = node.ranges, end
            case Row():
                for part in node.parts:
                    following = self._state()
                    self._add(part, start, following)
                    start = following
                self._jump(start, end)
            case Choice():
                for branch in node.branches:
                    self._add(branch, start, end)
            case Repeat():
                self._repeat(node, start, end)

    def _repeat(self, node: Repeat, start: int, end: int) -> None:
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


def _rendered(node: Node) -> str:
    match node:
        case Chars():
            if node.ranges == ((0, LAST_CHARACTER),):
                return "."
            # No text holds NUL, and databases refuse to hear of it.
            ranges = [(max(low, 1), high) for low, high in node.ranges if high > 0]
            return "[" + "".join(_named(low) + "-" + _named(high) for low, high in ranges) + "]"
        case Row():
            return "".join(_rendered(part) for part in node.parts)
        case Choice():
            return "(?:" + "|".join(_rendered(branch) for branch in node.branches) + ")"
        case Repeat():
            most = "" if node.most is None else str(node.most)
            return f"(?:{_rendered(node.node)}){{{node.least},{most}}}"


def _named(code: int) -> str:
    character = chr(code)
    return character if character.isascii() and character.isalnum() else f"\\U{code:08X}"
