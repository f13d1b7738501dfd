"""Read the running transfers of a user, or of everybody."""

from datetime import datetime

import attrs

from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import Caller, require_own_or_administrator


@attrs.frozen(kw_only=True)
class ListTransfersRequest:
    """Whose transfers: a user's, or all of the tenant's when ``email`` is ``None``."""

    caller: Caller
    email: str | None


@attrs.frozen(kw_only=True)
class TransferView:
    """One response body in flight. ``start`` is its first byte in the file; a file removed since has no name."""

    id: str
    email: str
    checksum: str
    file_name: str | None
    start: int
    reserved_bytes: int
    delivered_bytes: int
    started_at: datetime
    client: str
    instance: str
    is_ending: bool


@attrs.frozen
class ListTransfers:
    """Running transfers, oldest first.

    - Everybody may see their own; ADMIN and stronger roles those of others.
    - Progress is as last reported by the instance that sends it, some seconds old at most.
    """

    ledger: Ledger
    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: ListTransfersRequest) -> tuple[TransferView, ...]:
        """Raises ``Forbidden`` and ``DatabaseUnavailable``."""
        require_own_or_administrator(request.caller, request.email)
        tenant = request.caller.tenant
        transfers = await self.ledger.transfers(tenant, request.email)
        async with self.unit_of_work() as work:
            known = await work.files.known(tenant, sorted({transfer.checksum for transfer in transfers}))
        return tuple(
            TransferView(
                id=transfer.id,
                email=transfer.account.email,
                checksum=transfer.checksum,
                file_name=known[transfer.checksum].file.file_name if transfer.checksum in known else None,
                start=transfer.start,
                reserved_bytes=transfer.reserved_bytes,
                delivered_bytes=transfer.progress_bytes,
                started_at=transfer.started_at,
                client=transfer.client,
                instance=transfer.instance_id,
                is_ending=transfer.end_requested,
            )
            for transfer in transfers
        )
