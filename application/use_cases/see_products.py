"""What a caller sees of several products, and what of them they may have."""

from collections.abc import Sequence

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import Caller
from domain.file import DataType
from domain.groups import groups_of
from domain.licence import Licence, LicenceState
from domain.product import FileEntry, Product
from domain.product_access import ProductAccess, listed_files, may_download
from domain.rights import AccessRight, datasets_that_count, has_data_right, sees
from domain.urn import EntityType, Urn

AT_ONCE = 1000
"""Products that are read in one slice."""


@attrs.frozen(kw_only=True)
class SeenProduct:
    """A product that the caller sees, with all that decides on its files, as committed at one moment."""

    caller: Caller
    product: Product
    rights: tuple[AccessRight, ...]
    licences: LicenceState

    @property
    def has_data_right(self) -> bool:
        """R4, whatever the licence."""
        return has_data_right(self.caller, self.product, self.rights)

    @property
    def missing_licence(self) -> Licence | None:
        """R3: the licence that the caller has yet to accept."""
        return self.licences.missing(self.caller, datasets_that_count(self.product))

    @property
    def shows_data(self) -> bool:
        """Whether RAWDATA is still among the files that the caller is told of; what is no data always is."""
        if self.product.entity_type is not EntityType.DATA:
            return True
        return any(entry.data_type is DataType.RAWDATA for entry in self.files)

    @property
    def files(self) -> tuple[FileEntry, ...]:
        """R6: the files that the caller is told of."""
        return listed_files(self.caller, self.product, self.rights)

    def decide(self, checksum: str) -> ProductAccess:
        """The one decision on a download."""
        return may_download(self.caller, self.product, checksum, self.licences, self.rights)


@attrs.frozen
class SeeProducts:
    """Those of the products that the caller sees, by the URN asked for: others are as if they did not exist."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, caller: Caller, urns: Sequence[Urn]) -> dict[Urn, SeenProduct]:
        """In the order of the URNs, each once. Raises ``DatabaseUnavailable``."""
        seen: dict[Urn, SeenProduct] = {}
        wanted = list(dict.fromkeys(urn for urn in urns if urn.tenant == caller.tenant))
        for first in range(0, len(wanted), AT_ONCE):
            seen |= await self._slice(caller, wanted[first : first + AT_ONCE])
        return seen

    async def _slice(self, caller: Caller, urns: Sequence[Urn]) -> dict[Urn, SeenProduct]:
        async with self.unit_of_work() as work:
            known = await work.products.known(caller.tenant, urns)
            datasets = list(dict.fromkeys(each for row in known.values() for each in datasets_that_count(row)))
            memberships = await work.access.memberships(caller.tenant, caller.email)
            rights = await work.access.rights_on(caller.tenant, datasets) if datasets else ()
            licences = await work.licences.state(caller.tenant, caller.email, datasets)
        whole = attrs.evolve(caller, groups=groups_of(caller, memberships))
        return {
            urn: SeenProduct(caller=whole, product=known[urn], rights=rights, licences=licences)
            for urn in urns
            if urn in known and sees(whole, known[urn], rights)
        }
