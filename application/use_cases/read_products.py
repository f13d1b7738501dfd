"""Look at, list and remove products as an administrator; what other callers see is up to searches."""

from collections.abc import Mapping

import attrs

from application.ports.clock import Clock
from application.ports.product_formats import ProductFormats
from application.ports.products import ProductPage
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotFound
from domain.statement import Statement
from domain.urn import EntityType, Urn


@attrs.frozen
class ReadProduct:
    """Show a product as a feature, with every file; for a LAST URN its newest version."""

    unit_of_work: UnitOfWorkFactory
    formats: ProductFormats

    async def execute(self, tenant: str, urn: Urn) -> Mapping[str, object]:
        """Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            product = await work.products.get(tenant, urn)
        if product is None:
            raise NotFound(f"There is no product {urn}.")
        return self.formats.feature(product)


@attrs.frozen(kw_only=True)
class ListProductsRequest:
    """A page of the products of a tenant in the order of their URNs."""

    tenant: str
    entity_type: EntityType | None = None
    dataset: Urn | None = None
    after: str | None = None
    limit: int = 100


@attrs.frozen
class ListProducts:
    """List products of one kind, or those in one dataset."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: ListProductsRequest) -> ProductPage:
        """Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.products.page(
                request.tenant,
                entity_type=request.entity_type,
                dataset=None if request.dataset is None else request.dataset.virtual_id,
                after=request.after,
                limit=request.limit,
            )


@attrs.frozen
class RemoveProducts:
    """Take products out of the catalogue.

    - Only the versions that are named go; the newest of those that are left becomes the last one.
    - Files, their copies and rights on datasets stay.
    - What was said of them before their removal, and arrives after it, does not bring them back. ``heard`` tells when
      a message said so, which later ones may have overtaken; without it somebody waits for the answer.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, tenant: str, urns: tuple[Urn, ...], heard: Statement | None = None) -> tuple[Urn, ...]:
        """Which there were. Raises ``DatabaseUnavailable``."""
        statement = heard or Statement.asked(self.clock.now())
        named = [urn for urn in urns if not urn.is_last]
        async with self.unit_of_work() as work:
            news = await work.products.claim(tenant, named, statement, is_removal=True)
            gone = await work.products.remove(tenant, [urn for urn in named if urn in news])
            if gone or heard is not None:
                await work.commit()
        return gone
