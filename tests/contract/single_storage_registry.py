"""A registry whose configurations all mean one storage that a test has built."""

from application.ports.storage import Storage
from domain.storage_location import StorageLocation
from tests.fakes.in_memory_storage import InMemoryStorageRegistry


class SingleStorageRegistry(InMemoryStorageRegistry):
    """Hands out the storage it was given, whatever the configuration."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self._storage = storage

    def storage(self, location: StorageLocation) -> Storage:
        return self._storage
