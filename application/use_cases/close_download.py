"""Close a transfer: settle it on the ledger and let the next one in (DESIGN section 5, step 8)."""

import attrs

from application.delivery.running import RunningTransfers
from application.delivery.slots import Slots
from application.errors import DatabaseUnavailable
from application.ports.clock import Clock
from application.ports.ledger import Ledger
from application.ports.metrics import NO_METRICS, DownloadMetrics
from domain.download import Transfer
from domain.settlement import Outcome


@attrs.frozen(kw_only=True)
class CloseDownload:
    """Settle a transfer with what it delivered.

    - Call it shielded from cancellation: a client that leaves must not take its slot along.
    - When the database does not answer, the settlement is kept and tried again with every renewal, so that nothing is
      lost; the lease is renewed meanwhile.
    """

    ledger: Ledger
    running: RunningTransfers
    slots: Slots
    clock: Clock
    metrics: DownloadMetrics = NO_METRICS

    async def execute(self, transfer: Transfer, outcome: Outcome) -> None:
        try:
            await self.ledger.settle(transfer.id, outcome, self.clock.now())
        except DatabaseUnavailable:
            self.running.unsettled[transfer.id] = (transfer, outcome)
            return
        self.running.unsettled.pop(transfer.id, None)
        self.running.finished(transfer.id)
        self.slots.released(transfer.account, transfer.checksum)
        self.metrics.ended(is_completed=outcome.is_completed, delivered_bytes=outcome.delivered_bytes)
