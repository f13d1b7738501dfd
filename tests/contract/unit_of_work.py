"""What every unit of work and file finder promises, as tests that each adapter inherits.

To run them over an adapter, subclass ``UnitOfWorkContract`` in a ``test_*.py`` module and give it an environment::

    class TestMyUnitOfWork(UnitOfWorkContract):
        @asynccontextmanager
        async def environment(self) -> AsyncIterator[UnitOfWorkEnvironment]:
            database = ...
            yield UnitOfWorkEnvironment(
                unit_of_work=lambda: MyUnitOfWork(database),
                finder=MyFileFinder(database),
                ledger=MyLedger(database),
            )

The state is empty at first; the suite adds the tenants ``demo`` and ``other`` by itself. The ledger is needed because
only it writes downloads, which tickets must outlive.
"""

from tests.contract.unit_of_work_cool_downs import CoolDownsContract
from tests.contract.unit_of_work_environment import UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.contract.unit_of_work_files import FilesContract
from tests.contract.unit_of_work_messages import (
    InboxContract,
    JobsContract,
    PublishedQuotasContract,
    PublishingContract,
)
from tests.contract.unit_of_work_operations import InstancesContract, TenantUpkeepContract
from tests.contract.unit_of_work_rest import OutboxContract, SettingsContract, StorageLocationsContract, TenantsContract
from tests.contract.unit_of_work_restorations import CachedCopiesContract, RestorationsContract
from tests.contract.unit_of_work_scrub import ScrubContract
from tests.contract.unit_of_work_tickets import TicketsContract
from tests.contract.unit_of_work_transaction import TransactionContract
from tests.contract.unit_of_work_users import IssuersContract, UsersContract

__all__ = ["UnitOfWorkContract", "UnitOfWorkEnvironment", "UnitOfWorkSuite"]


class UnitOfWorkContract(
    TransactionContract,
    TenantsContract,
    FilesContract,
    CoolDownsContract,
    ScrubContract,
    StorageLocationsContract,
    TicketsContract,
    SettingsContract,
    OutboxContract,
    PublishingContract,
    InboxContract,
    RestorationsContract,
    CachedCopiesContract,
    PublishedQuotasContract,
    JobsContract,
    InstancesContract,
    TenantUpkeepContract,
    UsersContract,
    IssuersContract,
):
    """All of it."""
