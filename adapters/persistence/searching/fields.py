"""Criteria on one field: on a column of the product, or on a row of its attributes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, false, func, literal, true

from adapters.persistence.searching.whole_products import is_of_whole
from domain.attributes import LONGEST_COMPARED, folded, number_of
from domain.coverage import instant
from domain.expression import expression
from domain.search import (
    Between,
    Criterion,
    Equals,
    Exists,
    FitsExpression,
    HasWords,
    Like,
)
from domain.search_values import Interval, Pattern, interval_of

_COLUMNS = {"id": "urn", "virtualId": "virtual_id", "providerId": "provider_id", "model": "model"}
FITS = "fits_expression"
"""The function that SQLite gets from us (``adapters.persistence.engine``)."""


def is_of_columns(criterion: Criterion) -> bool:
    """Whether the product's own row answers it."""
    if is_of_whole(criterion):
        return True
    path = getattr(criterion, "field").path  # noqa: B009 - all others but the compound ones have a field
    return path in _COLUMNS or path in {"version", "last", "geometry"}


def on_attributes(dialect: str, criterion: Criterion, row: FromClause) -> list[ColumnElement[bool]]:
    """Conditions on a row of ``product_attribute``, of which one holds; each has an index. Words are not among them."""
    texts, numbers, instants = row.c.folded, row.c.number_value, row.c.instant_value
    match criterion:
        case Equals(_, value):
            short = value[:LONGEST_COMPARED]
            return [and_(texts == folded(short), row.c.text_value == short), *equal_values(value, row)]
        case Like(_, pattern):
            read = Pattern.read(pattern, folds=True)
            return [texts.like(read.as_like(), escape="\\")]
        case FitsExpression(_, written):
            return [and_(texts.is_not(None), _fits(dialect, row.c.text_value, written))]
        case Between(lower=None, upper=None) | Exists():
            return [texts.is_not(None), numbers.is_not(None)]
        case Between():
            interval = interval_of(criterion)
            given = interval.upper if interval.lower is None else interval.lower
            column = numbers if isinstance(given, float) else instants if isinstance(given, datetime) else texts
            return [_inside(column, interval)]
        case _:
            raise AssertionError(criterion)


def equal_values(value: str, row: FromClause) -> list[ColumnElement[bool]]:
    """The number or the instant that a text writes."""
    found: list[ColumnElement[bool]] = []
    if (number := number_of(value)) is not None:
        found.append(row.c.number_value == number)
    if (at := instant(value)) is not None:
        found.append(row.c.instant_value == at)
    return found


def on_column(dialect: str, criterion: Any, row: FromClause) -> ColumnElement[bool]:
    """The condition on a row of ``product``; never NULL."""
    path = criterion.field.path
    if path == "geometry":
        return row.c.west.is_not(None) if _asks_existence(criterion) else false()
    if _asks_existence(criterion):
        return true()
    if path == "last":
        return _on_last(criterion, row)
    if path == "version":
        return _on_version(criterion, row)
    column: Any = row.c[_COLUMNS[path]]
    match criterion:
        case Equals(_, value) | HasWords(_, value):
            return _plain(column == value)
        case Like(_, pattern):
            read = Pattern.read(pattern, folds=False)
            if dialect == "sqlite":
                return _plain(column.bool_op("GLOB")(read.as_glob()))
            return _plain(column.like(read.as_like(), escape="\\"))
        case FitsExpression(_, written):
            return _fits(dialect, column, written)
        case _:
            return _inside(column, interval_of_texts(criterion))


def interval_of_texts(between: Between) -> Interval:
    """Names are compared as texts, whatever they look like."""
    return Interval(
        lower=between.lower,
        upper=between.upper,
        includes_lower=between.includes_lower,
        includes_upper=between.includes_upper,
    )


def _on_last(criterion: Any, row: FromClause) -> ColumnElement[bool]:
    if isinstance(criterion, Equals | HasWords) and _value(criterion) in {"true", "false"}:
        return _plain(row.c.is_last == (true() if _value(criterion) == "true" else false()))
    return false()


def _on_version(criterion: Any, row: FromClause) -> ColumnElement[bool]:
    if isinstance(criterion, Equals | HasWords) and (number := number_of(_value(criterion))) is not None:
        return _plain(row.c.version == int(number)) if number.is_integer() and abs(number) < 2**62 else false()
    if isinstance(criterion, Between):
        interval = interval_of(criterion)
        if isinstance(interval.lower, float) or isinstance(interval.upper, float):
            return _inside(row.c.version, interval)
    return false()


def _value(criterion: Any) -> str:
    value: str = criterion.words if isinstance(criterion, HasWords) else criterion.value
    return value


def _asks_existence(criterion: Any) -> bool:
    return isinstance(criterion, Exists) or (
        isinstance(criterion, Between) and criterion.lower is None and criterion.upper is None
    )


def _inside(column: Any, interval: Interval) -> ColumnElement[bool]:
    conditions = []
    if interval.lower is not None:
        conditions.append(column >= interval.lower if interval.includes_lower else column > interval.lower)
    if interval.upper is not None:
        conditions.append(column <= interval.upper if interval.includes_upper else column < interval.upper)
    return and_(*conditions)


def _fits(dialect: str, column: Any, written: str) -> ColumnElement[bool]:
    read = expression(written)
    if dialect == "sqlite":
        return _plain(getattr(func, FITS)(written, column) == literal(1))
    return _plain(column.bool_op("~")(f"***:^(?:{read.rendered()})$"))


def _plain(condition: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = condition
    return found
