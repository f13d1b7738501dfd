"""Products as those who found them see them."""

from collections.abc import Mapping

import attrs

from application.ports.product_formats import ProductFormats
from application.ports.search import FoundPage
from domain.file import DataType
from domain.product import Product


@attrs.frozen(kw_only=True)
class FoundFeature:
    """A product as a feature; without a data right the caller is told of no RAWDATA (R6).

    ``online`` are the checksums of which a copy can be read at once.
    """

    product: Product
    feature: Mapping[str, object]
    has_data_right: bool
    online: frozenset[str]


def shown(formats: ProductFormats, product: Product, *, has_data_right: bool, online: frozenset[str]) -> FoundFeature:
    """The product as a feature."""
    feature = dict(formats.feature(product))
    files = feature.get("files")
    if not has_data_right and isinstance(files, Mapping) and DataType.RAWDATA.value in files:
        feature["files"] = {**files, DataType.RAWDATA.value: []}
    return FoundFeature(product=product, feature=feature, has_data_right=has_data_right, online=online)


def shown_page(formats: ProductFormats, page: FoundPage) -> tuple[FoundFeature, ...]:
    """The products of a page as features."""
    return tuple(
        shown(formats, item.product, has_data_right=item.has_data_right, online=page.online) for item in page.items
    )
