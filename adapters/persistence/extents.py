"""Where and when a product was measured, as conditions on its row; never NULL."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, FromClause, and_, bindparam, func, literal_column, or_

from domain.search import Overlaps, Touches


def touches(dialect: str, box: Touches, row: FromClause) -> ColumnElement[bool]:
    """The box around the geometry meets this one; by the index of boxes where there is one."""
    if box.west > box.east:
        halves = [
            Touches(west=box.west, south=box.south, east=180, north=box.north),
            Touches(west=-180, south=box.south, east=box.east, north=box.north),
        ]
        return or_(*(touches(dialect, half, row) for half in halves))
    exact = and_(
        row.c.west.is_not(None),
        row.c.west <= box.east,
        row.c.east >= box.west,
        row.c.south <= box.north,
        row.c.north >= box.south,
    )
    if dialect == "sqlite":
        return exact
    # What the index knows is a little wider than the box, by the tolerance of PostgreSQL's own types.
    mine = func.box(func.point(row.c.west, row.c.south), func.point(row.c.east, row.c.north))
    asked = func.box(func.point(box.west, box.south), func.point(box.east, box.north))
    return and_(exact, mine.bool_op("&&")(asked))


def overlaps(dialect: str, asked: Overlaps, row: FromClause) -> ColumnElement[bool]:
    """The product's time meets this one; by the index of times where there is one, which is exact."""
    if dialect == "postgresql":
        closed: ColumnElement[str] = literal_column("'[]'")
        unbounded: ColumnElement[Any] = literal_column("'(,)'::tstzrange")
        mine = func.nullif(func.tstzrange(row.c.starts_at, row.c.ends_at, closed), unbounded)  # as the index has it
        wanted = func.tstzrange(_bound(asked.start), _bound(asked.end), closed)
        return and_(row.c.starts_at.is_not(None), mine.bool_op("&&")(wanted))
    conditions: list[ColumnElement[bool]] = [row.c.starts_at.is_not(None)]
    if asked.end is not None:
        conditions.append(row.c.starts_at <= asked.end)
    if asked.start is not None:
        conditions.append(row.c.ends_at >= asked.start)
    return and_(*conditions)


def _bound(instant: datetime | None) -> ColumnElement[datetime]:
    return bindparam(None, instant, type_=DateTime(timezone=True))
