"""The formats behind their port."""

from collections.abc import Mapping
from datetime import datetime

from adapters.formats.documents import mapping
from adapters.formats.regards import feature_name, read_feature, write_feature
from adapters.formats.stac import is_stac, read_stac, stac_name
from application.ports.product_formats import ProductFormats
from domain.product import Product
from domain.urn import Urn


class JsonProductFormats(ProductFormats):
    """Features of REGARDS, items and collections of STAC."""

    def read(self, document: object, *, tenant: str, now: datetime) -> Product:
        """The product that a document describes. Raises ``InvalidValue``."""
        found = mapping(document, "A product")
        return (read_stac if is_stac(found) else read_feature)(found, tenant=tenant, now=now)

    def name(self, document: object, *, tenant: str) -> Urn:
        """The URN of the product that a document describes. Raises ``InvalidValue``."""
        if isinstance(document, str):
            return Urn.parse(document)
        found = mapping(document, "A product")
        return stac_name(found, tenant=tenant) if is_stac(found) else feature_name(found)

    def feature(self, product: Product) -> Mapping[str, object]:
        """The product as a feature of REGARDS."""
        return write_feature(product)
