"""Which ports the use cases of storages get: files, their copies, restorations and the cache."""

from dependency_injector import providers

from application.use_cases.add_storage import AddStorage
from application.use_cases.change_storage import ChangeStorage
from application.use_cases.check_availability import CheckAvailability
from application.use_cases.check_cache import CheckCache
from application.use_cases.check_storages import CheckStorages
from application.use_cases.configured_storage import StorageConfigurations
from application.use_cases.copy_restored import CopyRestored
from application.use_cases.end_restorations import CancelRestoration, ReleaseRestoration
from application.use_cases.expire_copies import ExpireCopies
from application.use_cases.follow_restorations import FollowRestorations
from application.use_cases.forget_restorations import ForgetRestorations
from application.use_cases.list_files import ListFiles
from application.use_cases.list_plugins import ListPlugins
from application.use_cases.list_storages import ListStorages
from application.use_cases.move_storage import MoveStorage
from application.use_cases.read_cache import ReadCache
from application.use_cases.read_file import ReadFile
from application.use_cases.read_restorations import ReadRestorations
from application.use_cases.read_scrub_report import ReadScrubReport
from application.use_cases.register_files import RegisterFiles
from application.use_cases.remove_file_location import RemoveFileLocation
from application.use_cases.remove_storage import RemoveStorage
from application.use_cases.request_restoration import RequestRestoration
from application.use_cases.rotate_secrets import RotateSecrets
from application.use_cases.run_shared_job import RunSharedJob
from application.use_cases.scrub import Scrub
from application.use_cases.start_restorations import StartRestorations
from application.use_cases.try_storage import TryStorage
from application.use_cases.verify_copy import VerifyCopy
from entrypoints.containers.deliveries import DeliveryUseCases
from entrypoints.containers.given import Given

_one = providers.Singleton
_settings = Given.settings
_adapters = Given.adapters
_clock = _adapters.clock
_ids = _adapters.ids
_registry = _adapters.storage_registry
_unit_of_work = _adapters.unit_of_work.provider
_deliveries = DeliveryUseCases


class StorageUseCases(Given):
    """Storage locations, files, restorations and the cache."""

    check_storages = _one(CheckStorages, _unit_of_work, _registry, _clock)
    list_plugins = _one(ListPlugins, _registry)
    list_storages = _one(ListStorages, _unit_of_work, _registry)
    _configurations = _one(StorageConfigurations, _registry, _adapters.secret_box)
    add_storage = _one(AddStorage, _unit_of_work, _configurations)
    change_storage = _one(ChangeStorage, _unit_of_work, _configurations)
    rotate_secrets = _one(RotateSecrets, _unit_of_work, _configurations)
    try_storage = _one(TryStorage, _unit_of_work, _registry, _clock, _deliveries.deadlines)
    move_storage = _one(MoveStorage, _unit_of_work, _registry)
    remove_storage = _one(RemoveStorage, _unit_of_work)
    register_files = _one(RegisterFiles, _unit_of_work, _registry, _clock)
    list_files = _one(ListFiles, _unit_of_work)
    read_file = _one(ReadFile, _unit_of_work)
    check_availability = _one(CheckAvailability, _unit_of_work, _deliveries.nearline_answers, _clock)
    remove_file_location = _one(RemoveFileLocation, _unit_of_work)
    verify_copy = _one(VerifyCopy, _unit_of_work, _registry, _clock, _deliveries.deadlines, _deliveries.cool_downs)
    scrub = _one(
        Scrub,
        unit_of_work=_unit_of_work,
        verify_copy=verify_copy,
        clock=_clock,
        policy=_settings.provided.scrub_policy,
        metrics=_adapters.metrics,
    )
    read_scrub_report = _one(ReadScrubReport, _unit_of_work)
    request_restoration = _one(RequestRestoration, _unit_of_work, _clock, _ids)
    read_restorations = _one(ReadRestorations, _unit_of_work, _clock)
    cancel_restoration = _one(CancelRestoration, _unit_of_work, _clock)
    release_restoration = _one(ReleaseRestoration, _unit_of_work, _clock)
    start_restorations = _one(StartRestorations, _unit_of_work, _registry, _clock)
    follow_restorations = _one(
        FollowRestorations,
        unit_of_work=_unit_of_work,
        registry=_registry,
        clock=_clock,
        holder=_deliveries.running.provided.instance_id,
        look_again=_settings.provided.restoration_interval,
        patience=_settings.provided.restoration_patience,
    )
    copy_restored = _one(
        CopyRestored,
        unit_of_work=_unit_of_work,
        registry=_registry,
        cache=_adapters.cache,
        clock=_clock,
        holder=_deliveries.running.provided.instance_id,
        at_once=_settings.provided.restoration_copies,
    )
    run_shared_job = _one(
        RunSharedJob, unit_of_work=_unit_of_work, clock=_clock, holder=_deliveries.running.provided.instance_id
    )
    expire_copies = _one(ExpireCopies, _unit_of_work, _adapters.cache, _clock)
    forget_restorations = _one(ForgetRestorations, _unit_of_work, _clock)
    check_cache = _one(CheckCache, _unit_of_work, _adapters.cache, _clock)
    read_cache = _one(ReadCache, _unit_of_work, _adapters.cache, _clock)
