"""Products by their numbers: very many of them as one bound value."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY


def is_among(dialect: str, column: Any, numbers: Collection[int]) -> ColumnElement[bool]:
    """Whether the number is one of these."""
    if dialect == "postgresql":
        condition: ColumnElement[bool] = column == any_(bindparam(None, list(numbers), type_=ARRAY(BigInteger)))
        return condition
    listed = func.json_each(bindparam(None, json.dumps(list(numbers)), type_=Text())).table_valued("value")
    found: ColumnElement[bool] = column.in_(select(listed.c.value))
    return found
