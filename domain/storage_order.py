"""The order of storages: priorities count from 0, without gaps, for each type (contract-downloader 8.1)."""

from collections.abc import Iterable

import attrs

from domain.storage_location import StorageLocation, StorageType


def next_priority(storages: Iterable[StorageLocation], storage_type: StorageType) -> int:
    """The priority of a storage that is added: after all others of its type."""
    return max((s.priority for s in storages if s.storage_type is storage_type), default=-1) + 1


def moved(storages: Iterable[StorageLocation], name: str, *, up: bool) -> tuple[StorageLocation, ...]:
    """The two storages that change places when ``name`` goes one up or down; none at the end of the order."""
    everything = tuple(storages)
    mine = next(s for s in everything if s.name == name)
    ranked = sorted((s for s in everything if s.storage_type is mine.storage_type), key=lambda s: s.priority)
    position = ranked.index(mine)
    target = position - 1 if up else position + 1
    if not 0 <= target < len(ranked):
        return ()
    other = ranked[target]
    return attrs.evolve(mine, priority=other.priority), attrs.evolve(other, priority=mine.priority)


def without(storages: Iterable[StorageLocation], name: str) -> tuple[StorageLocation, ...]:
    """The storages that close the gap when ``name`` leaves its type, with their new priorities."""
    everything = tuple(storages)
    mine = next(s for s in everything if s.name == name)
    return tuple(
        attrs.evolve(s, priority=s.priority - 1)
        for s in everything
        if s.storage_type is mine.storage_type and s.priority > mine.priority
    )
