"""Products, groups, rights and licences over the in-memory tables."""

from collections.abc import Collection, Sequence
from datetime import datetime

import anyio.lowlevel
import attrs

from application.errors import Conflict
from application.ports.access import AccessRepository, LicenceRepository
from application.ports.products import CatalogueFinder, FoundProduct, ProductPage, ProductRepository
from domain.access import Caller
from domain.groups import AccessGroup, Memberships
from domain.licence import Licence, LicenceAcceptance, LicenceState
from domain.product import Product
from domain.product_access import ProductFiles
from domain.rights import AccessRight, datasets_that_count
from domain.statement import Statement
from domain.urn import EntityType, Urn
from tests.fakes.in_memory_database import InMemoryDatabase, Tables
from tests.fakes.in_memory_repositories import OpenTables


def product_in(tables: Tables, tenant: str, urn: Urn) -> Product | None:
    """One product; for a LAST URN the newest version."""
    if not urn.is_last:
        return tables.products.get((tenant, urn))
    versions = [
        row for (owner, _), row in tables.products.items() if owner == tenant and row.virtual_id == urn.virtual_id
    ]
    return next((row for row in versions if row.is_last), None) if str(urn) == str(urn.virtual_id) else None


def memberships_in(tables: Tables, tenant: str, email: str) -> Memberships:
    """What counts for a user, besides their token."""
    own = tables.user_groups.get((tenant, email), frozenset())
    return Memberships.of(own, [group for (owner, _), group in tables.groups.items() if owner == tenant])


def licence_state_in(tables: Tables, tenant: str, email: str, datasets: Collection[Urn]) -> LicenceState:
    """What decides for products of these datasets and this user."""
    in_force = {
        dataset: row
        for (owner, dataset), (row, is_withdrawn) in tables.licences.items()
        if owner == tenant and not is_withdrawn
    }
    return LicenceState(
        tenant_licence=in_force.get(None),
        dataset_licences=tuple(in_force[dataset] for dataset in datasets if dataset in in_force),
        acceptances=tuple(
            row
            for row in tables.acceptances.values()
            if (row.tenant, row.email) == (tenant, email) and (row.dataset is None or row.dataset in datasets)
        ),
    )


class InMemoryCatalogueFinder(CatalogueFinder):
    """The read in front of a download, on what is committed."""

    def __init__(self, database: InMemoryDatabase) -> None:
        self._database = database

    async def find(self, caller: Caller, urn: Urn, checksum: str) -> FoundProduct | None:
        await anyio.lowlevel.checkpoint()
        self._database.check_up()
        tables = self._database.tables
        product = product_in(tables, caller.tenant, urn)
        if product is None:
            return None
        datasets = datasets_that_count(product)
        return FoundProduct(
            product=ProductFiles(urn=product.urn, dataset_ids=product.dataset_ids, files=product.entries_of(checksum)),
            rights=tuple(row for row in tables.rights.values() if row.dataset in datasets),
            memberships=memberships_in(tables, caller.tenant, caller.email),
            licences=licence_state_in(tables, caller.tenant, caller.email, datasets),
        )


class InMemoryProductRepository(ProductRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def get(self, tenant: str, urn: Urn) -> Product | None:
        return product_in(self._unit.tables, tenant, urn)

    async def known(self, tenant: str, urns: Sequence[Urn]) -> dict[Urn, Product]:
        found = {urn: product_in(self._unit.tables, tenant, urn) for urn in urns}
        return {urn: row for urn, row in found.items() if row is not None}

    async def page(
        self, tenant: str, *, entity_type: EntityType | None, dataset: Urn | None, after: str | None, limit: int
    ) -> ProductPage:
        found = sorted(
            (
                row
                for (owner, urn), row in self._unit.tables.products.items()
                if owner == tenant
                and entity_type in {None, row.entity_type}
                and (dataset is None or (row.entity_type is not EntityType.DATASET and dataset in row.dataset_ids))
                and (after is None or str(urn) > after)
            ),
            key=lambda row: str(row.urn),
        )
        return ProductPage(
            products=tuple(found[:limit]), next_after=str(found[limit - 1].urn) if len(found) > limit else None
        )

    async def save(self, products: Sequence[Product]) -> None:
        rows = {(row.tenant, row.urn): row for row in products}

        def change(tables: Tables) -> None:
            for key, row in rows.items():
                before = tables.products.get(key)
                tables.products[key] = row if before is None else attrs.evolve(row, registered_at=before.registered_at)
            _settle(tables, {(row.tenant, row.virtual_id) for row in rows.values()})

        self._unit.write(change)

    async def remove(self, tenant: str, urns: Sequence[Urn]) -> tuple[Urn, ...]:
        def change(tables: Tables) -> tuple[Urn, ...]:
            gone = [urn for urn in sorted(set(urns), key=str) if tables.products.pop((tenant, urn), None) is not None]
            _settle(tables, {(tenant, urn.virtual_id) for urn in gone})
            return tuple(gone)

        return self._unit.write(change)

    async def claim(
        self, tenant: str, urns: Collection[Urn], statement: Statement, *, is_removal: bool = False
    ) -> frozenset[Urn]:
        def change(tables: Tables) -> frozenset[Urn]:
            said = tables.product_statements
            last = {urn: said[tenant, urn][0] for urn in urns if (tenant, urn) in said}
            news = frozenset(urn for urn in urns if statement.is_news(last.get(urn)))
            said.update({(tenant, urn): (statement.noted(last.get(urn)), is_removal) for urn in news})
            return news

        return self._unit.write(change)

    async def purge_statements(self, before: datetime) -> int:
        def change(tables: Tables) -> int:
            said = tables.product_statements
            gone = [key for key, (said_at, is_gone) in said.items() if is_gone and said_at < before]
            for key in gone:
                del said[key]
            return len(gone)

        return self._unit.write(change)


class InMemoryAccessRepository(AccessRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def groups(self, tenant: str) -> tuple[AccessGroup, ...]:
        mine = [row for (owner, _), row in self._unit.tables.groups.items() if owner == tenant]
        return tuple(sorted(mine, key=lambda row: row.name))

    async def save_groups(self, groups: Sequence[AccessGroup]) -> None:
        rows = {(row.tenant, row.name): row for row in groups}
        self._unit.write(lambda tables: tables.groups.update(rows))

    async def remove_group(self, tenant: str, name: str) -> bool:
        def change(tables: Tables) -> bool:
            for (owner, email), names in list(tables.user_groups.items()):
                if owner == tenant:
                    _put_into(tables, tenant, email, names - {name})
            for right in [key for key in tables.rights if key[0] == tenant and key[2] == name]:
                del tables.rights[right]
            return tables.groups.pop((tenant, name), None) is not None

        return self._unit.write(change)

    async def groups_of(self, tenant: str, email: str) -> tuple[str, ...]:
        return tuple(sorted(self._unit.tables.user_groups.get((tenant, email), frozenset())))

    async def members(self, tenant: str, group: str) -> tuple[str, ...]:
        rows = self._unit.tables.user_groups.items()
        return tuple(sorted(email for (owner, email), names in rows if owner == tenant and group in names))

    async def set_groups_of(self, tenant: str, email: str, groups: Collection[str]) -> None:
        def change(tables: Tables) -> None:
            _require_groups(tables, tenant, groups)
            _put_into(tables, tenant, email, frozenset(groups))

        self._unit.write(change)

    async def set_members(self, tenant: str, group: str, emails: Collection[str]) -> None:
        def change(tables: Tables) -> None:
            _require_groups(tables, tenant, [group] if emails else [])
            before = {email for (owner, email), names in tables.user_groups.items() if owner == tenant}
            for email in before | set(emails):
                names = tables.user_groups.get((tenant, email), frozenset())
                _put_into(tables, tenant, email, names | {group} if email in emails else names - {group})

        self._unit.write(change)

    async def memberships(self, tenant: str, email: str) -> Memberships:
        return memberships_in(self._unit.tables, tenant, email)

    async def save_rights(self, rights: Sequence[AccessRight]) -> None:
        def change(tables: Tables) -> None:
            for row in rights:
                _require_groups(tables, row.tenant, [row.group])
                tables.rights[row.tenant, row.dataset, row.group] = row

        self._unit.write(change)

    async def remove_right(self, tenant: str, group: str, dataset: Urn) -> bool:
        return self._unit.write(lambda tables: tables.rights.pop((tenant, dataset, group), None) is not None)

    async def rights(
        self, tenant: str, *, group: str | None = None, dataset: Urn | None = None
    ) -> tuple[AccessRight, ...]:
        mine = [
            row
            for row in self._unit.tables.rights.values()
            if row.tenant == tenant and group in {None, row.group} and dataset in {None, row.dataset}
        ]
        return tuple(sorted(mine, key=lambda row: (str(row.dataset), row.group)))

    async def rights_on(self, tenant: str, datasets: Collection[Urn]) -> tuple[AccessRight, ...]:
        return tuple(row for row in await self.rights(tenant) if row.dataset in datasets)


class InMemoryLicenceRepository(LicenceRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def all(self, tenant: str) -> tuple[Licence, ...]:
        rows = self._unit.tables.licences.items()
        mine = [row for (owner, _), (row, is_withdrawn) in rows if owner == tenant and not is_withdrawn]
        return tuple(sorted(mine, key=lambda row: "" if row.dataset is None else str(row.dataset)))

    async def get(self, tenant: str, dataset: Urn | None) -> Licence | None:
        return _in_force(self._unit.tables, tenant, dataset)

    async def put(self, licence: Licence, began_at: datetime | None = None) -> Licence:
        key = licence.tenant, licence.dataset

        def change(tables: Tables) -> Licence:
            before = tables.licences.get(key)
            row = licence if before is None else attrs.evolve(licence, edition=before[0].edition)
            tables.licences[key] = row, False
            if began_at is not None:
                tables.licences_began[key] = began_at
            return row

        return self._unit.write(change)

    async def withdraw(self, tenant: str, dataset: Urn | None) -> bool:
        def change(tables: Tables) -> bool:
            before = _in_force(tables, tenant, dataset)
            if before is not None:
                tables.licences[tenant, dataset] = before, True
            return before is not None

        return self._unit.write(change)

    async def reset(self, tenant: str, dataset: Urn | None, began_at: datetime) -> Licence | None:
        def change(tables: Tables) -> Licence | None:
            before = _in_force(tables, tenant, dataset)
            if before is None:
                return None
            tables.licences[tenant, dataset] = attrs.evolve(before, edition=before.edition + 1), False
            tables.licences_began[tenant, dataset] = began_at
            return tables.licences[tenant, dataset][0]

        return self._unit.write(change)

    async def began_at(self, tenant: str, dataset: Urn | None) -> datetime | None:
        return self._unit.tables.licences_began.get((tenant, dataset))

    async def accept(self, acceptance: LicenceAcceptance) -> bool:
        key = (acceptance.tenant, acceptance.email, acceptance.dataset, acceptance.text_id, acceptance.edition)
        is_new = key not in self._unit.tables.acceptances
        self._unit.write(lambda tables: tables.acceptances.setdefault(key, acceptance))
        return is_new

    async def forget(self, tenant: str, email: str) -> int:
        def change(tables: Tables) -> int:
            gone = [key for key in tables.acceptances if key[:2] == (tenant, email)]
            for key in gone:
                del tables.acceptances[key]
            return len(gone)

        return self._unit.write(change)

    async def acceptances(self, tenant: str, email: str) -> tuple[LicenceAcceptance, ...]:
        mine = [row for row in self._unit.tables.acceptances.values() if (row.tenant, row.email) == (tenant, email)]
        return tuple(sorted(mine, key=lambda row: (row.accepted_at, str(row.dataset or ""), row.edition)))

    async def state(self, tenant: str, email: str, datasets: Collection[Urn]) -> LicenceState:
        return licence_state_in(self._unit.tables, tenant, email, datasets)


def _settle(tables: Tables, things: Collection[tuple[str, Urn]]) -> None:
    for thing in things:
        keys = [key for key, row in tables.products.items() if (row.tenant, row.virtual_id) == thing]
        newest = max(keys, key=lambda key: key[1].age, default=None)
        for key in keys:
            tables.products[key] = attrs.evolve(tables.products[key], is_last=key == newest)


def _put_into(tables: Tables, tenant: str, email: str, groups: frozenset[str]) -> None:
    tables.user_groups[tenant, email] = groups
    if not groups:
        del tables.user_groups[tenant, email]


def _in_force(tables: Tables, tenant: str, dataset: Urn | None) -> Licence | None:
    row, is_withdrawn = tables.licences.get((tenant, dataset), (None, True))
    return None if is_withdrawn else row


def _require_groups(tables: Tables, tenant: str, names: Collection[str]) -> None:
    if any((tenant, name) not in tables.groups for name in names):
        raise Conflict("There is no such group.")
