"""Products as others write them."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from domain.product import Product
from domain.urn import Urn


class ProductFormats(Protocol):
    """Features of REGARDS, items and collections of STAC: plain JSON that was decoded already."""

    @abstractmethod
    def read(self, document: object, *, tenant: str, now: datetime) -> Product:
        """The product that a document describes, in whichever of the formats it is.

        What is no URN becomes one, the same for the same name every time. A file with a checksum is ours, whatever its
        address; one without is a reference to that address. Raises ``InvalidValue`` that says what is wrong.
        """

    @abstractmethod
    def name(self, document: object, *, tenant: str) -> Urn:
        """The URN of the product that a document describes, whatever else it says; also of a URN's text itself.

        Raises ``InvalidValue``.
        """

    @abstractmethod
    def feature(self, product: Product) -> Mapping[str, object]:
        """The product as a feature of REGARDS, with every file as it was catalogued.

        Who asks, and what they may see, is not known here; nor is the address of our own files.
        """
