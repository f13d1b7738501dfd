"""Criteria as queries, the way ``adapters.query.lucene`` reads them."""

import re

from domain.search import PROPERTIES, Between, Equals, Field

_SPECIAL = re.compile(r"([^\w.])")
_IN_QUOTES = re.compile(r'([\\"])')


def narrowed(text: str, criterion: Equals | Between) -> str:
    """A query for what the text finds, and this as well."""
    own = written(criterion)
    return f"({text}) AND {own}" if text.strip() else own


def written(criterion: Equals | Between) -> str:
    """The criterion as a query."""
    name = _name(criterion.field)
    if isinstance(criterion, Equals):
        return f"{name}:{_quoted(criterion.value)}"
    opening, closing = "[" if criterion.includes_lower else "{", "]" if criterion.includes_upper else "}"
    return f"{name}:{opening}{_bound(criterion.lower)} TO {_bound(criterion.upper)}{closing}"


def _name(field: Field) -> str:
    """Attributes with their prefix: so none is a word of the language, and none begins in an unknown way."""
    return _SPECIAL.sub(r"\\\1", field.path if field.is_static else PROPERTIES + field.path)


def _bound(bound: str | None) -> str:
    return "*" if bound is None else _quoted(bound)


def _quoted(text: str) -> str:
    return '"' + _IN_QUOTES.sub(r"\\\1", text) + '"'
