"""The transfers that this instance runs now: their progress, their leases, and how to end them."""

from collections.abc import Callable, Iterable

import attrs

from application.ports.clock import Clock
from domain.download import Transfer
from domain.settlement import Outcome

LEASE_LOST = "its lease could not be renewed"


class TransferEnded(Exception):
    """The transfer may not send another byte: its lease is gone, or somebody asked for its end."""


@attrs.define(eq=False)
class RunningTransfer:
    """One response body in flight. Sending stops at once when ``lease_ends`` (monotonic seconds) has passed.

    This fence makes an expired lease safe to settle elsewhere: an instance that was frozen and wakes up late finds out
    before it sends another byte (DESIGN L4).
    """

    transfer: Transfer
    lease_ends: float
    _clock: Clock
    delivered_bytes: int = 0
    ended_because: str | None = None
    _on_end: Callable[[], None] | None = None

    def handed_over(self, count: int) -> None:
        """``count`` more bytes have been taken by the connection. Raises ``TransferEnded``."""
        self.delivered_bytes += count
        self.check()

    def check(self) -> None:
        """Raise ``TransferEnded`` unless more may be sent."""
        if self.ended_because is None and self._clock.monotonic() >= self.lease_ends:
            self.ended_because = LEASE_LOST
        if self.ended_because is not None:
            raise TransferEnded(f"The transfer was ended: {self.ended_because}.")

    def on_end(self, stop: Callable[[], None]) -> None:
        """What to call when the transfer must end although nothing moves (it may wait for a slow client)."""
        self._on_end = stop
        if self.ended_because is not None:
            stop()

    def end(self, reason: str) -> None:
        """Make it stop."""
        if self.ended_because is None:
            self.ended_because = reason
            if self._on_end is not None:
                self._on_end()


@attrs.define(eq=False)
class RunningTransfers:
    """The registry of one instance. Its content is a cache of what this process does, never the truth of the ledger."""

    instance_id: str
    _clock: Clock
    _lease_seconds: float
    _running: dict[str, RunningTransfer] = attrs.field(factory=dict)
    unsettled: dict[str, tuple[Transfer, Outcome]] = attrs.field(factory=dict)
    """Ended transfers whose settlement the database did not take yet; their leases go on being renewed."""

    def __len__(self) -> int:
        return len(self._running)

    def start(self, transfer: Transfer, *, admitted_at: float) -> RunningTransfer:
        """Enter a transfer that the ledger has admitted; ``admitted_at`` is monotonic time before the admission."""
        running = RunningTransfer(transfer=transfer, lease_ends=admitted_at + self._lease_seconds, clock=self._clock)
        self._running[transfer.id] = running
        return running

    def finished(self, transfer_id: str) -> None:
        """Remove a transfer."""
        self._running.pop(transfer_id, None)

    def progress(self) -> dict[str, int]:
        """Bytes handed over so far, by transfer id."""
        return {transfer_id: running.delivered_bytes for transfer_id, running in self._running.items()}

    def renewed(self, transfer_ids: Iterable[str], *, renewed_at: float) -> None:
        """The ledger has prolonged these leases; ``renewed_at`` is monotonic time before it was asked."""
        for transfer_id in transfer_ids:
            if transfer := self._running.get(transfer_id):
                transfer.lease_ends = renewed_at + self._lease_seconds

    def end(self, transfer_ids: Iterable[str], reason: str) -> None:
        """End those of the transfers that run here."""
        for transfer_id in transfer_ids:
            if transfer := self._running.get(transfer_id):
                transfer.end(reason)

    def end_lapsed(self) -> None:
        """End every transfer whose lease has run out, also those that wait for a client and so never look."""
        now = self._clock.monotonic()
        self.end([i for i, running in self._running.items() if now >= running.lease_ends], LEASE_LOST)
