"""Copies by the time of their last verification, over the in-memory tables."""

from datetime import datetime

from application.ports.scrub import ScrubRepository
from domain import digest
from domain.file import FileLocation
from domain.scrub import ScrubState, oldest_first
from tests.fakes.in_memory_repositories import OpenTables


class InMemoryScrubRepository(ScrubRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def due(
        self, tenant: str, storage: str, *, verified_before: datetime, limit: int
    ) -> tuple[FileLocation, ...]:
        found = [
            row
            for row in self._on(tenant, storage)
            if not row.is_suspect
            and self._can_compute(row)
            and (row.verified_at is None or row.verified_at < verified_before)
        ]
        return oldest_first(found)[:limit]

    async def states(self, tenant: str) -> tuple[ScrubState, ...]:
        names = sorted({row.storage for row in self._unit.tables.locations.values() if row.tenant == tenant})
        return tuple(self._state(name, self._on(tenant, name)) for name in names)

    def _state(self, storage: str, copies: list[FileLocation]) -> ScrubState:
        return ScrubState(
            storage=storage,
            copies=len(copies),
            never_verified=sum(row.verified_at is None for row in copies),
            unverifiable=sum(not self._can_compute(row) for row in copies),
            suspects=sum(row.is_suspect for row in copies),
            oldest_verified_at=min((row.verified_at for row in copies if row.verified_at is not None), default=None),
        )

    def _on(self, tenant: str, storage: str) -> list[FileLocation]:
        return [row for row in self._unit.tables.locations.values() if (row.tenant, row.storage) == (tenant, storage)]

    def _can_compute(self, row: FileLocation) -> bool:
        return digest.can_compute(self._unit.tables.files[row.tenant, row.checksum].algorithm)
