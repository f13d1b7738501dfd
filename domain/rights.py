"""What a group may do with a dataset and the products in it (contract-catalog section 2.1)."""

from collections.abc import Collection
from enum import StrEnum
from typing import Protocol

import attrs

from domain.access import Caller, Role
from domain.errors import InvalidValue
from domain.groups import require_group_name
from domain.urn import EntityType, Urn


class MetadataLevel(StrEnum):
    """How much of a dataset's descriptions a group sees."""

    NO_ACCESS = "NO_ACCESS"
    RESTRICTED_ACCESS = "RESTRICTED_ACCESS"
    CUSTOM_ACCESS = "CUSTOM_ACCESS"
    FULL_ACCESS = "FULL_ACCESS"


class FileLevel(StrEnum):
    """Whether the group gets the files of what it sees."""

    NO_ACCESS = "NO_ACCESS"
    INHERITED_ACCESS = "INHERITED_ACCESS"
    CUSTOM_ACCESS = "CUSTOM_ACCESS"


@attrs.frozen(kw_only=True)
class DatasetAccess:
    """What follows from the two levels: to see the dataset, to see its products, to have their files."""

    dataset: bool
    products: bool
    files: bool


def derived_access(metadata: MetadataLevel, files: FileLevel) -> DatasetAccess:
    """The derivation table of contract-catalog 2.1."""
    sees_products = metadata in {MetadataLevel.CUSTOM_ACCESS, MetadataLevel.FULL_ACCESS}
    return DatasetAccess(
        dataset=metadata is not MetadataLevel.NO_ACCESS,
        products=sees_products,
        files=sees_products and files is not FileLevel.NO_ACCESS,
    )


@attrs.frozen(kw_only=True)
class AccessRight:
    """The right of one group on one dataset; ``dataset`` is its virtual id, so that new versions keep the right."""

    tenant: str
    group: str
    dataset: Urn
    metadata_level: MetadataLevel
    file_level: FileLevel

    def __attrs_post_init__(self) -> None:
        require_group_name(self.group)
        if self.dataset.entity_type is not EntityType.DATASET or self.dataset.tenant != self.tenant:
            raise InvalidValue(f"Rights are given on datasets of the same tenant; {self.dataset} is none.")
        if not self.dataset.is_last:
            raise InvalidValue("A right is on a dataset in all its versions: name it by its LAST form.")

    @property
    def access(self) -> DatasetAccess:
        """What follows from the levels."""
        return derived_access(self.metadata_level, self.file_level)

    def require_enforceable(self) -> None:
        """Raise ``InvalidValue`` for a level that needs an access plugin to narrow it down, since there are none.

        Taken as it stands, it would give a group everything where its owner meant some of it.
        """
        if self.metadata_level is MetadataLevel.CUSTOM_ACCESS or self.file_level is FileLevel.CUSTOM_ACCESS:
            raise InvalidValue(
                "CUSTOM_ACCESS needs an access plugin, which this service does not have. "
                "Give FULL_ACCESS or RESTRICTED_ACCESS with INHERITED_ACCESS or NO_ACCESS to files."
            )


class Governed(Protocol):
    """What of a product decides on who sees it and has its files."""

    @property
    def tenant(self) -> str:
        """Whose product it is."""

    @property
    def entity_type(self) -> EntityType:
        """Data, dataset or collection."""

    @property
    def virtual_id(self) -> Urn:
        """The name that all versions share."""

    @property
    def dataset_ids(self) -> tuple[Urn, ...]:
        """The virtual ids of the datasets that it is part of."""


def is_catalogue_administrator(role: Role) -> bool:
    """Whether no group logic applies (contract-catalog 2.2)."""
    return role.is_at_least(Role.ADMIN)


def datasets_that_count(product: Governed) -> tuple[Urn, ...]:
    """The datasets whose rights and licences are those of the product: of a dataset, itself.

    A collection is handled like data: by the datasets it is tagged with. Without any, it is for administrators
    (upstream has no rule for collections and lets everybody who sees one have its files).
    """
    return (product.virtual_id,) if product.entity_type is EntityType.DATASET else product.dataset_ids


def visible_to(product: Governed, rights: Collection[AccessRight]) -> frozenset[str]:
    """The groups that see the product, by these rights."""
    is_dataset = product.entity_type is EntityType.DATASET
    return frozenset(
        right.group for right in _on(product, rights) if (right.access.dataset if is_dataset else right.access.products)
    )


def files_for(product: Governed, rights: Collection[AccessRight]) -> frozenset[str]:
    """The groups that have its protected files: one dataset that grants is enough."""
    return frozenset(right.group for right in _on(product, rights) if right.access.products and right.access.files)


def sees(caller: Caller, product: Governed, rights: Collection[AccessRight]) -> bool:
    """R1. ``caller`` with every group that counts for them."""
    if product.tenant != caller.tenant:
        return False
    return is_catalogue_administrator(caller.role) or not caller.groups.isdisjoint(visible_to(product, rights))


def has_data_right(caller: Caller, product: Governed, rights: Collection[AccessRight]) -> bool:
    """R4 and R4'. ``caller`` with every group that counts for them."""
    if product.tenant != caller.tenant:
        return False
    return is_catalogue_administrator(caller.role) or not caller.groups.isdisjoint(files_for(product, rights))


def _on(product: Governed, rights: Collection[AccessRight]) -> list[AccessRight]:
    datasets = datasets_that_count(product)
    return [right for right in rights if right.tenant == product.tenant and right.dataset in datasets]
