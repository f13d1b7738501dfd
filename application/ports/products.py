"""Catalogued products inside a unit of work, and the one read that decides on a download."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from domain.access import Caller
from domain.groups import Memberships
from domain.licence import LicenceState
from domain.product import Product
from domain.product_access import ProductFiles
from domain.rights import AccessRight
from domain.statement import Statement
from domain.urn import EntityType, Urn


@attrs.frozen(kw_only=True)
class ProductPage:
    """One page of a listing; ``next_after`` continues it, ``None`` at the end."""

    products: tuple[Product, ...]
    next_after: str | None


@attrs.frozen(kw_only=True)
class FoundProduct:
    """All that decides whether a caller may have one file of one product, as committed at one moment."""

    product: ProductFiles
    rights: tuple[AccessRight, ...]
    memberships: Memberships
    licences: LicenceState


class CatalogueFinder(Protocol):
    """The one indexed read in front of a download. Nothing of it may be kept from one request to the next."""

    @abstractmethod
    async def find(self, caller: Caller, urn: Urn, checksum: str) -> FoundProduct | None:
        """What there is of a product in the caller's tenant; ``None`` when there is none. LAST is the newest version.

        Its files are those of this checksum; rights are at least those of the caller's groups on its datasets; licences
        are those in force for it, with what the caller has accepted. Raises ``DatabaseUnavailable``.
        """


class ProductRepository(Protocol):
    """Products by tenant and URN. Saving and removing keeps ``is_last`` true of the newest version, and only of it."""

    @abstractmethod
    async def get(self, tenant: str, urn: Urn) -> Product | None:
        """One product; for a LAST URN the newest version."""

    @abstractmethod
    async def known(self, tenant: str, urns: Sequence[Urn]) -> dict[Urn, Product]:
        """Those of the products that exist, under the URNs as asked for, in a few reads."""

    @abstractmethod
    async def page(
        self, tenant: str, *, entity_type: EntityType | None, dataset: Urn | None, after: str | None, limit: int
    ) -> ProductPage:
        """Products in the order of their URNs, optionally of one kind, or in one dataset (its virtual id)."""

    @abstractmethod
    async def save(self, products: Sequence[Product]) -> None:
        """Insert or replace, in bulk; the last one counts when a URN comes twice. The first ``registered_at`` stays."""

    @abstractmethod
    async def remove(self, tenant: str, urns: Sequence[Urn]) -> tuple[Urn, ...]:
        """Delete products; returns which there were. Files and their copies stay: other products may list them."""

    @abstractmethod
    async def claim(
        self, tenant: str, urns: Collection[Urn], statement: Statement, *, is_removal: bool = False
    ) -> frozenset[Urn]:
        """Note that something is said of products, there or not; returns of which it is news.

        The note of a product that is removed outlives it, so that what was said before cannot bring it back. Whoever
        else says something of products of the tenant waits until this unit ends.
        """

    @abstractmethod
    async def purge_statements(self, before: datetime) -> int:
        """Delete the notes of products that are removed, if nothing was said since ``before``; returns how many."""
