"""Seal every secret of the storages with the newest key."""

import attrs

from application.errors import SecretUnreadable
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.configured_storage import StorageConfigurations


@attrs.frozen(kw_only=True)
class RotatedSecrets:
    """The storages whose secrets were sealed anew, and what is wrong with those whose secrets cannot be read."""

    sealed: tuple[str, ...]
    unreadable: tuple[str, ...]


@attrs.frozen
class RotateSecrets:
    """Seal the secrets of a tenant's storages with the newest key; a storage whose secret cannot be read stays."""

    unit_of_work: UnitOfWorkFactory
    configurations: StorageConfigurations

    async def execute(self, tenant: str) -> RotatedSecrets:
        """Safe to repeat. Raises ``Conflict``, ``DatabaseUnavailable``."""
        changed, unreadable = [], []
        async with self.unit_of_work() as work:
            for location in await work.storages.all_to_change(tenant):
                try:
                    newer = self.configurations.newly_sealed(location)
                except SecretUnreadable as error:
                    unreadable.append(f"Storage {location.name}: {error}")
                else:
                    changed += [] if newer is None else [newer]
            if changed:
                await work.storages.save(changed)
                await work.commit()
        return RotatedSecrets(sealed=tuple(location.name for location in changed), unreadable=tuple(unreadable))
