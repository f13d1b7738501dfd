"""Which ports the use cases of downloads get: quota, tickets, transfers, and what runs while bytes flow."""

from dependency_injector import providers

from adapters.telemetry.copies import log_copy
from application.delivery.cool_downs import CoolDowns
from application.delivery.copies import Suspicion
from application.delivery.guarded import Deadlines
from application.delivery.lost_copies import LostCopies
from application.delivery.nearline import Nearline, NearlineAnswers
from application.delivery.redirect import Redirects
from application.delivery.refusals import Refusals
from application.delivery.remote_nearline import RemoteNearline
from application.delivery.rota import DownloadersCheck, Rota
from application.delivery.running import RunningTransfers
from application.delivery.slots import Slots
from application.delivery.verification import VerifiedCopies
from application.use_cases.close_download import CloseDownload
from application.use_cases.end_transfer import EndTransfer
from application.use_cases.estimate_restoration import EstimateRestoration
from application.use_cases.estimate_wait import EstimateWait
from application.use_cases.forget_user import ForgetUser
from application.use_cases.issue_ticket import IssueTicket
from application.use_cases.list_tickets import ListTickets
from application.use_cases.list_transfers import ListTransfers
from application.use_cases.open_download import OpenDownload
from application.use_cases.publish_quota_updates import PublishQuotaUpdates
from application.use_cases.read_quota import ReadQuota
from application.use_cases.relay_download import RelayDownload
from application.use_cases.renew_transfers import RenewTransfers
from application.use_cases.report_refusals import ReportRefusals
from application.use_cases.revoke_ticket import RevokeTicket
from application.use_cases.set_quota import SetQuota
from application.use_cases.sweep import Sweep
from domain.profile import relays
from entrypoints.containers.given import Given
from entrypoints.settings import Settings

_one = providers.Singleton
_settings = Given.settings
_adapters = Given.adapters
_clock = _adapters.clock
_ids = _adapters.ids
_ledger = _adapters.ledger
_registry = _adapters.storage_registry
_unit_of_work = _adapters.unit_of_work.provider


def _who_is_asked(settings: Settings, here: NearlineAnswers, there: NearlineAnswers) -> NearlineAnswers:
    """A front door alone reaches no storage."""
    return there if relays(settings.active_profiles) else here


class DeliveryUseCases(Given):
    """Downloads, their quota, transfers and tickets."""

    running = _one(
        RunningTransfers,
        instance_id=_ids.provided.new_id.call(),
        clock=_clock,
        lease_seconds=_settings.provided.lease_seconds,
    )
    slots = _one(Slots, ledger=_ledger, clock=_clock, wait_seconds=_settings.provided.slot_wait_seconds)
    verified = _one(VerifiedCopies, clock=_clock)
    nearline = _one(
        Nearline,
        _registry,
        _clock,
        _settings.provided.nearline_ask_seconds,
        _settings.provided.nearline_answer_seconds,
    )
    suspicion = _one(Suspicion, _unit_of_work, _clock)
    deadlines = _one(
        Deadlines,
        open_seconds=_settings.provided.storage_open_seconds,
        read_seconds=_settings.provided.storage_read_seconds,
    )
    cool_downs = _one(CoolDowns, _unit_of_work, _clock, _adapters.metrics.provided.cool_down_began)
    refusals = _one(Refusals)
    redirects = _one(
        Redirects,
        registry=_registry,
        log=providers.Object(log_copy),
        lifetime=_settings.provided.redirect_lifetime,
        includes_limited_tickets=_settings.provided.redirect_limited_tickets,
    )
    estimate_restoration = _one(EstimateRestoration, _unit_of_work, _clock)
    estimate_wait = _one(EstimateWait, ledger=_ledger, clock=_clock)
    close_download = _one(
        CloseDownload, ledger=_ledger, running=running, slots=slots, clock=_clock, metrics=_adapters.metrics
    )
    open_download = _one(
        OpenDownload,
        finder=_adapters.file_finder,
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
        chunk_bytes=_settings.provided.chunk_bytes,
        metrics=_adapters.metrics,
        deadlines=deadlines,
        cool_downs=cool_downs,
        lost_copies=_one(LostCopies, _unit_of_work, _adapters.cache, _clock),
    )
    rota = _one(Rota, _settings.provided.downloader_urls, _clock)
    relay_download = _one(RelayDownload, downloader=_adapters.downloader, rota=rota)
    check_downloaders = _one(DownloadersCheck, _adapters.downloader, rota)
    remote_nearline = _one(RemoteNearline, _adapters.downloader, rota)
    nearline_answers = providers.Callable(_who_is_asked, _settings, nearline, remote_nearline)
    renew_transfers = _one(
        RenewTransfers,
        ledger=_ledger,
        running=running,
        close_download=close_download,
        clock=_clock,
        lease=_settings.provided.lease,
    )
    sweep = _one(
        Sweep, _ledger, _unit_of_work, _clock, has_listeners=providers.Callable(bool, _settings.provided.broker_url)
    )
    issue_ticket = _one(IssueTicket, _unit_of_work, _clock, _ids)
    list_tickets = _one(ListTickets, _unit_of_work, _clock)
    revoke_ticket = _one(RevokeTicket, _unit_of_work, _clock)
    read_quota = _one(ReadQuota, _ledger, _unit_of_work)
    set_quota = _one(SetQuota, _ledger, _unit_of_work)
    forget_user = _one(ForgetUser, _ledger)
    list_transfers = _one(ListTransfers, _ledger, _unit_of_work)
    end_transfer = _one(EndTransfer, _ledger)
    report_refusals = _one(ReportRefusals, refusals, _unit_of_work, _clock)
    publish_quota_updates = _one(PublishQuotaUpdates, _unit_of_work, _clock)
