"""Rights of groups on datasets."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotFound
from domain.rights import AccessRight
from domain.urn import Urn


@attrs.frozen
class ListRights:
    """List rights, optionally of one group or on one dataset (in any of its versions)."""

    unit_of_work: UnitOfWorkFactory

    async def execute(
        self, tenant: str, *, group: str | None = None, dataset: Urn | None = None
    ) -> tuple[AccessRight, ...]:
        """Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.access.rights(
                tenant, group=group, dataset=None if dataset is None else dataset.virtual_id
            )


@attrs.frozen
class SaveRight:
    """Give a group a right on a dataset, or change the one it has; it counts from the next request on.

    - The dataset need not be catalogued yet.
    - A level that needs an access plugin is refused: there are none here to narrow it down.
    """

    unit_of_work: UnitOfWorkFactory

    async def execute(self, right: AccessRight) -> None:
        """Raises ``InvalidValue``, ``NotFound`` for the group, ``Conflict``, ``DatabaseUnavailable``."""
        right.require_enforceable()
        async with self.unit_of_work() as work:
            if all(group.name != right.group for group in await work.access.groups(right.tenant)):
                raise NotFound(f"There is no access group {right.group!r}.")
            await work.access.save_rights([right])
            await work.commit()


@attrs.frozen
class RemoveRight:
    """Take a right away; it counts from the next request on, and ends no running download."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, group: str, dataset: Urn) -> None:
        """Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if not await work.access.remove_right(tenant, group, dataset.virtual_id):
                raise NotFound(f"The group {group!r} has no right on {dataset.virtual_id}.")
            await work.commit()
