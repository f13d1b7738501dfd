"""Renew the leases of everything that runs on this instance, with its progress (DESIGN L4)."""

from datetime import timedelta

import attrs

from application.delivery.running import RunningTransfers
from application.ports.clock import Clock
from application.ports.ledger import Ledger
from application.use_cases.close_download import CloseDownload


@attrs.frozen(kw_only=True)
class RenewTransfers:
    """One tick of an instance's heartbeat.

    - Settlements that the database refused earlier are tried again first.
    - One statement records the progress of every running transfer and prolongs its lease.
    - Transfers that are gone from the ledger, or that somebody asked to end, are ended here.
    - When the database does not answer, transfers end themselves as soon as their lease has run out.

    Raises ``DatabaseUnavailable`` when the leases could not be renewed.
    """

    ledger: Ledger
    running: RunningTransfers
    close_download: CloseDownload
    clock: Clock
    lease: timedelta

    async def execute(self) -> None:
        for transfer, outcome in list(self.running.unsettled.values()):
            await self.close_download.execute(transfer, outcome)
        progress = self.running.progress()
        if not progress:
            return
        asked_at = self.clock.monotonic()
        try:
            renewal = await self.ledger.renew(self.running.instance_id, progress, self.clock.now() + self.lease)
        finally:
            self.running.end_lapsed()
        self.running.renewed(progress.keys() - renewal.lost, renewed_at=asked_at)
        self.running.end(renewal.lost, "it was settled elsewhere")
        self.running.end(renewal.end_requested, "its end was asked for")
