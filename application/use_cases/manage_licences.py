"""Licences of a tenant and of its datasets, and accepting them."""

from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.access import Caller
from domain.errors import NotFound
from domain.events import LicenceAccepted, LicenceReset
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
    - Others hear of another text of the tenant's as of a reset: what was accepted counts no more.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, licence: Licence) -> Licence:
        """The licence as it is in force, with its edition. Raises ``DatabaseUnavailable``."""
        now = self.clock.now()
        async with self.unit_of_work() as work:
            before = await work.licences.get(licence.tenant, licence.dataset)
            is_same = before is not None and before.text_id == licence.text_id
            found = await work.licences.put(licence, None if is_same else now)
            if before is not None and not is_same:
                await tell_reset(work, found, now)
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
    """Ask everybody anew, whether or not the text has changed. What was accepted before stays on record.

    Others hear of a reset of the tenant's licence.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, tenant: str, dataset: Urn | None) -> Licence:
        """The new edition. Raises ``NotFound``, ``DatabaseUnavailable``."""
        now = self.clock.now()
        async with self.unit_of_work() as work:
            found = await work.licences.reset(tenant, _virtual(dataset), now)
            if found is None:
                raise _no_licence(dataset)
            await tell_reset(work, found, now)
            await work.commit()
        return found


@attrs.frozen
class AcceptLicence:
    """Accept the licence of a dataset, or of the tenant, as it is in force now.

    - The anonymous user cannot: nobody would have accepted it.
    - The first acceptance of a text stays as it is.
    - Others hear of the first acceptance of the tenant's licence.
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
            await record_acceptance(work, acceptance)
            await work.commit()
        return acceptance


async def record_acceptance(work: UnitOfWork, acceptance: LicenceAcceptance) -> None:
    """Put an acceptance on record, and tell others of it once, if it is of the tenant's licence.

    They know of no other: an acceptance of a dataset's licence would count as one of the tenant's there.
    """
    if await work.licences.accept(acceptance) and acceptance.dataset is None:
        await work.outbox.add(
            LicenceAccepted(
                tenant=acceptance.tenant,
                email=acceptance.email,
                link=acceptance.link,
                occurred_at=acceptance.accepted_at,
            )
        )


async def tell_reset(work: UnitOfWork, licence: Licence, now: datetime) -> None:
    """Tell others that everybody is asked anew, if it is for the tenant's licence: they know of no other."""
    if licence.dataset is None:
        await work.outbox.add(LicenceReset(tenant=licence.tenant, link=licence.link, occurred_at=now))


def _virtual(dataset: Urn | None) -> Urn | None:
    return None if dataset is None else dataset.virtual_id


def _no_licence(dataset: Urn | None) -> NotFound:
    return NotFound("There is no licence in force for " + ("the tenant." if dataset is None else f"{dataset}."))
