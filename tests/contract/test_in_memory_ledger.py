"""The in-memory ledger keeps the ledger's promises."""

from contextlib import AbstractAsyncContextManager

from domain.quota import Policy
from tests.contract.in_memory import in_memory_environment
from tests.contract.ledger import LedgerContract, LedgerEnvironment


class TestInMemoryLedger(LedgerContract):
    def environment(self, policy: Policy) -> AbstractAsyncContextManager[LedgerEnvironment]:
        return in_memory_environment(policy)
