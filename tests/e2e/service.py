"""The whole HTTP application over the in-memory adapters, with a clock that tests move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Any

import attrs
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import AsyncTestClient

from adapters.http.app import create_app
from adapters.http.authentication import Authenticator, KnownTenants
from adapters.http.catalogue.downloads import FrontDoor
from adapters.security.tokens import JwtTokens
from application.delivery.copies import Suspicion
from application.delivery.guarded import Deadlines
from application.delivery.nearline import Nearline
from application.delivery.running import RunningTransfers
from application.delivery.slots import Slots
from application.delivery.verification import VerifiedCopies
from application.use_cases.add_storage import AddStorage
from application.use_cases.add_tenant import AddTenant
from application.use_cases.change_setting import ChangeSetting
from application.use_cases.change_storage import ChangeStorage
from application.use_cases.check_availability import CheckAvailability
from application.use_cases.check_health import CheckHealth
from application.use_cases.close_download import CloseDownload
from application.use_cases.configured_storage import StorageConfigurations
from application.use_cases.end_restorations import CancelRestoration, ReleaseRestoration
from application.use_cases.end_transfer import EndTransfer
from application.use_cases.estimate_restoration import EstimateRestoration
from application.use_cases.estimate_wait import EstimateWait
from application.use_cases.forget_user import ForgetUser
from application.use_cases.issue_ticket import IssueTicket
from application.use_cases.list_files import ListFiles
from application.use_cases.list_plugins import ListPlugins
from application.use_cases.list_storages import ListStorages
from application.use_cases.list_tenants import ListTenants
from application.use_cases.list_tickets import ListTickets
from application.use_cases.list_transfers import ListTransfers
from application.use_cases.move_storage import MoveStorage
from application.use_cases.open_download import OpenDownload
from application.use_cases.read_file import ReadFile
from application.use_cases.read_quota import ReadQuota
from application.use_cases.read_restorations import ReadRestorations
from application.use_cases.read_settings import ReadSettings
from application.use_cases.register_files import RegisterFiles
from application.use_cases.remove_file_location import RemoveFileLocation
from application.use_cases.remove_storage import RemoveStorage
from application.use_cases.remove_tenant import RemoveTenant
from application.use_cases.request_restoration import RequestRestoration
from application.use_cases.revoke_ticket import RevokeTicket
from application.use_cases.set_quota import SetQuota
from application.use_cases.switch_maintenance import ListMaintenance, SwitchMaintenance
from application.use_cases.verify_copy import VerifyCopy
from domain.access import Caller, Role
from tests.e2e.catalogue_service import catalogue_use_cases
from tests.e2e.front_door_service import front_door_use_cases
from tests.e2e.identity_service import identity_use_cases
from tests.e2e.lent_app import lent_app
from tests.e2e.search_service import search_use_cases
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.ids import SequentialIds
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_files import InMemoryFileFinder
from tests.fakes.in_memory_ledger import InMemoryLedger
from tests.fakes.in_memory_secrets import InMemorySecretBox
from tests.fakes.in_memory_storage import InMemoryStorage, InMemoryStorageRegistry
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork

KEY = b"0123456789abcdef" * 4
TENANT = "demo"
OTHER_TENANT = "other"


@attrs.define
class Service:
    """An application with everything behind it in reach."""

    database: InMemoryDatabase = attrs.field(factory=InMemoryDatabase)
    clock: FixedClock = attrs.field(factory=FixedClock)
    ids: SequentialIds = attrs.field(factory=SequentialIds)
    disk: InMemoryStorage = attrs.field(factory=InMemoryStorage)
    storages: dict[str, InMemoryStorage] = attrs.field(factory=dict)
    extra_handlers: tuple[Any, ...] = ()
    health: CheckHealth | None = None
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    oauth_client: str = ""
    reads_token_in_url: bool = False

    def __attrs_post_init__(self) -> None:
        self.database.tables.tenants.update({TENANT: self.clock.now(), OTHER_TENANT: self.clock.now()})

    @property
    def tokens(self) -> JwtTokens:
        return JwtTokens(KEY, self.clock)

    @property
    def ledger(self) -> InMemoryLedger:
        return InMemoryLedger(self.database)

    def unit_of_work(self) -> InMemoryUnitOfWork:
        return InMemoryUnitOfWork(self.database)

    def bearer(self, role: Role, email: str = "admin@x.org", tenant: str = TENANT) -> dict[str, str]:
        """The header of a caller with this role."""
        token = self.tokens.issue(Caller(tenant, email, role), timedelta(hours=1))
        return {"authorization": f"Bearer {token}"}

    def app(self) -> Litestar:
        return create_app(
            dependencies={name: _given(use_case) for name, use_case in self._use_cases().items()},
            authenticator=self._authenticator(),
            version="0.0.0",
            extra_handlers=self.extra_handlers,
        )

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncTestClient[Litestar]]:
        lent = nullcontext(self.app()) if self.extra_handlers else lent_app(self._use_cases(), self._authenticator())
        with lent as app:
            async with AsyncTestClient(app, base_url="http://testserver.local") as client:
                yield client

    def _authenticator(self) -> Authenticator:
        return Authenticator(self.tokens, self._known_tenants(), reads_token_in_url=self.reads_token_in_url)

    def _known_tenants(self) -> KnownTenants:
        return KnownTenants(ListTenants(self.unit_of_work), ListMaintenance(self.unit_of_work), self.clock)

    def _use_cases(self) -> dict[str, object]:
        work, ledger, clock, ids = self.unit_of_work, self.ledger, self.clock, self.ids
        registry = InMemoryStorageRegistry({"disk-1": self.disk, **self.storages})
        configurations = StorageConfigurations(registry, InMemorySecretBox())
        running = RunningTransfers("instance-1", clock, 30.0)
        slots = Slots(ledger, clock, wait_seconds=0.0)
        close_download = CloseDownload(ledger=ledger, running=running, slots=slots, clock=clock)
        estimate_wait = EstimateWait(ledger=ledger, clock=clock)
        nearline = Nearline(registry, clock)
        found: dict[str, Any] = {
            "deliver_file": OpenDownload(
                finder=InMemoryFileFinder(self.database),
                registry=registry,
                ledger=ledger,
                slots=slots,
                running=running,
                verified=VerifiedCopies(clock),
                suspicion=Suspicion(work, clock),
                close_download=close_download,
                estimate_wait=estimate_wait,
                estimate_restoration=EstimateRestoration(work, clock),
                nearline=nearline,
                ids=ids,
                clock=clock,
                copy_log=lambda _reason, _copy, _error: None,
                deadlines=self.deadlines,
            ),
            "close_download": close_download,
            "check_health": self.health or CheckHealth([], clock),
            "exposition": lambda: (b"", "text/plain"),
            "read_quota": ReadQuota(ledger, work),
            "set_quota": SetQuota(ledger, work),
            "forget_user": ForgetUser(ledger),
            "list_transfers": ListTransfers(ledger, work),
            "end_transfer": EndTransfer(ledger),
            "read_settings": ReadSettings(work),
            "change_setting": ChangeSetting(work),
            "list_tenants": ListTenants(work),
            "add_tenant": AddTenant(work, clock),
            "remove_tenant": RemoveTenant(work, clock),
            "switch_maintenance": SwitchMaintenance(work, clock),
            "list_maintenance": ListMaintenance(work),
            "list_plugins": ListPlugins(registry),
            "list_storages": ListStorages(work, registry),
            "add_storage": AddStorage(work, configurations),
            "change_storage": ChangeStorage(work, configurations),
            "move_storage": MoveStorage(work, registry),
            "remove_storage": RemoveStorage(work),
            "register_files": RegisterFiles(work, registry, clock),
            "list_files": ListFiles(work),
            "read_file": ReadFile(work),
            "check_availability": CheckAvailability(work, nearline, clock),
            "remove_file_location": RemoveFileLocation(work),
            "verify_copy": VerifyCopy(work, registry, clock),
            "request_restoration": RequestRestoration(work, clock, ids),
            "read_restorations": ReadRestorations(work, clock),
            "cancel_restoration": CancelRestoration(work, clock),
            "release_restoration": ReleaseRestoration(work, clock),
            "issue_ticket": IssueTicket(work, clock, ids),
            "list_tickets": ListTickets(work, clock),
            "revoke_ticket": RevokeTicket(work, clock),
            **search_use_cases(database=self.database, work=work),
            **catalogue_use_cases(work=work, clock=clock),
            **front_door_use_cases(
                database=self.database,
                work=work,
                clock=clock,
                ids=ids,
                check_availability=CheckAvailability(work, nearline, clock),
                request_restoration=RequestRestoration(work, clock, ids),
                issue_ticket=IssueTicket(work, clock, ids),
            ),
            **identity_use_cases(
                work=work,
                ledger=ledger,
                tokens=self.tokens,
                clock=clock,
                tenants=self._known_tenants(),
                oauth_client=self.oauth_client,
            ),
        }
        found["front_door"] = FrontDoor(found["decide_access"], found["deliver_file"])
        return found


def _given(use_case: object) -> Provide:
    return Provide(lambda: use_case, sync_to_thread=False)
