"""Access groups and the users in them."""

from collections.abc import Collection

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import ANONYMOUS_EMAIL
from domain.account import AccountKey
from domain.errors import InvalidValue, NotFound
from domain.groups import AccessGroup

MOST_MEMBERS = 10_000
"""Users of one request."""


@attrs.frozen
class ListGroups:
    """List the groups of a tenant by name."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str) -> tuple[AccessGroup, ...]:
        """Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.access.groups(tenant)


@attrs.frozen
class SaveGroup:
    """Make a group, or change whether it is public or internal. Its members and rights stay."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, group: AccessGroup) -> None:
        """Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            await work.access.save_groups([group])
            await work.commit()


@attrs.frozen
class RemoveGroup:
    """Remove a group with its memberships and rights; what only it could see is visible to nobody then."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, name: str) -> None:
        """Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if not await work.access.remove_group(tenant, name):
                raise NotFound(f"There is no access group {name!r}.")
            await work.commit()


@attrs.frozen
class ListMembers:
    """List the users that were put into a group. Everybody is in a public one besides."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, name: str) -> tuple[str, ...]:
        """Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if all(group.name != name for group in await work.access.groups(tenant)):
                raise NotFound(f"There is no access group {name!r}.")
            return await work.access.members(tenant, name)


@attrs.frozen
class ReplaceMembers:
    """Put exactly these users into a group; it counts from the next request on.

    - The users need not be known here: identities may come from elsewhere.
    - All of them or, when one is refused, nobody.
    """

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, name: str, emails: Collection[str]) -> tuple[str, ...]:
        """Who is in it now. Raises ``InvalidValue``, ``NotFound``, ``Conflict``, ``DatabaseUnavailable``."""
        if len(emails) > MOST_MEMBERS:
            raise InvalidValue(f"At most {MOST_MEMBERS} users at once, not {len(emails)}.")
        for email in emails:
            _require_person(tenant, email)
        async with self.unit_of_work() as work:
            if all(group.name != name for group in await work.access.groups(tenant)):
                raise NotFound(f"There is no access group {name!r}.")
            await work.access.set_members(tenant, name, emails)
            await work.commit()
        return tuple(sorted(set(emails)))


@attrs.frozen
class ReadUserGroups:
    """The groups that a user was put into."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, email: str) -> tuple[str, ...]:
        """Raises ``InvalidValue`` for what names nobody, ``DatabaseUnavailable``."""
        AccountKey.of_user(tenant, email)
        async with self.unit_of_work() as work:
            return await work.access.groups_of(tenant, email)


@attrs.frozen(kw_only=True)
class ChangeUserGroupsRequest:
    """Put a user into groups, take them out of others, or replace all (``exactly``)."""

    tenant: str
    email: str
    add: Collection[str] = ()
    remove: Collection[str] = ()
    exactly: Collection[str] | None = None


@attrs.frozen
class ChangeUserGroups:
    """Change the groups of a user; it counts from the next request on.

    - The user need not be known here: identities may come from elsewhere.
    - The anonymous user is in no group but the public ones.
    """

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: ChangeUserGroupsRequest) -> tuple[str, ...]:
        """The groups now. Raises ``InvalidValue``, ``NotFound`` for a group, ``Conflict``, ``DatabaseUnavailable``."""
        _require_person(request.tenant, request.email)
        async with self.unit_of_work() as work:
            before = await work.access.groups_of(request.tenant, request.email)
            wanted = set(before if request.exactly is None else request.exactly)
            wanted = (wanted | set(request.add)) - set(request.remove)
            known = {group.name for group in await work.access.groups(request.tenant)}
            if unknown := wanted - known:
                raise NotFound(f"There is no access group {min(unknown)!r}.")
            if wanted != set(before):
                await work.access.set_groups_of(request.tenant, request.email, wanted)
                await work.commit()
        return tuple(sorted(wanted))


def _require_person(tenant: str, email: str) -> None:
    AccountKey.of_user(tenant, email)
    if email == ANONYMOUS_EMAIL:
        raise InvalidValue("The anonymous user is in no group but the public ones.")
