"""Requested restorations."""

from collections.abc import Sequence

import attrs
from sqlalchemy import select

from adapters.persistence.tables import restoration_request
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.restorations import RestorationRepository
from domain.restoration import RestorationRequest, RestorationState


class SqlRestorationRepository(RestorationRepository):
    """Requests by tenant, group and checksum."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, requests: Sequence[RestorationRequest]) -> int:
        """Record requests that are new."""
        if not requests:
            return 0
        result = await self._transaction.write(
            upsert(self._transaction.dialect, restoration_request, changing=()).returning(
                restoration_request.c.checksum
            ),
            [attrs.asdict(request) | {"state": request.state.value} for request in requests],
        )
        return len(result.all())

    async def of_group(self, tenant: str, group_id: str) -> tuple[RestorationRequest, ...]:
        """The requests of a group, by checksum."""
        result = await self._transaction.read(
            select(restoration_request)
            .where(restoration_request.c.tenant == tenant, restoration_request.c.group_id == group_id)
            .order_by(restoration_request.c.checksum)
        )
        return tuple(
            RestorationRequest(**{**row, "state": RestorationState(row["state"])}) for row in result.mappings()
        )
