"""Take products into the catalogue: each as a whole or not at all, and a report of all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.product_formats import ProductFormats
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import InvalidValue
from domain.product import Product
from domain.statement import Statement
from domain.urn import EntityType, Urn

MOST_AT_ONCE = 1000
"""Documents of one request: what one transaction writes, while other writers of the tenant wait."""


@attrs.frozen(kw_only=True)
class RegisterProductsRequest:
    """Documents of one tenant, in any of the formats.

    ``datasets`` are joined by every product that is no dataset itself. ``urn`` is what a single document must be of.
    ``heard`` tells when a message said so, which later ones may have overtaken; without it somebody waits for the
    answer, and what they say counts.
    """

    tenant: str
    documents: tuple[object, ...]
    datasets: tuple[Urn, ...] = ()
    urn: Urn | None = None
    heard: Statement | None = None


@attrs.frozen(kw_only=True)
class RefusedProduct:
    """Why one document was refused; ``index`` counts from 0, ``name`` is what it calls itself, if anything."""

    index: int
    name: str
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class ProductsReport:
    """What became of the documents; ``products`` are those that were taken, new or not, by index.

    ``overtaken`` counts those of which something later was heard before; they are among ``products``.
    """

    added: int
    changed: int
    unchanged: int
    overtaken: int
    refused: tuple[RefusedProduct, ...]
    products: tuple[tuple[int, Product], ...]


@attrs.frozen
class RegisterProducts:
    """Take products into the catalogue.

    - A document is taken as a whole or refused with the reason; one that is refused does not hold up the others.
    - What says the same as what is known changes nothing, so that a run can be repeated.
    - A product belongs to the tenant that its URN names, and to no other.
    - What was said before something else that is known, and arrives after it, changes nothing.
    - Files need not be registered before; a file that is not is found missing when it is asked for.
    """

    unit_of_work: UnitOfWorkFactory
    formats: ProductFormats
    clock: Clock

    async def execute(self, request: RegisterProductsRequest) -> ProductsReport:
        """Raises ``InvalidValue`` for too many documents, ``DatabaseUnavailable``."""
        now = self.clock.now()
        taken, refused = self._read(request, now)
        async with self.unit_of_work() as work:
            urns = [product.urn for _, product in taken]
            news = await work.products.claim(request.tenant, urns, request.heard or Statement.asked(now))
            known = await work.products.known(request.tenant, list(news))
            changes = _Changes.of([product for _, product in taken if product.urn in news], known)
            if changes.products:
                await work.products.save(list(changes.products.values()))
            await work.commit()
        return ProductsReport(
            added=changes.added,
            changed=changes.changed,
            unchanged=changes.unchanged,
            overtaken=sum(urn not in news for urn in urns),
            refused=tuple(refused),
            products=tuple(taken),
        )

    def refused(self, request: RegisterProductsRequest) -> tuple[RefusedProduct, ...]:
        """Which of the documents are refused, whatever is known. Raises ``InvalidValue`` for too many."""
        return tuple(self._read(request, self.clock.now())[1])

    def _read(
        self, request: RegisterProductsRequest, now: datetime
    ) -> tuple[list[tuple[int, Product]], list[RefusedProduct]]:
        if len(request.documents) > MOST_AT_ONCE:
            raise InvalidValue(f"At most {MOST_AT_ONCE} products at once, not {len(request.documents)}.")
        taken: list[tuple[int, Product]] = []
        refused: list[RefusedProduct] = []
        for index, document in enumerate(request.documents):
            try:
                taken.append((index, self._product(document, request, now)))
            except InvalidValue as error:
                name = name_of(document)
                refused.append(RefusedProduct(index=index, name=name, code=error.code, reason=str(error)))
        return taken, refused

    def _product(self, document: object, request: RegisterProductsRequest, now: datetime) -> Product:
        product = self.formats.read(document, tenant=request.tenant, now=now)
        if request.urn not in {None, product.urn}:
            raise InvalidValue(f"The product calls itself {product.urn}, not {request.urn}.")
        if product.entity_type is EntityType.DATASET:
            return product
        joined = [str(dataset) for dataset in request.datasets if dataset.virtual_id not in product.dataset_ids]
        return attrs.evolve(product, tags=(*product.tags, *joined)) if joined else product


@attrs.define
class _Changes:
    """What products change, one after the other: of two of the same URN the last one counts.

    The numbers do not depend on how many are taken at once.
    """

    products: dict[Urn, Product] = attrs.field(factory=dict)
    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @classmethod
    def of(cls, said: Sequence[Product], known: Mapping[Urn, Product]) -> "_Changes":
        changes = cls()
        for product in said:
            before = changes.products.get(product.urn) or known.get(product.urn)
            if before is not None and product.is_same_as(before):
                changes.unchanged += 1
                continue
            changes.products[product.urn] = product
            if before is None:
                changes.added += 1
            else:
                changes.changed += 1
        return changes


def name_of(document: object) -> str:
    """What a document calls itself, if anything."""
    if isinstance(document, str):
        return document[:255]
    found = document.get("urn") or document.get("id") if isinstance(document, dict) else None
    return found[:255] if isinstance(found, str) else ""
