"""Many rows as one bound value: a JSON text that the database unfolds into a table.

The statement's text stays the same for 1 row or 1000, so it is compiled and planned once, no limit on the number of
bound values is ever met, and a batch is one call of the driver.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    JSON,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from adapters.persistence.types import UTCDateTime


def encoded(rows: Iterable[Sequence[object]]) -> str:
    """The rows as text. Characters that no database can hold fail here or in the driver, not when read again."""
    return json.dumps(list(rows), ensure_ascii=False, separators=(",", ":"))


def unfolded(dialect: str, name: str, columns: Sequence[Column[Any]]) -> CTE:
    """A table called ``name``, with these columns, from the bound value ``name`` made by ``encoded``."""
    fields: list[ColumnElement[Any]]
    if dialect == "sqlite":
        source = func.json_each(bindparam(name, type_=Text())).table_valued("value", name="unfolding")
        fields = [
            func.json_extract(source.c.value, literal_column(f"'$[{position}]'"), type_=_plain(wanted.type))
            for position, wanted in enumerate(columns)
        ]
    else:
        source = func.jsonb_array_elements(cast(bindparam(name, type_=Text()), JSONB)).table_valued(
            column("value", JSONB), name="unfolding"
        )
        fields = [_field(source.c.value, position, wanted.type) for position, wanted in enumerate(columns)]
    return (
        select(*(field.label(wanted.name) for field, wanted in zip(fields, columns, strict=True)))
        .select_from(source)
        .cte(name)
    )


def _field(value: ColumnElement[Any], position: int, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    if isinstance(kind, JSON):
        return cast(value.op("->")(literal_column(str(position))), JSON)
    text = value.op("->>", return_type=Text())(literal_column(str(position)))
    plain = _plain(kind)
    return text if isinstance(plain, Text) else cast(text, plain)


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type to unfold a value as, without the conversions that its column does in Python."""
    if isinstance(kind, UTCDateTime):
        return DateTime(timezone=True)
    if isinstance(kind, TypeDecorator):
        return kind.impl_instance
    return kind if isinstance(kind, Integer | Boolean) else Text()
