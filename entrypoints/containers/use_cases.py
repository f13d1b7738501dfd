"""Every use case under one roof."""

from entrypoints.containers.catalogue import CatalogueUseCases
from entrypoints.containers.deliveries import DeliveryUseCases
from entrypoints.containers.operations import OperationUseCases
from entrypoints.containers.storages import StorageUseCases


class UseCases(DeliveryUseCases, StorageUseCases, CatalogueUseCases, OperationUseCases):
    """Every use case under its snake-case name, and what runs while bytes flow."""
