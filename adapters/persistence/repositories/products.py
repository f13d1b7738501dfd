"""Catalogued products with their files."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, bindparam, delete, func, literal, select, true, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from adapters.persistence.attribute_rows import attribute_values, words_values
from adapters.persistence.catalogue_rows import (
    dataset_values,
    entry_from,
    entry_values,
    newest,
    product_from,
    product_values,
)
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.tables import (
    product,
    product_attribute,
    product_dataset,
    product_file,
    product_statement,
    product_words,
)
from adapters.persistence.transaction import Transaction
from application.ports.products import ProductPage, ProductRepository
from domain.product import FileEntry, Product
from domain.statement import Statement
from domain.urn import EntityType, Urn

_CHILDREN: tuple[Table, ...] = (product_file, product_dataset, product_attribute)


class SqlProductRepository(ProductRepository):
    """Products by tenant and URN; their files and datasets are replaced with them."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, tenant: str, urn: Urn) -> Product | None:
        """One product; for a LAST URN the newest version."""
        return (await self.known(tenant, [urn])).get(urn)

    async def known(self, tenant: str, urns: Sequence[Urn]) -> dict[Urn, Product]:
        """Those of the products that exist."""
        exact = {str(urn): urn for urn in urns if not urn.is_last}
        newest_of = {str(urn): urn for urn in urns if urn.is_last}
        found = {}
        if exact:
            for row in await self._rows(self._by(product.c.urn, tenant), exact):
                found[exact[row["urn"]]] = row
        if newest_of:
            for row in await self._rows(self._by(product.c.virtual_id, tenant).where(product.c.is_last), newest_of):
                found[newest_of[row["virtual_id"]]] = row
        files = await self._files({row["id"] for row in found.values()})
        return {urn: product_from(row, files[row["id"]]) for urn, row in found.items()}

    async def page(
        self, tenant: str, *, entity_type: EntityType | None, dataset: Urn | None, after: str | None, limit: int
    ) -> ProductPage:
        """Products in the order of their URNs."""
        query = select(product).where(product.c.tenant == tenant).order_by(product.c.urn).limit(limit + 1)
        if entity_type is not None:
            query = query.where(product.c.entity_type == entity_type.value)
        if dataset is not None:
            members = select(product_dataset.c.product_id).where(
                product_dataset.c.tenant == tenant, product_dataset.c.dataset == str(dataset)
            )
            query = query.where(product.c.id.in_(members), product.c.virtual_id != str(dataset))
        if after is not None:
            query = query.where(product.c.urn > after)
        rows = [dict(row) for row in (await self._transaction.read(query)).mappings()]
        wanted = rows[:limit]
        files = await self._files({row["id"] for row in wanted})
        return ProductPage(
            products=tuple(product_from(row, files[row["id"]]) for row in wanted),
            next_after=wanted[-1]["urn"] if len(rows) > limit else None,
        )

    async def save(self, products: Sequence[Product]) -> None:
        """Insert or replace, in bulk."""
        distinct = {(value.tenant, str(value.urn)): value for value in products}
        if not distinct:
            return
        await self._lock({value.tenant for value in products})
        await self._transaction.write(
            _upsert(self._transaction.dialect), [product_values(value) for value in distinct.values()]
        )
        numbers = await self._numbers(distinct)
        await self._clear(numbers.values())
        entries = [
            entry_values(entry, product_id=numbers[key], position=position, tenant=value.tenant)
            for key, value in distinct.items()
            for position, entry in enumerate(value.files)
        ]
        if entries:
            await self._transaction.write(product_file.insert(), entries)
        datasets = [row for key, value in distinct.items() for row in dataset_values(value, product_id=numbers[key])]
        if datasets:
            await self._transaction.write(product_dataset.insert(), datasets)
        await self._note({numbers[key]: value for key, value in distinct.items()})
        await self._settle_versions({(value.tenant, str(value.virtual_id)) for value in distinct.values()})

    async def remove(self, tenant: str, urns: Sequence[Urn]) -> tuple[Urn, ...]:
        """Delete products; returns which there were."""
        keys = {(tenant, str(urn)): urn for urn in urns if not urn.is_last}
        await self._lock({tenant})
        numbers = await self._numbers(keys)
        if not numbers:
            return ()
        await self._clear(numbers.values())
        await self._transaction.write(
            delete(product).where(product.c.id.in_(self._unfolded_ids())), {"ids": _ids(numbers.values())}
        )
        await self._settle_versions({(tenant, str(keys[key].virtual_id)) for key in numbers})
        return tuple(keys[key] for key in sorted(numbers))

    async def claim(
        self, tenant: str, urns: Collection[Urn], statement: Statement, *, is_removal: bool = False
    ) -> frozenset[Urn]:
        """Note that something is said of products; returns of which it is news."""
        keys = {str(urn): urn for urn in urns}
        if not keys:
            return frozenset()
        await self._lock({tenant})
        result = await self._transaction.write(
            self._claim(tenant, statement, is_removal=is_removal), {"wanted": encoded([key] for key in sorted(keys))}
        )
        return frozenset(keys[row.urn] for row in result)

    async def purge_statements(self, before: datetime) -> int:
        """Delete the notes of products that are removed."""
        noted = product_statement.c
        result = await self._transaction.write(delete(product_statement).where(noted.is_gone, noted.said_at < before))
        return result.rowcount

    def _claim(self, tenant: str, statement: Statement, *, is_removal: bool) -> Any:
        """One statement that decides like ``Statement.is_news`` and notes like ``Statement.noted``."""
        dialect = self._transaction.dialect
        wanted = unfolded(dialect, "wanted", [product.c.urn])
        noted = product_statement.c
        said_at = literal(statement.said_at, noted.said_at.type)
        insert: Any = (postgresql if dialect == "postgresql" else sqlite).insert(product_statement)
        latest = (func.greatest if dialect == "postgresql" else func.max)(noted.said_at, insert.excluded.said_at)
        # The condition keeps SQLite from reading the conflict clause as that of a join.
        source = select(
            literal(tenant, noted.tenant.type), wanted.c.urn, said_at, literal(is_removal, noted.is_gone.type)
        ).where(true())
        return (
            insert.from_select(["tenant", "urn", "said_at", "is_gone"], source)
            .on_conflict_do_update(
                index_elements=["tenant", "urn"],
                set_={"said_at": latest, "is_gone": insert.excluded.is_gone},
                where=None if statement.overrides is None else noted.said_at <= statement.overrides,
            )
            .returning(noted.urn)
        )

    def _by(self, column: Any, tenant: str) -> Select[Any]:
        wanted = unfolded(self._transaction.dialect, "wanted", [product.c.urn])
        return select(product).where(product.c.tenant == tenant, column.in_(select(wanted.c.urn)))

    async def _rows(self, query: Select[Any], keys: Iterable[str]) -> list[dict[str, Any]]:
        result = await self._transaction.read(query, {"wanted": encoded([key] for key in sorted(keys))})
        return [dict(row) for row in result.mappings()]

    async def _files(self, numbers: Collection[int]) -> dict[int, list[FileEntry]]:
        files: dict[int, list[FileEntry]] = defaultdict(list)
        if numbers:
            query = (
                select(product_file)
                .where(product_file.c.product_id.in_(self._unfolded_ids()))
                .order_by(product_file.c.product_id, product_file.c.position)
            )
            for row in (await self._transaction.read(query, {"ids": _ids(numbers)})).mappings():
                files[row["product_id"]].append(entry_from(dict(row)))
        return files

    async def _numbers(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """The numbers of those products that exist, by tenant and URN."""
        wanted = unfolded(self._transaction.dialect, "wanted", [product.c.tenant, product.c.urn])
        query = select(product.c.tenant, product.c.urn, product.c.id).where(
            tuple_(product.c.tenant, product.c.urn).in_(select(wanted.c.tenant, wanted.c.urn))
        )
        result = await self._transaction.read(query, {"wanted": encoded(sorted(keys))})
        return {(row.tenant, row.urn): row.id for row in result}

    async def _clear(self, numbers: Iterable[int]) -> None:
        """Delete the files and datasets of products."""
        for table in _CHILDREN:
            await self._transaction.write(
                delete(table).where(table.c.product_id.in_(self._unfolded_ids())), {"ids": _ids(numbers)}
            )

    async def _note(self, products: Mapping[int, Product]) -> None:
        """Write down what searches look at."""
        attributes = [row for number, value in products.items() for row in attribute_values(value, product_id=number)]
        if attributes:
            await self._transaction.write(product_attribute.insert(), attributes)
        gone = delete(product_words).where(product_words.c.rowid.in_(self._unfolded_ids()))
        await self._transaction.write(gone, {"ids": _ids(products)})
        words = [words_values(value, product_id=number) for number, value in products.items()]
        await self._transaction.write(product_words.insert(), words)

    async def _settle_versions(self, things: Collection[tuple[str, str]]) -> None:
        """Make the newest version of each thing the last one, and no other."""
        wanted = unfolded(self._transaction.dialect, "wanted", [product.c.tenant, product.c.virtual_id])
        is_wanted = tuple_(product.c.tenant, product.c.virtual_id).in_(select(wanted.c.tenant, wanted.c.virtual_id))
        query = select(product.c.tenant, product.c.virtual_id, product.c.id, product.c.urn, product.c.is_last)
        versions: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for row in await self._transaction.read(query.where(is_wanted), {"wanted": encoded(sorted(things))}):
            versions[row.tenant, row.virtual_id].append(row)
        changes = [
            {"number": row.id, "newest": not row.is_last}
            for rows in versions.values()
            for last in [newest([(row.id, row.urn) for row in rows])]
            for row in rows
            if row.is_last is not (row.id == last)
        ]
        if changes:
            change = update(product).where(product.c.id == bindparam("number")).values(is_last=bindparam("newest"))
            await self._transaction.write(change, changes)

    async def _lock(self, tenants: Collection[str]) -> None:
        """One writer of a tenant's catalogue at a time: of two that each add a version, the second sees the first's.

        SQLite has one writer anyway.
        """
        if self._transaction.dialect == "postgresql":
            for tenant in sorted(tenants):
                key = func.hashtextextended(f"catalogue of {tenant}", 0)
                await self._transaction.write(select(func.pg_advisory_xact_lock(key)))

    def _unfolded_ids(self) -> Select[Any]:
        return select(unfolded(self._transaction.dialect, "ids", [product.c.id]).c.id)


def _ids(numbers: Iterable[int]) -> str:
    return encoded([number] for number in sorted(numbers))


def _upsert(dialect: str) -> Any:
    """Insert or replace by tenant and URN; the number stays, and so does the instant of registration."""
    insert: Any = postgresql.insert(product) if dialect == "postgresql" else sqlite.insert(product)
    kept = {"id", "tenant", "urn", "registered_at"}
    return insert.on_conflict_do_update(
        index_elements=["tenant", "urn"],
        set_={column.name: insert.excluded[column.name] for column in product.c if column.name not in kept},
    )
