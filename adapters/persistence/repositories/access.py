"""Access groups, their members and their rights."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select

from adapters.persistence.catalogue_rows import group_from, group_values, right_from, right_values
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.tables import access_group, access_right, user_group
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.access import AccessRepository
from domain.groups import AccessGroup, Memberships
from domain.rights import AccessRight
from domain.urn import Urn


class SqlAccessRepository(AccessRepository):
    """Groups by tenant and name; foreign keys refuse members and rights of groups that are gone."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def groups(self, tenant: str) -> tuple[AccessGroup, ...]:
        """Every group by name."""
        query = select(access_group).where(access_group.c.tenant == tenant).order_by(access_group.c.name)
        return tuple(group_from(dict(row)) for row in (await self._transaction.read(query)).mappings())

    async def save_groups(self, groups: Sequence[AccessGroup]) -> None:
        """Insert or replace."""
        rows = {(value.tenant, value.name): group_values(value) for value in groups}
        if rows:
            await self._transaction.write(
                upsert(self._transaction.dialect, access_group), [rows[key] for key in sorted(rows)]
            )

    async def remove_group(self, tenant: str, name: str) -> bool:
        """Delete a group with its memberships and rights."""
        for table in (user_group, access_right):
            await self._transaction.write(delete(table).where(table.c.tenant == tenant, table.c.group_name == name))
        result = await self._transaction.write(
            delete(access_group).where(access_group.c.tenant == tenant, access_group.c.name == name)
        )
        return result.rowcount > 0

    async def groups_of(self, tenant: str, email: str) -> tuple[str, ...]:
        """The groups that a user was put in."""
        query = (
            select(user_group.c.group_name)
            .where(user_group.c.tenant == tenant, user_group.c.email == email)
            .order_by(user_group.c.group_name)
        )
        return tuple((await self._transaction.read(query)).scalars())

    async def members(self, tenant: str, group: str) -> tuple[str, ...]:
        """The users of a group."""
        query = (
            select(user_group.c.email)
            .where(user_group.c.tenant == tenant, user_group.c.group_name == group)
            .order_by(user_group.c.email)
        )
        return tuple((await self._transaction.read(query)).scalars())

    async def set_groups_of(self, tenant: str, email: str, groups: Collection[str]) -> None:
        """Replace the groups of a user."""
        await self._transaction.write(
            delete(user_group).where(user_group.c.tenant == tenant, user_group.c.email == email)
        )
        rows = [{"tenant": tenant, "email": email, "group_name": name} for name in sorted(set(groups))]
        if rows:
            await self._transaction.write(upsert(self._transaction.dialect, user_group), rows)

    async def set_members(self, tenant: str, group: str, emails: Collection[str]) -> None:
        """Replace the users of a group."""
        await self._transaction.write(
            delete(user_group).where(user_group.c.tenant == tenant, user_group.c.group_name == group)
        )
        rows = [{"tenant": tenant, "email": email, "group_name": group} for email in sorted(set(emails))]
        if rows:
            await self._transaction.write(upsert(self._transaction.dialect, user_group), rows)

    async def memberships(self, tenant: str, email: str) -> Memberships:
        """What counts for a user, besides their token."""
        return Memberships.of(await self.groups_of(tenant, email), await self.groups(tenant))

    async def save_rights(self, rights: Sequence[AccessRight]) -> None:
        """Insert or replace."""
        rows = {(value.tenant, str(value.dataset), value.group): right_values(value) for value in rights}
        if rows:
            await self._transaction.write(
                upsert(self._transaction.dialect, access_right), [rows[key] for key in sorted(rows)]
            )

    async def remove_right(self, tenant: str, group: str, dataset: Urn) -> bool:
        """Take a right away."""
        result = await self._transaction.write(
            delete(access_right).where(
                access_right.c.tenant == tenant,
                access_right.c.dataset == str(dataset),
                access_right.c.group_name == group,
            )
        )
        return result.rowcount > 0

    async def rights(
        self, tenant: str, *, group: str | None = None, dataset: Urn | None = None
    ) -> tuple[AccessRight, ...]:
        """Rights by dataset and group."""
        query = select(access_right).where(access_right.c.tenant == tenant)
        if group is not None:
            query = query.where(access_right.c.group_name == group)
        if dataset is not None:
            query = query.where(access_right.c.dataset == str(dataset))
        result = await self._transaction.read(query.order_by(access_right.c.dataset, access_right.c.group_name))
        return tuple(right_from(dict(row)) for row in result.mappings())

    async def rights_on(self, tenant: str, datasets: Collection[Urn]) -> tuple[AccessRight, ...]:
        """Every right on any of these datasets."""
        wanted = unfolded(self._transaction.dialect, "wanted", [access_right.c.dataset])
        query = (
            select(access_right)
            .where(access_right.c.tenant == tenant, access_right.c.dataset.in_(select(wanted.c.dataset)))
            .order_by(access_right.c.dataset, access_right.c.group_name)
        )
        keys = sorted(str(dataset) for dataset in datasets)
        result = await self._transaction.read(query, {"wanted": encoded([key] for key in keys)})
        return tuple(right_from(dict(row)) for row in result.mappings())
