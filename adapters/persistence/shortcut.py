"""Which admissions are decided on a reading connection first: those that will probably be refused again."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from domain.account import AccountKey
from domain.quota import Granted, Refusal

_MOST = 4096


class Shortcut:
    """A hint that makes retry loops cheap, and means nothing else: losing it costs a transaction, never a unit.

    It remembers the accounts refused last, at most a few thousand, the least recent go first; and whose transfers run
    through this ledger, so that an admission never overtakes an end of the same account that is being recorded.
    Event loops in several threads may use it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: OrderedDict[AccountKey, None] = OrderedDict()
        self._running: dict[str, AccountKey] = {}
        self._ending: Counter[AccountKey] = Counter()

    def is_open_to(self, account: AccountKey) -> bool:
        """Whether to look before entering the queue of the writer."""
        return account in self._refused and account not in self._ending

    def note(self, account: AccountKey, decision: Granted | Refusal) -> None:
        """Remember how the latest admission of an account went."""
        with self._lock:
            self._refused.pop(account, None)
            if isinstance(decision, Granted):
                self._running[decision.transfer.id] = account
                return
            self._refused[account] = None
            if len(self._refused) > _MOST:
                self._refused.popitem(last=False)

    @contextmanager
    def ending(self, transfer_id: str) -> Iterator[None]:
        """While the end of a transfer is being recorded."""
        account = self._running.pop(transfer_id, None)
        if account is None:
            yield
            return
        with self._lock:
            self._ending[account] += 1
        try:
            yield
        finally:
            with self._lock:
                self._ending[account] -= 1
                if not self._ending[account]:
                    del self._ending[account]

    def forget(self, transfer_ids: Iterable[str]) -> None:
        """Transfers that this instance has lost."""
        for transfer_id in transfer_ids:
            self._running.pop(transfer_id, None)
