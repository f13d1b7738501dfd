"""What PostgreSQL did for a search: each statement once more under EXPLAIN ANALYZE, as the service has it run.

The settings are those of the search's own transaction, which are read off the statements themselves; nothing forbids a
kind of plan. Statistics are those of ANALYZE.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.search_load import TABLES

_LARGE = 100_000
"""Rows of a table that is not to be read as a whole; a smaller one may be."""
_WHOLE_SHARE = 0.2
"""A scan that nothing narrows may read so much of a table, as along an index until a page is full."""
_WATCHED = frozenset(table.name for table in TABLES)


@attrs.frozen
class Scan:
    """One step that reads rows of a table; ``rows`` are all that it looked at, whether they were wanted or not."""

    table: str
    kind: str
    index: str | None
    rows: int
    is_narrowed: bool

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> "Scan":
        """From a node of a plan in JSON."""
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        return cls(
            table=node.get("Relation Name", ""),
            kind=node["Node Type"],
            index=node.get("Index Name"),
            rows=round((node["Actual Rows"] + removed) * node["Actual Loops"]),
            is_narrowed="Index Cond" in node or node["Node Type"] == "Bitmap Heap Scan",
        )

    def reads_all(self, sizes: Mapping[str, float]) -> bool:
        """Whether it reads a large table as a whole, or means to."""
        if sizes.get(self.table, 0) < _LARGE:
            return False
        return "Seq Scan" in self.kind or (
            not self.is_narrowed and self.index is not None and self.rows > _WHOLE_SHARE * sizes[self.table]
        )


@contextmanager
def noted_statements(engine: AsyncEngine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are run meanwhile, with their values."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        statements.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def scans_of(engine: AsyncEngine, statements: Sequence[tuple[str, Any]]) -> list[list[Scan]]:
    """The scans of each of the statements that read."""
    found = []
    async with engine.connect() as connection:
        for statement, parameters in statements:
            if statement.startswith("SET") or "set_config" in statement:
                await connection.exec_driver_sql(statement)
            elif statement.lstrip().upper().startswith(("SELECT", "WITH")):
                explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
                plan = (await connection.exec_driver_sql(explained, parameters)).scalar_one()
                found.append(list(_scans(plan[0]["Plan"])))
        await connection.rollback()
    return found


async def sizes_of(engine: AsyncEngine) -> dict[str, float]:
    """Rows of the large tables, as ANALYZE counted them."""
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT relname, reltuples FROM pg_class WHERE relname = ANY(:names) AND relkind = 'r'"),
            {"names": sorted(_WATCHED)},
        )
        return {row.relname: row.reltuples for row in rows}


def in_words(scans: Sequence[Scan]) -> str:
    """Which indexes are read, and how many rows of each: ``ix_product_model 12; seq scan of product 1000000``."""
    read: dict[str, int] = {}
    for scan in scans:
        if scan.kind == "Bitmap Heap Scan" or (scan.table not in _WATCHED and scan.index is None):
            continue
        name = scan.index or f"{scan.kind.lower()} of {scan.table}"
        kind = {"Index Only Scan": " (only)", "Bitmap Index Scan": " (bitmap)"}.get(scan.kind, "")
        read[name + kind] = read.get(name + kind, 0) + scan.rows
    return "; ".join(f"{name} {rows}" for name, rows in read.items() if rows)


def _scans(node: Mapping[str, Any]) -> Iterator[Scan]:
    if node["Node Type"].endswith("Scan") and node.get("Actual Loops"):
        yield Scan.of(node)
    for child in node.get("Plans", ()):
        yield from _scans(child)
