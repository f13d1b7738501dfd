"""The suite that plugins of others run as well; it comes with the service."""

from adapters.storage.conformance import DATA, Bench, StorageContract, located, read_all

__all__ = ["DATA", "Bench", "StorageContract", "located", "read_all"]
