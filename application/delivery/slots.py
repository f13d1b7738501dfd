"""Waiting for a slot: when only the rate stands in the way, first come first served (DESIGN L6).

Nothing is held while waiting: no lock, no connection, no row. Slots that another instance frees are noticed by asking
again from time to time.
"""

import asyncio
from collections import deque
from collections.abc import Hashable

import attrs

from application.ports.clock import Clock
from application.ports.ledger import Ledger
from domain.account import AccountKey
from domain.download import TransferRequest
from domain.quota import ConnectionsExceeded, Granted, RateExceeded, Refusal

LONGEST_LINE = 1000
"""Requests of one account that may wait; the next one is refused at once."""


@attrs.define(eq=False)
class _Line:
    """Those who wait for the same thing, in order of arrival."""

    refusal: RateExceeded | ConnectionsExceeded
    waiting: deque[asyncio.Event] = attrs.field(factory=deque)

    def wake_first(self) -> None:
        if self.waiting:
            self.waiting[0].set()


@attrs.define(eq=False)
class Slots:
    """Admission with a waiting room. ``wait_seconds`` 0 refuses at once."""

    _ledger: Ledger
    _clock: Clock
    _wait_seconds: float = 5.0
    _ask_again_seconds: float = 0.25
    _lines: dict[Hashable, _Line] = attrs.field(factory=dict)
    _running: dict[tuple[AccountKey, str], int] = attrs.field(factory=dict)
    _asked_at: dict[str, float] = attrs.field(factory=dict)

    @property
    def waiting(self) -> int:
        """How many requests wait, in all lines."""
        return sum(len(line.waiting) for line in self._lines.values())

    async def admit(self, request: TransferRequest) -> Granted | Refusal:
        """Admit, refuse, or wait for a slot and then do either. Cancelling a waiting call leaves no trace."""
        line = self._lines.get(_slot_of(request))
        if line is None or (request.account, request.checksum) in self._running:
            # Nobody waits; or a further connection of a running download, which needs no slot.
            decision = await self._ask(request)
            if not isinstance(decision, RateExceeded | ConnectionsExceeded):
                return decision
            key = _slot_of(request) if isinstance(decision, RateExceeded) else _connection_of(request)
            line = self._lines.setdefault(key, _Line(decision))
        else:
            key = _slot_of(request)
        if self._wait_seconds <= 0 or len(line.waiting) >= LONGEST_LINE:
            self._drop_if_empty(key, line)
            return line.refusal
        return await self._wait(request, key, line)

    def released(self, account: AccountKey, checksum: str) -> None:
        """A transfer of this account has been settled: a slot or a connection may be free."""
        count = self._running.get((account, checksum), 0) - 1
        if count > 0:
            self._running[account, checksum] = count
        else:
            self._running.pop((account, checksum), None)
        for key in (account, (account, checksum)):
            if line := self._lines.get(key):
                line.wake_first()

    async def _wait(self, request: TransferRequest, key: Hashable, line: _Line) -> Granted | Refusal:
        turn = asyncio.Event()
        line.waiting.append(turn)
        ends = self._clock.monotonic() + self._wait_seconds
        try:
            while (left := ends - self._clock.monotonic()) > 0:
                is_first = line.waiting[0] is turn
                await _signalled(turn, min(left, self._ask_again_seconds) if is_first else left)
                if line.waiting[0] is not turn:
                    continue
                decision = await self._ask(request)
                if not isinstance(decision, RateExceeded | ConnectionsExceeded):
                    return decision
                line.refusal = decision
            return line.refusal
        finally:
            line.waiting.remove(turn)
            line.wake_first()
            self._drop_if_empty(key, line)

    def admitted_at(self, transfer_id: str) -> float:
        """Monotonic time before the admission that was granted, after any wait: its lease began then. Ask once."""
        return self._asked_at.pop(transfer_id)

    async def _ask(self, request: TransferRequest) -> Granted | Refusal:
        asked_at = self._clock.monotonic()
        decision = await self._ledger.admit(request, self._clock.now())
        if isinstance(decision, Granted):
            key = (request.account, request.checksum)
            self._running[key] = self._running.get(key, 0) + 1
            self._asked_at[request.transfer_id] = asked_at
        return decision

    def _drop_if_empty(self, key: Hashable, line: _Line) -> None:
        if not line.waiting and self._lines.get(key) is line:
            del self._lines[key]


def _slot_of(request: TransferRequest) -> AccountKey:
    return request.account


def _connection_of(request: TransferRequest) -> tuple[AccountKey, str]:
    return request.account, request.checksum


async def _signalled(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
    event.clear()
