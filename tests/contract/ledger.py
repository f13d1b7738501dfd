"""What every ledger promises (``application.ports.ledger``, DESIGN section 4), as tests that each adapter inherits.

To run them over an adapter, subclass ``LedgerContract`` in a ``test_*.py`` module and give it an environment::

    class TestMyLedger(LedgerContract):
        @asynccontextmanager
        async def environment(self, policy: Policy) -> AsyncIterator[LedgerEnvironment]:
            database = ...
            yield LedgerEnvironment(
                ledgers=(MyLedger(database, policy), MyLedger(database, policy)),
                unit_of_work=lambda: MyUnitOfWork(database),
                snapshot=...,
            )

``ledgers`` are two instances on one state. ``snapshot`` returns every row of every table as something that ``==`` can
compare. The state is empty at first; the suite adds the tenant ``demo`` by itself.
"""

from tests.contract.ledger_accounts import AccountsContract
from tests.contract.ledger_admission import AdmissionContract
from tests.contract.ledger_concurrency import ConcurrencyContract
from tests.contract.ledger_environment import LedgerEnvironment, LedgerSuite
from tests.contract.ledger_leases import LeaseContract
from tests.contract.ledger_reservations import ReservationContract
from tests.contract.ledger_settlement import SettlementContract
from tests.contract.ledger_tickets import TicketContract

__all__ = ["LedgerContract", "LedgerEnvironment", "LedgerSuite"]


class LedgerContract(
    AdmissionContract,
    SettlementContract,
    LeaseContract,
    TicketContract,
    AccountsContract,
    ConcurrencyContract,
    ReservationContract,
):
    """All of it."""
