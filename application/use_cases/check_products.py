"""Say which files of products can be read now (contract-catalog section 5)."""

from collections.abc import Sequence

import attrs

from application.use_cases.check_availability import CheckAvailability, CheckAvailabilityRequest, FileAvailability
from application.use_cases.see_products import SeenProduct, SeeProducts
from domain.access import Caller
from domain.availability import MOST_CHECKSUMS
from domain.errors import DataRightMissing, InvalidValue, NotFound, TooMany
from domain.urn import Urn

MOST_PRODUCTS = 100
"""Upstream's limit, of products and of files in one question."""


@attrs.frozen
class ProductAvailability:
    """The files of one product, under the URN that was asked for."""

    urn: Urn
    files: tuple[FileAvailability, ...]


@attrs.frozen
class CheckProducts:
    """Ask about the files of products whose data the caller has a right to; the licence does not matter.

    - Among several, products that the caller does not see or has no right to are left out, and so are those of which
      no file is known here.
    - Of a single one it is said: it does not exist, or there is no right.
    """

    see_products: SeeProducts
    check_availability: CheckAvailability

    async def execute(self, caller: Caller, urns: Sequence[Urn]) -> tuple[ProductAvailability, ...]:
        """Raises ``InvalidValue`` without a product, ``TooMany``, ``DatabaseUnavailable``."""
        seen = await several(self.see_products, caller, urns)
        granted = {urn: checksums_of(found) for urn, found in seen.items() if found.has_data_right}
        wanted = tuple(dict.fromkeys(each for checksums in granted.values() for each in checksums))
        if len(wanted) > MOST_PRODUCTS:
            raise TooMany(f"These products have {len(wanted)} files; one question is about {MOST_PRODUCTS} at most.")
        said = await self.ask(caller.tenant, wanted)
        answers = (
            ProductAvailability(urn, tuple(said[each] for each in checksums if each in said))
            for urn, checksums in granted.items()
        )
        return tuple(answer for answer in answers if answer.files)

    async def one(self, caller: Caller, urn: Urn) -> ProductAvailability:
        """A single product, with however many files. Raises ``NotFound``, ``DataRightMissing``."""
        checksums = checksums_of(await single(self.see_products, caller, urn))
        said = await self.ask(caller.tenant, checksums)
        return ProductAvailability(urn, tuple(said[each] for each in checksums if each in said))

    async def ask(self, tenant: str, checksums: Sequence[str]) -> dict[str, FileAvailability]:
        """What can be said of however many files, by checksum; nothing of those that are not known here."""
        said: dict[str, FileAvailability] = {}
        for first in range(0, len(checksums), MOST_CHECKSUMS):
            some = tuple(checksums[first : first + MOST_CHECKSUMS])
            answers = await self.check_availability.execute(CheckAvailabilityRequest(tenant=tenant, checksums=some))
            said |= {answer.checksum: answer for answer in answers}
        return said


async def several(see_products: SeeProducts, caller: Caller, urns: Sequence[Urn]) -> dict[Urn, SeenProduct]:
    """Those of a few products that the caller sees. Raises ``InvalidValue``, ``TooMany``."""
    if not urns:
        raise InvalidValue("product_ids names at least one product.")
    if len(urns) > MOST_PRODUCTS:
        raise TooMany(f"product_ids names {len(urns)} products; {MOST_PRODUCTS} are the most.")
    return await see_products.execute(caller, urns)


async def single(see_products: SeeProducts, caller: Caller, urn: Urn) -> SeenProduct:
    """A product whose data the caller has a right to. Raises ``NotFound``, ``DataRightMissing``."""
    found = (await see_products.execute(caller, [urn])).get(urn)
    if found is None:
        raise NotFound(f"There is no product {urn}.")
    if not found.has_data_right:
        raise DataRightMissing(f"You see {urn}, and have no right to its files.")
    return found


def checksums_of(seen: SeenProduct) -> tuple[str, ...]:
    """The files of a product, each once."""
    return tuple(dict.fromkeys(entry.checksum for entry in seen.product.files if entry.checksum is not None))
