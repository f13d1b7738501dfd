"""Searches over catalogued products, by whoever asks."""

from abc import abstractmethod
from collections.abc import Collection
from typing import Protocol

import attrs

from domain.access import Caller
from domain.product import Product
from domain.search import EVERYTHING, Between, Criterion, Equals, QueryInvalid, Sorting
from domain.urn import EntityType, Urn

MOST_COUNTED = 10_000
"""Found products are counted up to here; a search that finds more says so, and goes on page by page."""
FARTHEST = 50_000
"""Products that a page lies behind the first one: to get there, all of them are looked at again for each page."""


@attrs.frozen(kw_only=True)
class SearchRequest:
    """Which products, in which order, and which part of them.

    ``kinds`` is empty for all. ``dataset`` (any of its versions) narrows to the products in it. Without an order, or
    among equals, products come in the order of their URNs; those without the value of an order come last. Raises
    ``QueryInvalid`` for a part behind ``FARTHEST``.
    """

    caller: Caller
    criterion: Criterion = EVERYTHING
    kinds: frozenset[EntityType] = frozenset()
    dataset: Urn | None = None
    sorting: tuple[Sorting, ...] = ()
    offset: int = 0
    limit: int = 20

    def __attrs_post_init__(self) -> None:
        if self.offset > FARTHEST:
            raise QueryInvalid(
                f"No page lies more than {FARTHEST} products behind the first."
                ' To read all of very many, go on without an order behind the last one read: q=id:{"URN:..." TO *]'
            )


@attrs.frozen(kw_only=True)
class FoundItem:
    """A product that the caller sees, and whether they have its protected files (R4)."""

    product: Product
    has_data_right: bool


@attrs.frozen(kw_only=True)
class FoundPage:
    """One part of what was found.

    ``total`` is exact unless ``is_counted_out``: then there are at least as many, and more behind this page as long as
    ``total`` says so. ``online`` are the checksums, among those of the page, of which a copy is in an ONLINE storage.
    """

    items: tuple[FoundItem, ...]
    total: int
    is_counted_out: bool = False
    online: frozenset[str] = frozenset()


class ProductSearch(Protocol):
    """What a caller finds. Rights are those of this moment; who sees nothing finds nothing."""

    @abstractmethod
    async def page(self, request: SearchRequest) -> FoundPage:
        """One part of what is found. Raises ``QueryInvalid`` for what cannot be asked, ``DatabaseUnavailable``."""

    @abstractmethod
    async def online(self, tenant: str, checksums: Collection[str]) -> frozenset[str]:
        """Those of which a copy is in an ONLINE storage that is in use. Raises ``DatabaseUnavailable``."""


class QueryReader(Protocol):
    """A query language."""

    @abstractmethod
    def read(self, text: str) -> Criterion:
        """The criteria of a query; an empty one asks for everything. Raises ``QueryInvalid``, with the position."""

    @abstractmethod
    def narrowed(self, text: str, criterion: Equals | Between) -> str:
        """A query for what another one finds and this criterion as well; of an empty one, for the criterion alone."""
