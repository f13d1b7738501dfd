"""Issuers of identities: whom a tenant trusts to say who somebody is."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotFound
from domain.external_identity import IdentityIssuer


@attrs.frozen
class SaveIssuer:
    """Add or change an issuer. For the operator only: the service will fetch its keys."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, issuer: IdentityIssuer) -> None:
        """Raises ``NotFound`` for an unknown tenant, ``Conflict``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if not await work.tenants.exists(issuer.tenant):
                raise NotFound(f"There is no tenant {issuer.tenant!r}.")
            await work.issuers.save(issuer)
            await work.commit()


@attrs.frozen
class ListIssuers:
    """The issuers of a tenant, or of all."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str | None = None) -> tuple[IdentityIssuer, ...]:
        """By tenant and name. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.issuers.all(tenant)


@attrs.frozen
class RemoveIssuer:
    """Trust an issuer no more; every instance has heard of it after half a minute."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, name: str) -> None:
        """Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if not await work.issuers.remove(tenant, name):
                raise NotFound(f"The tenant {tenant!r} has no issuer {name!r}.")
            await work.commit()
