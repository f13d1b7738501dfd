"""The one decision whether a caller may have a file of a product, the same for GET and HEAD (DESIGN section 8)."""

from collections.abc import Collection
from typing import Protocol

import attrs

from domain.access import Caller
from domain.file import DataType
from domain.licence import Licence, LicenceState
from domain.product import FileEntry, Product
from domain.rights import AccessRight, Governed, datasets_that_count, has_data_right, sees
from domain.urn import EntityType, Urn


class ListsFiles(Governed, Protocol):
    """What of a product decides."""

    def entries_of(self, checksum: str) -> tuple[FileEntry, ...]:
        """The files with exactly this checksum."""


@attrs.frozen(kw_only=True)
class ProductFiles:
    """Of a product only what decides on the download of some of its files: not its description."""

    urn: Urn
    dataset_ids: tuple[Urn, ...]
    files: tuple[FileEntry, ...]

    @property
    def tenant(self) -> str:
        """Whose product it is."""
        return self.urn.tenant

    @property
    def entity_type(self) -> EntityType:
        """Data, dataset or collection."""
        return self.urn.entity_type

    @property
    def virtual_id(self) -> Urn:
        """The name that all versions share."""
        return self.urn.virtual_id

    def entries_of(self, checksum: str) -> tuple[FileEntry, ...]:
        """The files with exactly this checksum, as far as they were read."""
        return tuple(entry for entry in self.files if entry.checksum == checksum)


@attrs.frozen
class Allowed:
    """The caller may have it, as this entry of the product describes it."""

    entry: FileEntry


@attrs.frozen
class NotVisible:
    """There is no such product for this caller, whether or not it exists."""


@attrs.frozen
class NotInProduct:
    """The product lists no file with this checksum."""


@attrs.frozen
class Locked:
    """A licence must be accepted first."""

    licence: Licence


@attrs.frozen
class NoDataRight:
    """The caller sees the product, and has no right to its protected files."""


ProductAccess = Allowed | NotVisible | NotInProduct | Locked | NoDataRight


def may_download(
    caller: Caller,
    product: ListsFiles | None,
    checksum: str,
    licence_state: LicenceState,
    rights: Collection[AccessRight],
) -> ProductAccess:
    """Whether a caller, with every group that counts for them, may have the file of this checksum.

    In this order: the product must exist in the caller's own tenant and be visible (R1); it must list the checksum
    (R0); files of public types are free; the licence must be accepted (R3); a group needs a data right (R4, R4').

    A checksum that a product lists twice is as protected as its most protected entry, which is also the one that counts
    against the quota: the bytes are the same whichever entry is meant.
    """
    if product is None or not sees(caller, product, rights):
        return NotVisible()
    entries = product.entries_of(checksum)
    if not entries:
        return NotInProduct()
    protected = [entry for entry in entries if not entry.is_public]
    if not protected:
        return Allowed(entries[0])
    if (licence := licence_state.missing(caller, datasets_that_count(product))) is not None:
        return Locked(licence)
    if not has_data_right(caller, product, rights):
        return NoDataRight()
    return Allowed(next((entry for entry in protected if entry.data_type is DataType.RAWDATA), protected[0]))


def listed_files(caller: Caller, product: Product, rights: Collection[AccessRight]) -> tuple[FileEntry, ...]:
    """R6: the files that a caller who sees the product is told of; RAWDATA only with a data right."""
    if has_data_right(caller, product, rights):
        return product.files
    return tuple(entry for entry in product.files if entry.data_type is not DataType.RAWDATA)
