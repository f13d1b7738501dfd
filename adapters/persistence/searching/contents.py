"""What the products that are found have in common, and the files they list."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import case, func, or_, select

from adapters.persistence.searching.counted import Counted
from adapters.persistence.searching.numbers import is_among
from adapters.persistence.tables import product_attribute, product_file
from application.ports.search_figures import CommonAttribute, FileFigures, FoundSummary
from domain.counted_values import TYPES
from domain.file import DataType
from domain.search import STATIC_FIELDS, Field


async def common_attributes(counted: Counted) -> tuple[CommonAttribute, ...]:
    """Attributes that all have, by path, with the types of their values."""
    if not counted.numbers:
        return ()
    row = product_attribute
    kinds = [func.max(case((row.c.kind == kind.value, 1), else_=0)) for kind in TYPES]
    query = (
        select(row.c.path, *kinds)
        .where(is_among(counted.asking.transaction.dialect, row.c.product_id, counted.numbers))
        .where(row.c.path.not_in(sorted(STATIC_FIELDS)))
        .group_by(row.c.path)
        .having(func.count(row.c.product_id.distinct()) == len(counted.numbers))
        .order_by(row.c.path)
    )
    rows: Any = await counted.asking.transaction.read(query)
    return tuple(
        CommonAttribute(
            field=Field(path),
            types=tuple(kind for kind, is_there in zip(TYPES.values(), there, strict=True) if is_there),
        )
        for path, *there in rows
        if _is_name(path)
    )


async def summary_of(counted: Counted, data_types: Collection[DataType]) -> FoundSummary:
    """Files by type; protected ones of those products only whose files the caller may have."""
    by_type: dict[DataType, FileFigures] = {}
    if counted.numbers and data_types:
        dialect = counted.asking.transaction.dialect
        row = product_file
        allowed = await counted.with_data_right()
        query = (
            select(row.c.data_type, func.count(), func.sum(row.c.size_bytes), func.count(row.c.size_bytes))
            .where(
                is_among(dialect, row.c.product_id, counted.numbers),
                row.c.data_type.in_(sorted(kind.value for kind in data_types)),
                or_(row.c.data_type != DataType.RAWDATA.value, is_among(dialect, row.c.product_id, allowed)),
            )
            .group_by(row.c.data_type)
        )
        rows: Any = await counted.asking.transaction.read(query)
        for kind, files, size, with_size in rows:
            by_type[DataType(kind)] = FileFigures(
                files=files, size_bytes=int(size or 0), without_size=files - with_size
            )
    return FoundSummary(products=len(counted.numbers), is_complete=counted.is_all, by_type=by_type)


def _is_name(path: str) -> bool:
    """Attributes whose names have points in the wrong places cannot be asked for."""
    return all(path.split("."))
