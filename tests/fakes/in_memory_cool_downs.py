"""Cool-downs over the in-memory tables."""

from datetime import datetime

from application.ports.cool_downs import CoolDownRepository
from domain.cool_down import CoolDown
from tests.fakes.in_memory_database import Tables
from tests.fakes.in_memory_repositories import OpenTables


class InMemoryCoolDownRepository(CoolDownRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def get(self, tenant: str, storage: str) -> CoolDown | None:
        return self._unit.tables.cooling.get((tenant, storage))

    async def all(self, tenant: str) -> tuple[CoolDown, ...]:
        mine = [row for row in self._unit.tables.cooling.values() if row.tenant == tenant]
        return tuple(sorted(mine, key=lambda row: row.storage))

    async def save(self, cool_down: CoolDown) -> None:
        self._unit.write(lambda tables: tables.cooling.update({(cool_down.tenant, cool_down.storage): cool_down}))

    async def end(self, tenant: str, storage: str, *, cooling_until: datetime) -> None:
        def change(tables: Tables) -> None:
            row = tables.cooling.get((tenant, storage))
            if row is not None and row.cooling_until == cooling_until:
                del tables.cooling[tenant, storage]

        self._unit.write(change)
