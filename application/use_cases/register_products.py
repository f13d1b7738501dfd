"""Take products into the catalogue: each as a whole or not at all, and a report of all."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.product_formats import ProductFormats
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import InvalidValue
from domain.product import Product
from domain.urn import EntityType, Urn

MOST_AT_ONCE = 1000
"""Documents of one request: what one transaction writes, while other writers of the tenant wait."""


@attrs.frozen(kw_only=True)
class RegisterProductsRequest:
    """Documents of one tenant, in any of the formats.

    ``datasets`` are joined by every product that is no dataset itself. ``urn`` is what a single document must be of.
    """

    tenant: str
    documents: tuple[object, ...]
    datasets: tuple[Urn, ...] = ()
    urn: Urn | None = None


@attrs.frozen(kw_only=True)
class RefusedProduct:
    """Why one document was refused; ``index`` counts from 0, ``name`` is what it calls itself, if anything."""

    index: int
    name: str
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class ProductsReport:
    """What became of the documents; ``products`` are those that were taken, new or not, by index."""

    added: int
    changed: int
    unchanged: int
    refused: tuple[RefusedProduct, ...]
    products: tuple[tuple[int, Product], ...]


@attrs.frozen
class RegisterProducts:
    """Take products into the catalogue.

    - A document is taken as a whole or refused with the reason; one that is refused does not hold up the others.
    - What says the same as what is known changes nothing, so that a run can be repeated.
    - A product belongs to the tenant that its URN names, and to no other.
    - Files need not be registered before; a file that is not is found missing when it is asked for.
    """

    unit_of_work: UnitOfWorkFactory
    formats: ProductFormats
    clock: Clock

    async def execute(self, request: RegisterProductsRequest) -> ProductsReport:
        """Raises ``InvalidValue`` for too many documents, ``DatabaseUnavailable``."""
        if len(request.documents) > MOST_AT_ONCE:
            raise InvalidValue(f"At most {MOST_AT_ONCE} products at once, not {len(request.documents)}.")
        now = self.clock.now()
        taken: list[tuple[int, Product]] = []
        refused: list[RefusedProduct] = []
        for index, document in enumerate(request.documents):
            try:
                taken.append((index, self._product(document, request, now)))
            except InvalidValue as error:
                name = _name(document)
                refused.append(RefusedProduct(index=index, name=name, code=error.code, reason=str(error)))
        async with self.unit_of_work() as work:
            known = await work.products.known(request.tenant, [product.urn for _, product in taken])
            new = _changes([product for _, product in taken], known)
            if new:
                await work.products.save(list(new.values()))
                await work.commit()
        added = sum(urn not in known for urn in new)
        return ProductsReport(
            added=added,
            changed=len(new) - added,
            unchanged=len(taken) - len(new),
            refused=tuple(refused),
            products=tuple(taken),
        )

    def _product(self, document: object, request: RegisterProductsRequest, now: datetime) -> Product:
        product = self.formats.read(document, tenant=request.tenant, now=now)
        if request.urn not in {None, product.urn}:
            raise InvalidValue(f"The product calls itself {product.urn}, not {request.urn}.")
        if product.entity_type is EntityType.DATASET:
            return product
        joined = [str(dataset) for dataset in request.datasets if dataset.virtual_id not in product.dataset_ids]
        return attrs.evolve(product, tags=(*product.tags, *joined)) if joined else product


def _changes(products: Sequence[Product], known: dict[Urn, Product]) -> dict[Urn, Product]:
    """Those that say something new; of two of the same URN the last one counts."""
    last = {product.urn: product for product in products}
    return {urn: product for urn, product in last.items() if urn not in known or not product.is_same_as(known[urn])}


def _name(document: object) -> str:
    found = document.get("urn") or document.get("id") if isinstance(document, dict) else None
    return found[:255] if isinstance(found, str) else ""
