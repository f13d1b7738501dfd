"""Decide whether a caller may have a file of a product (DESIGN section 8)."""

import attrs

from application.ports.clock import Clock
from application.ports.products import CatalogueFinder, FoundProduct
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.manage_licences import record_acceptance
from domain.access import Caller
from domain.groups import groups_of
from domain.licence import LicenceAcceptance, accept
from domain.product_access import Locked, NotVisible, ProductAccess, may_download
from domain.urn import Urn


@attrs.frozen(kw_only=True)
class DecideAccessRequest:
    """Who wants which file of which product.

    ``accepts_licence``: the caller says so in the same request. ``records`` is ``False`` where the request may change
    nothing: the decision is what it would be.
    """

    caller: Caller
    urn: Urn
    checksum: str
    accepts_licence: bool = False
    records: bool = True


@attrs.frozen(kw_only=True)
class DecideAccess:
    """One read, and one decision for GET and HEAD alike.

    - Nothing of what decides is kept from one request to the next.
    - Who accepts a licence in the request accepts the one that stands in the way, and only that: a second one, whose
      text nobody has named to them yet, locks still.
    """

    finder: CatalogueFinder
    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, request: DecideAccessRequest) -> ProductAccess:
        """Raises ``Forbidden`` when the anonymous user accepts a licence, ``DatabaseUnavailable``."""
        found = await self.finder.find(request.caller, request.urn, request.checksum)
        if found is None:
            return NotVisible()
        caller = attrs.evolve(request.caller, groups=groups_of(request.caller, found.memberships))
        decision = _decided(caller, found, request.checksum)
        if not isinstance(decision, Locked) or not request.accepts_licence:
            return decision
        acceptance = accept(caller, decision.licence, self.clock.now())
        if request.records:
            await self._record(acceptance)
        return _decided(caller, _with(found, acceptance), request.checksum)

    async def _record(self, acceptance: LicenceAcceptance) -> None:
        async with self.unit_of_work() as work:
            await record_acceptance(work, acceptance)
            await work.commit()


def _decided(caller: Caller, found: FoundProduct, checksum: str) -> ProductAccess:
    return may_download(caller, found.product, checksum, found.licences, found.rights)


def _with(found: FoundProduct, acceptance: LicenceAcceptance) -> FoundProduct:
    licences = attrs.evolve(found.licences, acceptances=(*found.licences.acceptances, acceptance))
    return attrs.evolve(found, licences=licences)
