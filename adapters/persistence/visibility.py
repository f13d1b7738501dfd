"""Which products a caller sees, as a condition that every search adds: R1 and R4 in SQL.

Rights are joined when the question is asked, not written beside a million products when they change: a right given on
a dataset is one row, counts at once, and leaves no job to run. A question has two steps: ``granted_datasets`` reads
the few datasets that the caller's groups have rights on, by ``ix_access_right_group_name``; ``is_visible`` and
``has_data_right`` then name these datasets as bound values, so that PostgreSQL knows how many products they have, and
walks either from the datasets to their products (``ix_product_dataset_dataset``) or along the products in the wanted
order, looking at the datasets of each (the key of ``product_dataset``). A caller without any dataset needs no search.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
from sqlalchemy import ColumnElement, FromClause, Select, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.persistence.catalogue_rows import right_from
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.tables import access_right, product, product_dataset
from domain.rights import AccessRight
from domain.urn import EntityType


@attrs.frozen(kw_only=True)
class GrantedDatasets:
    """Virtual ids of datasets by what the caller may: see them, see their products, have their protected files."""

    seen: tuple[str, ...]
    products: tuple[str, ...]
    files: tuple[str, ...]

    @classmethod
    def of(cls, rights: Iterable[AccessRight]) -> "GrantedDatasets":
        """What follows from the rights of a caller's groups."""
        granted = [(str(right.dataset), right.access) for right in rights]
        return cls(
            seen=tuple(sorted({dataset for dataset, access in granted if access.dataset})),
            products=tuple(sorted({dataset for dataset, access in granted if access.products})),
            files=tuple(sorted({dataset for dataset, access in granted if access.files})),
        )


def rights_of_groups(dialect: str, tenant: str) -> Select[Any]:
    """Every right of the groups bound by ``groups_value``; rows for ``right_from``."""
    groups = unfolded(dialect, "groups", [access_right.c.group_name])
    return select(access_right).where(
        access_right.c.tenant == tenant, access_right.c.group_name.in_(select(groups.c.group_name))
    )


def groups_value(groups: Iterable[str]) -> dict[str, str]:
    """The bound value of ``rights_of_groups``, for a caller with these groups (``domain.groups.groups_of``)."""
    return {"groups": encoded([name] for name in sorted(groups))}


def granted_datasets(rows: Iterable[Any]) -> GrantedDatasets:
    """What the rows of ``rights_of_groups`` grant."""
    return GrantedDatasets.of(right_from(dict(row)) for row in rows)


def is_visible(dialect: str, row: FromClause, tenant: str, granted: GrantedDatasets) -> ColumnElement[bool]:
    """Whether the caller sees the product of ``row``: the table ``product``, or an alias of it.

    Leave it out for administrators, who see everything.
    """
    return _in_either(dialect, row, tenant, granted.products, granted.seen)


def has_data_right(dialect: str, row: FromClause, tenant: str, granted: GrantedDatasets) -> ColumnElement[bool]:
    """Whether the caller has the protected files of the product of ``row``."""
    return _in_either(dialect, row, tenant, granted.files, granted.files)


def _in_either(
    dialect: str, row: FromClause, tenant: str, of_products: Sequence[str], themselves: Sequence[str]
) -> ColumnElement[bool]:
    """Products in one list of datasets, or those that are datasets of another list.

    One subquery, not two conditions: of an OR of subqueries PostgreSQL can make no join. A dataset is in
    ``product_dataset`` under its own name, and what sees products sees the dataset, so nothing is granted twice over.
    """
    members = select(product_dataset.c.product_id).where(
        product_dataset.c.tenant == tenant, is_named(dialect, product_dataset.c.dataset, of_products)
    )
    only_seen = sorted(set(themselves) - set(of_products))
    if only_seen:
        dataset = product.alias("seen_dataset")
        itself = select(dataset.c.id).where(
            dataset.c.tenant == tenant,
            dataset.c.entity_type == EntityType.DATASET.value,
            is_named(dialect, dataset.c.virtual_id, only_seen),
        )
        members = members.union_all(itself)  # type: ignore[assignment]  # a compound of selects is used like one
    condition: ColumnElement[bool] = row.c.id.in_(members)
    return condition


def is_named(dialect: str, column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    """Whether the text is one of these: one bound value, however many there are."""
    if dialect == "postgresql":
        condition: ColumnElement[bool] = column == any_(bindparam(None, list(values), type_=ARRAY(Text)))
        return condition
    listed = func.json_each(bindparam(None, json.dumps(list(values)), type_=Text())).table_valued("value")
    found: ColumnElement[bool] = column.in_(select(listed.c.value))
    return found
