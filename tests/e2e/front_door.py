"""Products with files for the tests of the front door: who sees them and may have them."""

from collections.abc import Sequence

import attrs

from domain.account import AccountKey
from domain.file import DataType
from domain.licence import Licence
from domain.product import FileEntry
from domain.rights import FileLevel
from domain.storage_location import StorageType
from domain.urn import Urn
from tests.catalogue_factories import a_dataset_urn, a_group, a_product, a_right, a_urn
from tests.e2e.service import TENANT, Service
from tests.factories import a_file, a_location, a_storage
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage

DATA = bytes(number * 7 % 251 for number in range(5000))
DATASET = a_dataset_urn().virtual_id
LICENCE = Licence(tenant=TENANT, link="https://archive.example.org/licence.html")


def put_file(
    service: Service,
    checksum: str,
    data: bytes = DATA,
    *,
    data_type: DataType = DataType.RAWDATA,
    storage: str = "disk-1",
) -> None:
    """A file with its bytes on a storage."""
    location = a_location(checksum, storage)
    disk = service.storages.get(storage, service.disk)
    with service.database.transaction() as tables:
        tables.files[TENANT, checksum] = a_file(checksum, size=len(data), data_type=data_type)
        version = disk.put(location.url, data)
        tables.locations[TENANT, checksum, storage] = attrs.evolve(location, version=version)
        kind = StorageType.NEARLINE if isinstance(disk, InMemoryNearlineStorage) else StorageType.ONLINE
        tables.storages[TENANT, storage] = a_storage(storage, storage_type=kind)


def put_product(service: Service, *entries: FileEntry, number: int = 1, datasets: Sequence[Urn] = (DATASET,)) -> Urn:
    """A product that lists these files."""
    product = a_product(a_urn(number), files=entries, datasets=datasets)
    with service.database.transaction() as tables:
        tables.products[TENANT, product.urn] = product
    return product.urn


def give_right(
    service: Service,
    group: str = "readers",
    files: FileLevel = FileLevel.INHERITED_ACCESS,
    *,
    members: Sequence[str] = ("user@x.org",),
    is_public: bool = False,
    dataset: Urn = DATASET,
) -> None:
    """A group with its members that sees the products of a dataset."""
    with service.database.transaction() as tables:
        tables.groups[TENANT, group] = a_group(group, is_public=is_public)
        for email in members:
            before = tables.user_groups.get((TENANT, email), frozenset())
            tables.user_groups[TENANT, email] = before | {group}
        tables.rights[TENANT, dataset, group] = a_right(group, dataset, files=files)


def put_licence(service: Service, licence: Licence = LICENCE) -> None:
    """A licence comes into force."""
    with service.database.transaction() as tables:
        tables.licences[TENANT, licence.dataset] = licence, False


def units(service: Service, email: str) -> int:
    """What a user has been charged."""
    account = service.database.tables.accounts.get(AccountKey(TENANT, email))
    return account.units_used if account else 0
