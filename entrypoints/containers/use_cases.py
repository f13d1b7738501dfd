"""Which use case gets which ports."""

from dependency_injector import containers, providers

from adapters.amqp.health import BrokerCheck
from adapters.telemetry.copies import log_copy
from application.delivery.cool_downs import CoolDowns
from application.delivery.copies import Suspicion
from application.delivery.guarded import Deadlines
from application.delivery.nearline import Nearline
from application.delivery.redirect import Redirects
from application.delivery.refusals import Refusals
from application.delivery.running import RunningTransfers
from application.delivery.slots import Slots
from application.delivery.verification import VerifiedCopies
from application.ports.health import HealthCheck
from application.use_cases.add_storage import AddStorage
from application.use_cases.add_tenant import AddTenant
from application.use_cases.browse_items import BrowseCollections, ReadItem, SearchItems
from application.use_cases.change_setting import ChangeSetting
from application.use_cases.change_storage import ChangeStorage
from application.use_cases.check_availability import CheckAvailability
from application.use_cases.check_cache import CheckCache
from application.use_cases.check_health import CheckHealth
from application.use_cases.check_products import CheckProducts
from application.use_cases.check_storages import CheckStorages
from application.use_cases.choose_files import ChooseFiles
from application.use_cases.close_download import CloseDownload
from application.use_cases.configured_storage import StorageConfigurations
from application.use_cases.copy_restored import CopyRestored
from application.use_cases.decide_access import DecideAccess
from application.use_cases.end_restorations import CancelRestoration, ReleaseRestoration
from application.use_cases.end_transfer import EndTransfer
from application.use_cases.estimate_restoration import EstimateRestoration
from application.use_cases.estimate_wait import EstimateWait
from application.use_cases.expire_copies import ExpireCopies
from application.use_cases.follow_restorations import FollowRestorations
from application.use_cases.forget_restorations import ForgetRestorations
from application.use_cases.forget_user import ForgetUser
from application.use_cases.handle_message import HandleMessage
from application.use_cases.issue_product_ticket import IssueProductTicket
from application.use_cases.issue_ticket import IssueTicket
from application.use_cases.keep_instance import ForgetInstances, KeepInstance, ListInstances
from application.use_cases.list_files import ListFiles
from application.use_cases.list_jobs import ListJobs
from application.use_cases.list_plugins import ListPlugins
from application.use_cases.list_storages import ListStorages
from application.use_cases.list_tenants import ListTenants
from application.use_cases.list_tickets import ListTickets
from application.use_cases.list_transfers import ListTransfers
from application.use_cases.log_in import LogIn
from application.use_cases.manage_groups import (
    ChangeUserGroups,
    ListGroups,
    ListMembers,
    ReadUserGroups,
    RemoveGroup,
    SaveGroup,
)
from application.use_cases.manage_issuers import ListIssuers, RemoveIssuer, SaveIssuer
from application.use_cases.manage_licences import AcceptLicence, ListLicences, PutLicence, ResetLicence, WithdrawLicence
from application.use_cases.manage_rights import ListRights, RemoveRight, SaveRight
from application.use_cases.manage_users import ChangePassword, ListUsers, RemoveUser, SaveUser
from application.use_cases.move_storage import MoveStorage
from application.use_cases.open_download import OpenDownload
from application.use_cases.plan_downloads import PlanDownloads
from application.use_cases.publish_quota_updates import PublishQuotaUpdates
from application.use_cases.read_cache import ReadCache
from application.use_cases.read_file import ReadFile
from application.use_cases.read_licence import ReadLicence
from application.use_cases.read_products import ListProducts, ReadProduct, RemoveProducts
from application.use_cases.read_quota import ReadQuota
from application.use_cases.read_restorations import ReadRestorations
from application.use_cases.read_scrub_report import ReadScrubReport
from application.use_cases.read_settings import ReadSettings
from application.use_cases.redeem_ticket import RedeemTicket
from application.use_cases.register_files import RegisterFiles
from application.use_cases.register_products import RegisterProducts
from application.use_cases.relay_outbox import RelayOutbox
from application.use_cases.remove_file_location import RemoveFileLocation
from application.use_cases.remove_storage import RemoveStorage
from application.use_cases.remove_tenant import FinishRemovals, RemoveTenant
from application.use_cases.renew_transfers import RenewTransfers
from application.use_cases.report_refusals import ReportRefusals
from application.use_cases.request_restoration import RequestRestoration
from application.use_cases.restore_products import RestoreProducts
from application.use_cases.revoke_ticket import RevokeTicket
from application.use_cases.rotate_secrets import RotateSecrets
from application.use_cases.run_job import RunJob
from application.use_cases.scrub import Scrub
from application.use_cases.search_catalogue import ReadSeenProduct, SearchCatalogue
from application.use_cases.see_products import SeeProducts
from application.use_cases.set_quota import SetQuota
from application.use_cases.start_restorations import StartRestorations
from application.use_cases.sweep import Sweep
from application.use_cases.switch_maintenance import ListMaintenance, SwitchMaintenance
from application.use_cases.try_storage import TryStorage
from application.use_cases.verify_copy import VerifyCopy
from entrypoints.settings import Settings

_one = providers.Singleton


def _configured(checks: list[HealthCheck], settings: Settings) -> list[HealthCheck]:
    """What there is to look at: the broker only where there is one."""
    return [check for check in checks if not isinstance(check, BrokerCheck) or settings.broker_url]


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
    nearline = _one(
        Nearline,
        _registry,
        _clock,
        settings.provided.nearline_ask_seconds,
        settings.provided.nearline_answer_seconds,
    )
    suspicion = _one(Suspicion, _unit_of_work, _clock)
    deadlines = _one(
        Deadlines,
        open_seconds=settings.provided.storage_open_seconds,
        read_seconds=settings.provided.storage_read_seconds,
    )
    cool_downs = _one(CoolDowns, _unit_of_work, _clock, adapters.metrics.provided.cool_down_began)
    refusals = _one(Refusals)
    redirects = _one(
        Redirects,
        registry=_registry,
        log=providers.Object(log_copy),
        lifetime=settings.provided.redirect_lifetime,
        includes_limited_tickets=settings.provided.redirect_limited_tickets,
    )

    estimate_restoration = _one(EstimateRestoration, _unit_of_work, _clock)
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
        estimate_restoration=estimate_restoration,
        nearline=nearline,
        ids=_ids,
        clock=_clock,
        refusals=refusals,
        redirects=redirects,
        copy_log=providers.Object(log_copy),
        chunk_bytes=settings.provided.chunk_bytes,
        metrics=adapters.metrics,
        deadlines=deadlines,
        cool_downs=cool_downs,
    )
    renew_transfers = _one(
        RenewTransfers,
        ledger=_ledger,
        running=running,
        close_download=close_download,
        clock=_clock,
        lease=settings.provided.lease,
    )
    sweep = _one(
        Sweep, _ledger, _unit_of_work, _clock, has_listeners=providers.Callable(bool, settings.provided.broker_url)
    )
    check_storages = _one(CheckStorages, _unit_of_work, _registry, _clock)
    check_health = _one(
        CheckHealth,
        providers.Callable(
            _configured,
            providers.List(adapters.database_check, adapters.disk_check, check_storages, adapters.broker_check),
            settings,
        ),
        _clock,
    )

    decide_access = _one(DecideAccess, finder=adapters.catalogue_finder, unit_of_work=_unit_of_work, clock=_clock)
    see_products = _one(SeeProducts, _unit_of_work)
    search_catalogue = _one(SearchCatalogue, adapters.product_search, adapters.queries, adapters.product_formats)
    read_seen_product = _one(
        ReadSeenProduct, _unit_of_work, see_products, adapters.product_search, adapters.product_formats
    )
    redeem_ticket = _one(RedeemTicket, new_unit=_unit_of_work, clock=_clock, decide_access=decide_access)
    issue_ticket = _one(IssueTicket, _unit_of_work, _clock, _ids)
    issue_product_ticket = _one(IssueProductTicket, decide_access, issue_ticket, _unit_of_work)
    list_tickets = _one(ListTickets, _unit_of_work, _clock)
    revoke_ticket = _one(RevokeTicket, _unit_of_work, _clock)

    read_quota = _one(ReadQuota, _ledger, _unit_of_work)
    set_quota = _one(SetQuota, _ledger, _unit_of_work)
    forget_user = _one(ForgetUser, _ledger)
    list_transfers = _one(ListTransfers, _ledger, _unit_of_work)
    end_transfer = _one(EndTransfer, _ledger)

    read_settings = _one(ReadSettings, _unit_of_work, adapters.cache.provided.folder)
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

    log_in = _one(
        LogIn,
        unit_of_work=_unit_of_work,
        hasher=adapters.passwords,
        issuer=adapters.tokens,
        clock=_clock,
        lifetime=settings.provided.token_lifetime,
    )
    register_products = _one(RegisterProducts, _unit_of_work, adapters.product_formats, _clock)
    read_product = _one(ReadProduct, _unit_of_work, adapters.product_formats)
    list_products = _one(ListProducts, _unit_of_work)
    search_items = _one(SearchItems, _unit_of_work, _clock)
    read_item = _one(ReadItem, _unit_of_work, _clock)
    browse_collections = _one(BrowseCollections, _unit_of_work, _clock)
    remove_products = _one(RemoveProducts, _unit_of_work)
    list_groups = _one(ListGroups, _unit_of_work)
    save_group = _one(SaveGroup, _unit_of_work)
    remove_group = _one(RemoveGroup, _unit_of_work)
    list_members = _one(ListMembers, _unit_of_work)
    read_user_groups = _one(ReadUserGroups, _unit_of_work)
    change_user_groups = _one(ChangeUserGroups, _unit_of_work)
    list_rights = _one(ListRights, _unit_of_work)
    save_right = _one(SaveRight, _unit_of_work)
    remove_right = _one(RemoveRight, _unit_of_work)
    list_licences = _one(ListLicences, _unit_of_work)
    put_licence = _one(PutLicence, _unit_of_work)
    withdraw_licence = _one(WithdrawLicence, _unit_of_work)
    reset_licence = _one(ResetLicence, _unit_of_work)
    accept_licence = _one(AcceptLicence, _unit_of_work, _clock)
    read_licence = _one(ReadLicence, _unit_of_work)

    save_user = _one(SaveUser, unit_of_work=_unit_of_work, hasher=adapters.passwords, clock=_clock)
    change_password = _one(ChangePassword, unit_of_work=_unit_of_work, hasher=adapters.passwords, log_in=log_in)
    list_users = _one(ListUsers, _unit_of_work)
    remove_user = _one(RemoveUser, _unit_of_work, _ledger)
    save_issuer = _one(SaveIssuer, _unit_of_work)
    list_issuers = _one(ListIssuers, _unit_of_work)
    remove_issuer = _one(RemoveIssuer, _unit_of_work)

    list_plugins = _one(ListPlugins, _registry)
    list_storages = _one(ListStorages, _unit_of_work, _registry)
    _configurations = _one(StorageConfigurations, _registry, adapters.secret_box)
    add_storage = _one(AddStorage, _unit_of_work, _configurations)
    change_storage = _one(ChangeStorage, _unit_of_work, _configurations)
    rotate_secrets = _one(RotateSecrets, _unit_of_work, _configurations)
    try_storage = _one(TryStorage, _unit_of_work, _registry, _clock, deadlines)
    move_storage = _one(MoveStorage, _unit_of_work, _registry)
    remove_storage = _one(RemoveStorage, _unit_of_work)

    register_files = _one(RegisterFiles, _unit_of_work, _registry, _clock)
    list_files = _one(ListFiles, _unit_of_work)
    read_file = _one(ReadFile, _unit_of_work)
    check_availability = _one(CheckAvailability, _unit_of_work, nearline, _clock)
    remove_file_location = _one(RemoveFileLocation, _unit_of_work)
    verify_copy = _one(VerifyCopy, _unit_of_work, _registry, _clock, deadlines, cool_downs)
    scrub = _one(
        Scrub,
        unit_of_work=_unit_of_work,
        verify_copy=verify_copy,
        clock=_clock,
        policy=settings.provided.scrub_policy,
        metrics=adapters.metrics,
    )
    read_scrub_report = _one(ReadScrubReport, _unit_of_work)

    request_restoration = _one(RequestRestoration, _unit_of_work, _clock, _ids)
    choose_files = _one(ChooseFiles, see_products)
    check_products = _one(CheckProducts, see_products, check_availability)
    plan_downloads = _one(PlanDownloads, _unit_of_work, see_products, check_products, _ledger, _clock)
    restore_products = _one(RestoreProducts, _unit_of_work, see_products, check_products, request_restoration)
    read_restorations = _one(ReadRestorations, _unit_of_work, _clock)
    cancel_restoration = _one(CancelRestoration, _unit_of_work, _clock)
    release_restoration = _one(ReleaseRestoration, _unit_of_work, _clock)
    start_restorations = _one(StartRestorations, _unit_of_work, _registry, _clock)
    follow_restorations = _one(
        FollowRestorations,
        unit_of_work=_unit_of_work,
        registry=_registry,
        clock=_clock,
        holder=running.provided.instance_id,
        look_again=settings.provided.restoration_interval,
        patience=settings.provided.restoration_patience,
    )
    copy_restored = _one(
        CopyRestored,
        unit_of_work=_unit_of_work,
        registry=_registry,
        cache=adapters.cache,
        clock=_clock,
        holder=running.provided.instance_id,
        at_once=settings.provided.restoration_copies,
    )
    expire_copies = _one(ExpireCopies, _unit_of_work, adapters.cache, _clock)
    forget_restorations = _one(ForgetRestorations, _unit_of_work, _clock)
    check_cache = _one(CheckCache, _unit_of_work, adapters.cache, _clock)
    read_cache = _one(ReadCache, _unit_of_work, adapters.cache, _clock)
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
