"""Licences of a tenant and of its datasets, and accepting them."""

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import Caller
from domain.errors import NotFound
from domain.licence import Licence, LicenceAcceptance, accept
from domain.urn import Urn


@attrs.frozen
class ListLicences:
    """List the licences in force: the tenant's, then those of datasets."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str) -> tuple[Licence, ...]:
        """Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.licences.all(tenant)


@attrs.frozen
class PutLicence:
    """Bring a licence into force, or replace it.

    - Everybody accepts it anew when it is another text; without its hash, another link is another text.
    - The same text again changes nothing for those who have accepted it.
    """

    unit_of_work: UnitOfWorkFactory

    async def execute(self, licence: Licence) -> Licence:
        """The licence as it is in force, with its edition. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            found = await work.licences.put(licence)
            await work.commit()
        return found


@attrs.frozen
class WithdrawLicence:
    """Take a licence out of force; a dataset falls back to its tenant's. What was accepted stays on record."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, dataset: Urn | None) -> None:
        """Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if not await work.licences.withdraw(tenant, _virtual(dataset)):
                raise _no_licence(dataset)
            await work.commit()


@attrs.frozen
class ResetLicence:
    """Ask everybody anew, whether or not the text has changed. What was accepted before stays on record."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, dataset: Urn | None) -> Licence:
        """The new edition. Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            found = await work.licences.reset(tenant, _virtual(dataset))
            if found is None:
                raise _no_licence(dataset)
            await work.commit()
        return found


@attrs.frozen
class AcceptLicence:
    """Accept the licence of a dataset, or of the tenant, as it is in force now.

    - The anonymous user cannot: nobody would have accepted it.
    - The first acceptance of a text stays as it is.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, caller: Caller, dataset: Urn | None) -> LicenceAcceptance:
        """Raises ``Forbidden``, ``NotFound`` when there is nothing to accept, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            found = await work.licences.get(caller.tenant, _virtual(dataset))
            if found is None:
                raise _no_licence(dataset)
            acceptance = accept(caller, found, self.clock.now())
            await work.licences.accept(acceptance)
            await work.commit()
        return acceptance


def _virtual(dataset: Urn | None) -> Urn | None:
    return None if dataset is None else dataset.virtual_id


def _no_licence(dataset: Urn | None) -> NotFound:
    return NotFound("There is no licence in force for " + ("the tenant." if dataset is None else f"{dataset}."))
