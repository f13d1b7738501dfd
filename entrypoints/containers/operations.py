"""Which ports the use cases of operations get: tenants, users, instances, health, jobs and messages."""

from dependency_injector import providers

from adapters.amqp.health import BrokerCheck
from application.delivery.rota import DownloadersCheck
from application.ports.health import HealthCheck
from application.use_cases.add_tenant import AddTenant
from application.use_cases.change_setting import ChangeSetting
from application.use_cases.check_health import CheckHealth
from application.use_cases.check_storages import CheckStorages
from application.use_cases.handle_message import HandleMessage
from application.use_cases.keep_instance import ForgetInstances, KeepInstance, ListInstances
from application.use_cases.list_jobs import ListJobs
from application.use_cases.list_tenants import ListTenants
from application.use_cases.log_in import LogIn
from application.use_cases.manage_issuers import ListIssuers, RemoveIssuer, SaveIssuer
from application.use_cases.manage_users import ChangePassword, ListUsers, RemoveUser, SaveUser
from application.use_cases.read_settings import ReadSettings
from application.use_cases.relay_outbox import RelayOutbox
from application.use_cases.remove_tenant import FinishRemovals, RemoveTenant
from application.use_cases.run_job import RunJob
from application.use_cases.switch_maintenance import ListMaintenance, SwitchMaintenance
from domain.profile import Profile, relays
from entrypoints.containers.catalogue import CatalogueUseCases
from entrypoints.containers.deliveries import DeliveryUseCases
from entrypoints.containers.given import Given
from entrypoints.containers.storages import StorageUseCases
from entrypoints.settings import Settings

_one = providers.Singleton
_settings = Given.settings
_adapters = Given.adapters
_clock = _adapters.clock
_ledger = _adapters.ledger
_unit_of_work = _adapters.unit_of_work.provider
_catalogue = CatalogueUseCases
_deliveries = DeliveryUseCases
_storages = StorageUseCases


def _configured(checks: list[HealthCheck], settings: Settings) -> list[HealthCheck]:
    """What there is to look at: the broker only where there is one, storages and downloaders where they are needed."""
    is_needed: dict[type[HealthCheck], bool] = {
        BrokerCheck: bool(settings.broker_url),
        CheckStorages: bool(settings.active_profiles & {Profile.DOWNLOADER, Profile.STORAGE}),
        DownloadersCheck: relays(settings.active_profiles),
    }
    return [check for check in checks if is_needed.get(type(check), True)]


class OperationUseCases(Given):
    """Tenants, users, the settings, and the service itself."""

    check_health = _one(
        CheckHealth,
        providers.Callable(
            _configured,
            providers.List(
                _adapters.database_check,
                _adapters.disk_check,
                _storages.check_storages,
                _adapters.broker_check,
                _deliveries.check_downloaders,
            ),
            _settings,
        ),
        _clock,
    )
    read_settings = _one(ReadSettings, _unit_of_work, _adapters.cache.provided.folder)
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
        instance_id=_deliveries.running.provided.instance_id,
        host=_adapters.host,
        version=_adapters.version,
    )
    forget_instances = _one(ForgetInstances, _unit_of_work, _clock, _settings.provided.instance_dead_after)
    list_instances = _one(ListInstances, _unit_of_work)
    log_in = _one(
        LogIn,
        unit_of_work=_unit_of_work,
        hasher=_adapters.passwords,
        issuer=_adapters.tokens,
        clock=_clock,
        lifetime=_settings.provided.token_lifetime,
    )
    save_user = _one(SaveUser, unit_of_work=_unit_of_work, hasher=_adapters.passwords, clock=_clock)
    change_password = _one(ChangePassword, unit_of_work=_unit_of_work, hasher=_adapters.passwords, log_in=log_in)
    list_users = _one(ListUsers, _unit_of_work)
    remove_user = _one(RemoveUser, _unit_of_work, _ledger)
    save_issuer = _one(SaveIssuer, _unit_of_work)
    list_issuers = _one(ListIssuers, _unit_of_work)
    remove_issuer = _one(RemoveIssuer, _unit_of_work)
    relay_outbox = _one(RelayOutbox, unit_of_work=_unit_of_work, publisher=_adapters.publisher, clock=_clock)
    run_job = _one(RunJob, unit_of_work=_unit_of_work, clock=_clock, holder=_deliveries.running.provided.instance_id)
    list_jobs = _one(ListJobs, _unit_of_work, _clock)
    handle_message = _one(
        HandleMessage,
        unit_of_work=_unit_of_work,
        clock=_clock,
        register_files=_storages.register_files,
        remove_file_location=_storages.remove_file_location,
        request_restoration=_storages.request_restoration,
        add_tenant=add_tenant,
        remove_tenant=remove_tenant.provided.execute,
        remove_user=remove_user,
        hear_acceptance=_catalogue.hear_acceptance,
        hear_reset=_catalogue.hear_reset,
        hear_products=_catalogue.hear_products,
    )
