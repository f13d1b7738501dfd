"""What is built from what: the only module that knows dependency-injector."""

import socket
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from dependency_injector import containers, providers

from adapters.amqp.health import BrokerCheck
from adapters.amqp.publisher import AMQPPublisher
from adapters.amqp.topology import Topology
from adapters.http.authentication import Authenticator, KnownTenants
from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.finder import SqlFileFinder
from adapters.persistence.health import DatabaseCheck
from adapters.persistence.ledger import SqlLedger
from adapters.persistence.unit_of_work import SqlUnitOfWork
from adapters.security.keys import signing_key
from adapters.security.tokens import JwtTokens
from adapters.storage.fence import Fence
from adapters.storage.registry import PluginRegistry
from adapters.system.clock import SystemClock
from adapters.system.disk import DiskCheck
from adapters.system.identifiers import SystemIds
from adapters.telemetry.copies import log_copy
from adapters.telemetry.metrics import Metrics
from application.delivery.copies import Suspicion
from application.delivery.refusals import Refusals
from application.delivery.running import RunningTransfers
from application.delivery.slots import Slots
from application.delivery.verification import VerifiedCopies
from application.ports.health import HealthCheck
from application.use_cases.add_storage import AddStorage
from application.use_cases.add_tenant import AddTenant
from application.use_cases.change_setting import ChangeSetting
from application.use_cases.change_storage import ChangeStorage
from application.use_cases.check_health import CheckHealth
from application.use_cases.check_storages import CheckStorages
from application.use_cases.close_download import CloseDownload
from application.use_cases.end_transfer import EndTransfer
from application.use_cases.estimate_wait import EstimateWait
from application.use_cases.forget_user import ForgetUser
from application.use_cases.handle_message import HandleMessage
from application.use_cases.issue_ticket import IssueTicket
from application.use_cases.keep_instance import ForgetInstances, KeepInstance, ListInstances
from application.use_cases.list_files import ListFiles
from application.use_cases.list_jobs import ListJobs
from application.use_cases.list_plugins import ListPlugins
from application.use_cases.list_storages import ListStorages
from application.use_cases.list_tenants import ListTenants
from application.use_cases.list_tickets import ListTickets
from application.use_cases.list_transfers import ListTransfers
from application.use_cases.move_storage import MoveStorage
from application.use_cases.open_download import OpenDownload
from application.use_cases.publish_quota_updates import PublishQuotaUpdates
from application.use_cases.read_file import ReadFile
from application.use_cases.read_quota import ReadQuota
from application.use_cases.read_settings import ReadSettings
from application.use_cases.redeem_ticket import RedeemTicket
from application.use_cases.register_files import RegisterFiles
from application.use_cases.relay_outbox import RelayOutbox
from application.use_cases.remove_file_location import RemoveFileLocation
from application.use_cases.remove_storage import RemoveStorage
from application.use_cases.remove_tenant import FinishRemovals, RemoveTenant
from application.use_cases.renew_transfers import RenewTransfers
from application.use_cases.report_refusals import ReportRefusals
from application.use_cases.request_restoration import RequestRestoration
from application.use_cases.revoke_ticket import RevokeTicket
from application.use_cases.run_job import RunJob
from application.use_cases.set_quota import SetQuota
from application.use_cases.sweep import Sweep
from application.use_cases.switch_maintenance import ListMaintenance, SwitchMaintenance
from application.use_cases.verify_copy import VerifyCopy
from domain.quota import Policy
from entrypoints.settings import Settings

_one = providers.Singleton


def _configured(checks: list[HealthCheck], settings: Settings) -> list[HealthCheck]:
    """What there is to look at: the broker only where there is one."""
    return [check for check in checks if not isinstance(check, BrokerCheck) or settings.broker_url]


class Adapters(containers.DeclarativeContainer):
    """Implementations of the ports. Nothing here is opened: lifetimes are in ``entrypoints.lifetimes``."""

    settings = providers.Dependency(instance_of=Settings)
    database_url = settings.provided.resolved_database_url

    clock = _one(SystemClock)
    ids = _one(SystemIds)
    policy = _one(
        Policy,
        lease=settings.provided.lease,
        max_connections=settings.provided.max_connections,
        ticket_resume_cap=settings.provided.ticket_resume_cap,
    )
    engine = _one(create_async_engine_for, database_url)
    unit_of_work = providers.Factory(SqlUnitOfWork, engine)
    ledger = _one(SqlLedger, database_url, policy)
    file_finder = _one(SqlFileFinder, database_url)
    fence = _one(
        Fence,
        private=settings.provided.private_places,
        shared=providers.List(settings.provided.demo_folder.as_posix.call()),
        tenant_roots=settings.provided.tenant_roots,
    )
    storage_registry = _one(PluginRegistry, fence=fence)
    key = _one(signing_key, settings.provided.jwt_secret, settings.provided.jwt_key_file)
    tokens = _one(JwtTokens, key, clock)
    topology = _one(Topology, settings.provided.amqp_prefix)
    publisher = _one(
        AMQPPublisher, settings.provided.broker_url, vhost=settings.provided.amqp_tenant_vhost, topology=topology
    )
    host = _one(socket.gethostname)
    version = _one(version, "rs-downloader")
    metrics = _one(Metrics, clock)
    broker_check = _one(BrokerCheck, settings.provided.broker_url, vhost=settings.provided.amqp_tenant_vhost)
    database_check = _one(DatabaseCheck, engine)
    disk_check = _one(DiskCheck, settings.provided.data_dir)


class UseCases(containers.DeclarativeContainer):
    """Every use case under its snake-case name, and what runs while bytes flow."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.DependenciesContainer()

    _clock = adapters.clock
    _ids = adapters.ids
    _ledger = adapters.ledger
    _registry = adapters.storage_registry
    _unit_of_work = adapters.unit_of_work.provider

    running = _one(
        RunningTransfers,
        instance_id=_ids.provided.new_id.call(),
        clock=_clock,
        lease_seconds=settings.provided.lease_seconds,
    )
    slots = _one(Slots, ledger=_ledger, clock=_clock, wait_seconds=settings.provided.slot_wait_seconds)
    verified = _one(VerifiedCopies, clock=_clock)
    suspicion = _one(Suspicion, _unit_of_work, _clock)
    refusals = _one(Refusals)

    estimate_wait = _one(EstimateWait, ledger=_ledger, clock=_clock)
    close_download = _one(
        CloseDownload, ledger=_ledger, running=running, slots=slots, clock=_clock, metrics=adapters.metrics
    )
    open_download = _one(
        OpenDownload,
        finder=adapters.file_finder,
        registry=_registry,
        ledger=_ledger,
        slots=slots,
        running=running,
        verified=verified,
        suspicion=suspicion,
        close_download=close_download,
        estimate_wait=estimate_wait,
        ids=_ids,
        refusals=refusals,
        copy_log=providers.Object(log_copy),
        chunk_bytes=settings.provided.chunk_bytes,
        metrics=adapters.metrics,
    )
    renew_transfers = _one(
        RenewTransfers,
        ledger=_ledger,
        running=running,
        close_download=close_download,
        clock=_clock,
        lease=settings.provided.lease,
    )
    sweep = _one(Sweep, _ledger, _unit_of_work, _clock)
    check_storages = _one(CheckStorages, _unit_of_work, _registry)
    check_health = _one(
        CheckHealth,
        providers.Callable(
            _configured,
            providers.List(adapters.database_check, adapters.disk_check, check_storages, adapters.broker_check),
            settings,
        ),
        _clock,
    )

    redeem_ticket = _one(RedeemTicket, new_unit=_unit_of_work, clock=_clock)
    issue_ticket = _one(IssueTicket, _unit_of_work, _clock, _ids)
    list_tickets = _one(ListTickets, _unit_of_work, _clock)
    revoke_ticket = _one(RevokeTicket, _unit_of_work, _clock)

    read_quota = _one(ReadQuota, _ledger, _unit_of_work)
    set_quota = _one(SetQuota, _ledger, _unit_of_work)
    forget_user = _one(ForgetUser, _ledger)
    list_transfers = _one(ListTransfers, _ledger, _unit_of_work)
    end_transfer = _one(EndTransfer, _ledger)

    read_settings = _one(ReadSettings, _unit_of_work)
    change_setting = _one(ChangeSetting, _unit_of_work)
    add_tenant = _one(AddTenant, _unit_of_work, _clock)
    list_tenants = _one(ListTenants, _unit_of_work)
    remove_tenant = _one(RemoveTenant, _unit_of_work, _clock)
    finish_removals = _one(FinishRemovals, _unit_of_work, remove_tenant, _clock)
    switch_maintenance = _one(SwitchMaintenance, _unit_of_work, _clock)
    list_maintenance = _one(ListMaintenance, _unit_of_work)

    keep_instance = _one(
        KeepInstance,
        _unit_of_work,
        _clock,
        instance_id=running.provided.instance_id,
        host=adapters.host,
        version=adapters.version,
    )
    forget_instances = _one(ForgetInstances, _unit_of_work, _clock, settings.provided.instance_dead_after)
    list_instances = _one(ListInstances, _unit_of_work)

    list_plugins = _one(ListPlugins, _registry)
    list_storages = _one(ListStorages, _unit_of_work, _registry)
    add_storage = _one(AddStorage, _unit_of_work, _registry)
    change_storage = _one(ChangeStorage, _unit_of_work, _registry)
    move_storage = _one(MoveStorage, _unit_of_work, _registry)
    remove_storage = _one(RemoveStorage, _unit_of_work)

    register_files = _one(RegisterFiles, _unit_of_work, _registry, _clock)
    list_files = _one(ListFiles, _unit_of_work)
    read_file = _one(ReadFile, _unit_of_work)
    remove_file_location = _one(RemoveFileLocation, _unit_of_work)
    verify_copy = _one(VerifyCopy, _unit_of_work, _registry, _clock)

    request_restoration = _one(RequestRestoration, _unit_of_work, _clock)
    report_refusals = _one(ReportRefusals, refusals, _unit_of_work, _clock)
    publish_quota_updates = _one(PublishQuotaUpdates, _unit_of_work, _clock)
    relay_outbox = _one(RelayOutbox, unit_of_work=_unit_of_work, publisher=adapters.publisher, clock=_clock)
    run_job = _one(RunJob, unit_of_work=_unit_of_work, clock=_clock, holder=running.provided.instance_id)
    list_jobs = _one(ListJobs, _unit_of_work, _clock)
    handle_message = _one(
        HandleMessage,
        unit_of_work=_unit_of_work,
        ledger=_ledger,
        clock=_clock,
        register_files=register_files,
        remove_file_location=remove_file_location,
        request_restoration=request_restoration,
        add_tenant=add_tenant,
        remove_tenant=remove_tenant.provided.execute,
    )


class CLIContainer(containers.DeclarativeContainer):
    """The command line."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.Container(Adapters, settings=settings)
    use_cases = providers.Container(UseCases, settings=settings, adapters=adapters)


class HTTPContainer(containers.DeclarativeContainer):
    """The HTTP server."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.Container(Adapters, settings=settings)
    use_cases = providers.Container(UseCases, settings=settings, adapters=adapters)
    authenticator = _one(
        Authenticator,
        adapters.tokens,
        _one(KnownTenants, use_cases.list_tenants, use_cases.list_maintenance, adapters.clock),
    )


def use_cases_of(container: HTTPContainer) -> dict[str, Callable[[], Any]]:
    """The providers of use cases by name, without what only use cases need."""
    found: Any = container.use_cases.providers
    return {
        name: provider
        for name, provider in found.items()
        if isinstance(provider, providers.Singleton) and provider.cls.__module__.startswith("application.use_cases.")
    }
