"""Insert or replace, in the words of either database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Insert, Select, Table, true
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    dialect: str, table: Table, source: Select[Any] | None = None, *, changing: Sequence[str] | None = None
) -> Insert:
    """Insert rows (those bound, or those of ``source``); of rows that exist, replace the columns ``changing``.

    ``None`` replaces all but the key; an empty sequence keeps what exists.
    """
    insert: Any = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    if source is not None:
        # The condition keeps SQLite from reading the conflict clause as that of a join.
        insert = insert.from_select(list(source.selected_columns.keys()), source.where(true()))
    keys = [column.name for column in table.primary_key]
    names = [column.name for column in table.c if column.name not in keys] if changing is None else list(changing)
    if not names:
        return insert.on_conflict_do_nothing(index_elements=keys)  # type: ignore[no-any-return]  # insert is of either dialect
    return insert.on_conflict_do_update(  # type: ignore[no-any-return]  # insert is of either dialect
        index_elements=keys, set_={name: insert.excluded[name] for name in names}
    )
