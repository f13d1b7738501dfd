"""Have the files of products restored (contract-catalog section 5)."""

from collections.abc import Sequence

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.check_products import MOST_PRODUCTS, CheckProducts, ProductAvailability, several, single
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from application.use_cases.see_products import SeenProduct, SeeProducts
from domain.access import Caller, Role
from domain.availability import Availability
from domain.errors import Forbidden, LicenceMissing, TooMany
from domain.restoration import DEFAULT_HOURS
from domain.urn import Urn


@attrs.frozen
class RestoreProducts:
    """Ask for all files of products that cannot be read for good.

    - EXPLOIT and stronger may; other users where the tenant's setting ``restorationByUsers`` lets them, for products
      whose licence they have accepted.
    - Among several, products that the caller does not see or has no right to are left out.
    - Files that lie on a disk are not asked for; where no other is left, nothing happens.
    """

    unit_of_work: UnitOfWorkFactory
    see_products: SeeProducts
    check_products: CheckProducts
    request_restoration: RequestRestoration

    async def execute(self, caller: Caller, urns: Sequence[Urn]) -> str | None:
        """The group that was made, ``None`` when there was nothing to restore.

        Raises ``Forbidden``, ``InvalidValue`` without a product, ``TooMany``, ``LicenceMissing``,
        ``DatabaseUnavailable``.
        """
        await self._admit(caller)
        seen = await several(self.see_products, caller, urns)
        _require_licence(caller, [found for found in seen.values() if found.has_data_right])
        wanted = _asleep(await self.check_products.execute(caller, urns))
        if len(wanted) > MOST_PRODUCTS:
            raise TooMany(f"{len(wanted)} files are to be restored; {MOST_PRODUCTS} are the most.")
        return await self._restore(caller, wanted)

    async def one(self, caller: Caller, urn: Urn) -> str | None:
        """A single product. Raises ``NotFound`` and ``DataRightMissing`` besides."""
        await self._admit(caller)
        _require_licence(caller, [await single(self.see_products, caller, urn)])
        return await self._restore(caller, _asleep([await self.check_products.one(caller, urn)]))

    async def _admit(self, caller: Caller) -> None:
        if caller.role.is_at_least(Role.EXPLOIT):
            return
        async with self.unit_of_work() as work:
            settings = await work.settings.current(caller.tenant)
        if not settings.users_may_restore:
            raise Forbidden("In this tenant only EXPLOIT and stronger roles have files restored: ask an operator.")

    async def _restore(self, caller: Caller, checksums: tuple[str, ...]) -> str | None:
        if not checksums:
            return None
        asked = await self.request_restoration.execute(
            RequestRestorationRequest(
                tenant=caller.tenant,
                group_id=None,
                checksums=checksums,
                available_hours=DEFAULT_HOURS,
                requested_by=caller.email,
            )
        )
        return asked.group_id


def _asleep(products: Sequence[ProductAvailability]) -> tuple[str, ...]:
    """The files that cannot be read for good."""
    return tuple(
        dict.fromkeys(
            file.checksum
            for product in products
            for file in product.files
            if file.availability.state is not Availability.AVAILABLE or file.availability.until is not None
        )
    )


def _require_licence(caller: Caller, products: Sequence[SeenProduct]) -> None:
    if caller.role.is_at_least(Role.EXPLOIT):
        return
    for found in products:
        if (licence := found.missing_licence) is not None:
            raise LicenceMissing(found.product.urn, licence.link)
