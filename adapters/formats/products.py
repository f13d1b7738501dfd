"""The formats behind their port."""

from collections.abc import Mapping
from datetime import datetime

from adapters.formats.documents import mapping
from adapters.formats.regards import read_feature, write_feature
from adapters.formats.stac import is_stac, read_stac
from application.ports.product_formats import ProductFormats
from domain.product import Product


class JsonProductFormats(ProductFormats):
    """Features of REGARDS, items and collections of STAC."""

    def read(self, document: object, *, tenant: str, now: datetime) -> Product:
        """The product that a document describes. Raises ``InvalidValue``."""
        found = mapping(document, "A product")
        return (read_stac if is_stac(found) else read_feature)(found, tenant=tenant, now=now)

    def feature(self, product: Product) -> Mapping[str, object]:
        """The product as a feature of REGARDS."""
        return write_feature(product)
