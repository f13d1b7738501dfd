"""Take note of what messages say of products: each item as a whole or not at all."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.product_formats import ProductFormats
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.read_products import RemoveProducts
from application.use_cases.register_products import (
    MOST_AT_ONCE,
    RefusedProduct,
    RegisterProducts,
    RegisterProductsRequest,
    name_of,
)
from domain.errors import InvalidValue
from domain.statement import Statement
from domain.urn import Urn


@attrs.frozen(kw_only=True)
class HearProductsRequest:
    """Documents of one tenant: what products are now, or (``is_removal``) which of them are gone.

    ``sent_at`` is ``None`` where the message does not say when.
    """

    tenant: str
    documents: tuple[object, ...]
    is_removal: bool
    sent_at: datetime | None


@attrs.frozen(kw_only=True)
class HearProducts:
    """Do with products what a message says, by the rules that requests are subject to.

    - One that is refused does not hold up the others.
    - Whatever order messages arrive in, the newest counts in the end; a product that is gone already is as it should
      be.
    """

    register_products: RegisterProducts
    remove_products: RemoveProducts
    formats: ProductFormats
    clock: Clock

    async def execute(self, request: HearProductsRequest) -> tuple[RefusedProduct, ...]:
        """What was refused. Raises ``InvalidValue`` for too many documents, ``DatabaseUnavailable``."""
        heard = Statement.heard(request.sent_at, self.clock.now())
        if not request.is_removal:
            return (await self.register_products.execute(_registration(request, heard))).refused
        urns, refused = self._named(request)
        await self.remove_products.execute(request.tenant, tuple(urns), heard)
        return tuple(refused)

    def refused(self, request: HearProductsRequest) -> tuple[RefusedProduct, ...]:
        """What is refused of a message that was heard before. Raises ``InvalidValue`` for too many documents."""
        if not request.is_removal:
            return self.register_products.refused(_registration(request, None))
        return tuple(self._named(request)[1])

    def within(self, unit_of_work: UnitOfWorkFactory) -> "HearProducts":
        """The same in units of work of another kind."""
        return attrs.evolve(
            self,
            register_products=attrs.evolve(self.register_products, unit_of_work=unit_of_work),
            remove_products=attrs.evolve(self.remove_products, unit_of_work=unit_of_work),
        )

    def _named(self, request: HearProductsRequest) -> tuple[Sequence[Urn], Sequence[RefusedProduct]]:
        if len(request.documents) > MOST_AT_ONCE:
            raise InvalidValue(f"At most {MOST_AT_ONCE} products at once, not {len(request.documents)}.")
        urns: list[Urn] = []
        refused: list[RefusedProduct] = []
        for index, document in enumerate(request.documents):
            try:
                urns.append(self._removable(document, request.tenant))
            except InvalidValue as error:
                name = name_of(document)
                refused.append(RefusedProduct(index=index, name=name, code=error.code, reason=str(error)))
        return urns, refused

    def _removable(self, document: object, tenant: str) -> Urn:
        urn = self.formats.name(document, tenant=tenant)
        if urn.tenant != tenant:
            raise InvalidValue(f"{urn} is of the tenant {urn.tenant!r}, not of {tenant!r}.")
        if urn.is_last:
            raise InvalidValue(f"{urn} names no version: LAST cannot be removed.")
        return urn


def _registration(request: HearProductsRequest, heard: Statement | None) -> RegisterProductsRequest:
    return RegisterProductsRequest(tenant=request.tenant, documents=request.documents, heard=heard)
