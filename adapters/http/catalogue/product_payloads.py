"""How products look on the wire as administrators send and see them."""

from typing import Annotated, Any

import msgspec

from adapters.http.catalogue.names import PRODUCT_EXAMPLE
from adapters.http.payloads import Count, Payload
from application.ports.products import ProductPage
from application.use_cases.register_products import MOST_AT_ONCE, ProductsReport
from domain.product import Product

Document = Annotated[
    dict[str, Any],
    msgspec.Meta(description="A feature of REGARDS, or an item or a collection of STAC."),
]


class ProductCollection(msgspec.Struct):
    """Many products; other members, which collections of GeoJSON may have, are not read."""

    features: Annotated[list[Any], msgspec.Meta(max_length=MOST_AT_ONCE)]


class RefusedProductPayload(Payload):
    """Why one product was refused; ``index`` counts from 0."""

    index: Count
    name: str
    code: str
    reason: str


class ProductsReportPayload(Payload):
    """What became of the products."""

    added: Count
    changed: Count
    unchanged: Count
    refused: list[RefusedProductPayload]

    @classmethod
    def of(cls, report: ProductsReport) -> "ProductsReportPayload":
        """The report on the wire."""
        return cls(
            added=report.added,
            changed=report.changed,
            unchanged=report.unchanged,
            refused=[
                RefusedProductPayload(index=item.index, name=item.name, code=item.code, reason=item.reason)
                for item in report.refused
            ],
        )


class ProductEntry(Payload):
    """A product in a listing."""

    id: str
    provider_id: str
    entity_type: str
    label: str
    version: Count
    last: bool
    files: Count

    @classmethod
    def of(cls, product: Product) -> "ProductEntry":
        """The product in a line."""
        return cls(
            id=str(product.urn),
            provider_id=product.provider_id,
            entity_type=product.entity_type.value,
            label=product.label,
            version=product.version,
            last=product.is_last,
            files=len(product.files),
        )


class ProductListing(Payload):
    """One page of products; ``nextAfter`` continues it."""

    products: list[ProductEntry]
    next_after: str | None = None

    @classmethod
    def of(cls, page: ProductPage) -> "ProductListing":
        """One page."""
        return cls(products=[ProductEntry.of(product) for product in page.products], next_after=page.next_after)


FEATURE_EXAMPLE = {
    "type": "Feature",
    "id": PRODUCT_EXAMPLE,
    "virtualId": PRODUCT_EXAMPLE.replace("V1", "LAST"),
    "providerId": "scene-1",
    "entityType": "DATA",
    "label": "A scene",
    "model": "scene",
    "geometry": {"type": "Point", "coordinates": [1.44, 43.6]},
    "properties": {"datetime": "2026-01-31T12:00:00Z"},
    "files": {
        "RAWDATA": [
            {
                "dataType": "RAWDATA",
                "checksum": "9e107d9d372bb6826bd81d3542a419d6",
                "digestAlgorithm": "MD5",
                "filename": "scene.tif",
                "filesize": 190,
                "mimeType": "image/tiff",
                "reference": False,
                "types": [],
            }
        ]
    },
    "tags": [],
    "last": True,
    "version": 1,
}
