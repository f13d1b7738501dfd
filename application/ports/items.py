"""Items and their collections inside a unit of work, and how others read them."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import attrs

from domain.access import Caller
from domain.items import Extent, Item, ItemCollection, ItemQuery
from domain.product import FileEntry
from domain.urn import Urn


@attrs.frozen
class Candidate:
    """Something found; ``place`` is where it stands in the order of all."""

    place: int
    urn: Urn


@attrs.frozen(kw_only=True)
class Candidates:
    """Some of them in order; whether there are more."""

    found: tuple[Candidate, ...] = ()
    has_more: bool = False


class ItemRepository(Protocol):
    """What a caller sees, by walking indexes; ``caller`` with every group that counts for them.

    The order never changes; what is catalogued later comes later, so that walking on from a place misses nothing.
    """

    @abstractmethod
    async def items(self, caller: Caller, query: ItemQuery, *, after: int, limit: int) -> Candidates:
        """The newest versions of data that the caller sees. Of the area, only its boxes are looked at."""

    @abstractmethod
    async def datasets(self, caller: Caller, *, after: int, limit: int) -> Candidates:
        """The newest versions of datasets that the caller sees."""

    @abstractmethod
    async def extents(self, tenant: str, datasets: Collection[Urn]) -> dict[Urn, Extent]:
        """What surrounds the items of each dataset, named by its virtual id; nothing for one without items."""


class ItemFormat(Protocol):
    """Items and collections of STAC, without links: these are of the address where they are read."""

    @abstractmethod
    def item(self, item: Item, *, address: Callable[[Urn, FileEntry], str]) -> dict[str, object]:
        """``address`` is that of a file of ours."""

    @abstractmethod
    def collection(
        self, collection: ItemCollection, *, address: Callable[[Urn, FileEntry], str]
    ) -> Mapping[str, object]:
        """The same of a collection."""
