"""What of a product searches look at: its attributes by path, as texts, numbers and instants, and their words.

Values are compared as they are noted here, on every database: a text by its first ``LONGEST_COMPARED`` characters, a
number as a double, words by their characters in any case.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import islice

import attrs

from domain.coverage import instant
from domain.file import DataType
from domain.product import Product
from domain.search import STATIC_FIELDS

LONGEST_COMPARED = 200
"""Characters of a text that comparisons look at; words are found behind them, too."""
LONGEST_PATH = 200
LONGEST_WORD = 64
MOST_ATTRIBUTES = 1000
"""Values of one product; those beyond are kept and shown, but not found."""
MOST_WORDS = 5000

LABEL, TAGS, RAWDATA = "label", "tags", "rawdata"

_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?")

_WORD = re.compile(r"[^\W_]+")
"""Of what ``str.isalnum`` says so."""


class Kind(StrEnum):
    """What a value was."""

    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"
    BOOLEAN = "boolean"


@attrs.frozen(kw_only=True)
class Attribute:
    """One value; ``ordinal`` counts those of one path, from 0.

    A truth value is the text that JSON writes. An instant is a text, too.
    """

    path: str
    ordinal: int
    kind: Kind
    text: str | None = None
    number: float | None = None
    instant: datetime | None = None

    @property
    def folded(self) -> str | None:
        """The text regardless of case."""
        return None if self.text is None else folded(self.text)


def folded(text: str) -> str:
    """A text regardless of case, cut as the texts that it is compared with."""
    return text.casefold()[:LONGEST_COMPARED]


def number_of(text: str) -> float | None:
    """The number that a text writes."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return None if number in {float("inf"), float("-inf")} else number


def number_text(number: float) -> str:
    """A number as JSON writes it, whole ones without a point."""
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def words_of(text: str) -> Iterator[str]:
    """The words of a text: letters and digits in a row, in one form and regardless of case."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    for word in _WORD.findall(plain):
        yield word[:LONGEST_WORD]


def attributes_of(product: Product) -> tuple[Attribute, ...]:
    """All that is found of a product by path."""
    return tuple(
        islice(_numbered([*_static(product), *_below(product.properties, "")]), MOST_ATTRIBUTES),
    )


def words_by_path(product: Product) -> dict[str, frozenset[str]]:
    """The words of a product's texts, whole ones, by path; tags are names, not texts."""
    found: dict[str, set[str]] = {}
    left = MOST_WORDS
    for path, value in islice([*_static(product), *_below(product.properties, "")], MOST_ATTRIBUTES):
        if left <= 0 or path == TAGS or not isinstance(value, str | bool):
            continue
        words = set(islice(words_of(_written(value)), left))
        left -= len(words)
        if words:
            found.setdefault(path, set()).update(words)
    return {path: frozenset(words) for path, words in found.items()}


def _static(product: Product) -> Iterator[tuple[str, object]]:
    yield LABEL, product.label
    for tag in product.tags:
        yield TAGS, tag
    for entry in product.files:
        if entry.data_type is DataType.RAWDATA:
            yield RAWDATA, entry.file_name


def _below(value: object, path: str) -> Iterator[tuple[str, object]]:
    match value:
        case Mapping():
            for name, member in value.items():
                if name:
                    yield from _below(member, f"{path}.{name}" if path else name)
        case list() | tuple():
            for item in value:
                yield from _below(item, path)
        case None:
            return
        case _:
            if path and len(path) <= LONGEST_PATH and path not in STATIC_FIELDS:
                yield path, value


def _numbered(values: Iterable[tuple[str, object]]) -> Iterator[Attribute]:
    ordinals: Counter[str] = Counter()
    for path, value in values:
        ordinal = ordinals[path]
        ordinals[path] += 1
        match value:
            case bool():
                yield Attribute(path=path, ordinal=ordinal, kind=Kind.BOOLEAN, text=_written(value))
            case int() | float():
                yield Attribute(path=path, ordinal=ordinal, kind=Kind.NUMBER, number=float(value))
            case _:
                text = str(value)
                at = None if path in STATIC_FIELDS else instant(text)
                kind = Kind.TEXT if at is None else Kind.INSTANT
                yield Attribute(path=path, ordinal=ordinal, kind=kind, text=text[:LONGEST_COMPARED], instant=at)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
