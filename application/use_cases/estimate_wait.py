"""Estimate when a slot of an account will be free: the value of ``Retry-After`` (DESIGN L6)."""

import math

import attrs
from cachetools import TTLCache

from application.ports.clock import Clock
from application.ports.ledger import Ledger
from domain.account import AccountKey

SHORTEST_SECONDS = 1
LONGEST_SECONDS = 3600


@attrs.frozen(kw_only=True)
class EstimateWait:
    """Whole seconds until the first of the account's running transfers should end, at the speed seen so far.

    Between 1 s and 1 h; ``unknown_seconds`` while no speed is known. An answer is used again for one second, so that
    clients in a retry loop stay cheap.
    """

    ledger: Ledger
    clock: Clock
    unknown_seconds: int = 5
    _recent: "TTLCache[AccountKey, int]" = attrs.field(init=False)

    @_recent.default
    def _no_answers_yet(self) -> "TTLCache[AccountKey, int]":
        return TTLCache(maxsize=10_000, ttl=1.0, timer=self.clock.monotonic)

    async def execute(self, account: AccountKey) -> int:
        if (recent := self._recent.get(account)) is not None:
            return int(recent)
        now = self.clock.now()
        running = await self.ledger.transfers(account.tenant, account.email)
        estimates = [left for transfer in running if (left := transfer.seconds_left(now)) is not None]
        seconds = math.ceil(min(estimates, default=self.unknown_seconds))
        answer = max(SHORTEST_SECONDS, min(seconds, LONGEST_SECONDS))
        self._recent[account] = answer
        return answer
