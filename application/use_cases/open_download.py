"""Open a download: everything that has to be settled before the first byte leaves (DESIGN section 5, steps 2 to 6)."""

import asyncio
from functools import partial

import attrs

from application.delivery.copies import Copies, CopyLog, OpenCopy, Suspicion
from application.delivery.delivery import Delivery
from application.delivery.refusals import Refusals
from application.delivery.running import RunningTransfers
from application.delivery.slots import Slots
from application.delivery.verification import CopyCorrupt, VerifiedCopies
from application.errors import StorageUnavailable
from application.ports.files import FileFinder
from application.ports.identifiers import IdSource
from application.ports.ledger import Ledger
from application.ports.metrics import NO_METRICS, DownloadMetrics
from application.ports.storage import StorageRegistry
from application.use_cases.close_download import CloseDownload
from application.use_cases.estimate_wait import EstimateWait
from domain import preconditions
from domain.account import AccountKey
from domain.byte_range import ByteRange
from domain.download import Transfer, TransferRequest
from domain.errors import CopiesUnreachable, FileChanged, NotFound
from domain.file import ArchiveFile
from domain.preconditions import Conditions, Unmodified
from domain.quota import (
    ConnectionsExceeded,
    Granted,
    QuotaExceeded,
    RateExceeded,
    Refusal,
    TicketNotValid,
    VersionChanged,
)
from domain.selection import in_order_of_choice, why_none_is_readable
from domain.settlement import Outcome

_REASONS: dict[type[Refusal], str] = {
    QuotaExceeded: "quota",
    RateExceeded: "rate",
    ConnectionsExceeded: "connections",
    TicketNotValid: "ticket",
    VersionChanged: "version",
}
"""What refusals are counted as."""


@attrs.frozen(kw_only=True)
class DownloadRequest:
    """Who wants which file, and on what conditions. ``ticket_id`` names the ticket that was shown, if any."""

    account: AccountKey
    checksum: str
    conditions: Conditions
    is_head: bool = False
    ticket_id: str | None = None
    client: str = ""


@attrs.frozen
class NotModified:
    """The client's copy is current."""

    file: ArchiveFile


@attrs.frozen
class Described:
    """The answer to HEAD: what GET would send, without its cost."""

    file: ArchiveFile


@attrs.frozen(kw_only=True)
class Refused:
    """The ledger refused; nothing has changed. ``retry_after`` in seconds where waiting helps."""

    refusal: Refusal
    retry_after: int | None


@attrs.frozen(kw_only=True)
class Opened:
    """A granted and opened transfer. ``ranges`` is ``None`` for the whole file. Must end in ``CloseDownload``."""

    file: ArchiveFile
    transfer: Transfer
    ranges: tuple[ByteRange, ...] | None
    delivery: Delivery


@attrs.frozen(kw_only=True)
class OpenDownload:
    """Resolve the file, choose a copy, check the preconditions, admit on the ledger, open the copy.

    - Preconditions, HEAD and unknown files cost nothing.
    - The unit is charged before the copy is opened, and given back when no copy opens.
    - A copy that cannot be opened is skipped for the next one; one that has changed is marked.

    Raises ``NotFound``, ``FileNotReadable``, ``RestorationNeeded``, ``CopiesUnreachable``, ``PreconditionFailed``,
    ``FileChanged``, ``RangeNotSatisfiable``, ``DatabaseUnavailable``.
    """

    finder: FileFinder
    registry: StorageRegistry
    ledger: Ledger
    slots: Slots
    running: RunningTransfers
    verified: VerifiedCopies
    suspicion: Suspicion
    close_download: CloseDownload
    estimate_wait: EstimateWait
    ids: IdSource
    copy_log: CopyLog
    chunk_bytes: int = 128 * 1024
    refusals: Refusals = attrs.field(factory=Refusals)
    metrics: DownloadMetrics = NO_METRICS

    async def execute(self, request: DownloadRequest) -> NotModified | Described | Refused | Opened:
        found = await self.finder.find(request.account.tenant, request.checksum)
        if found is None:
            raise NotFound(f"There is no file with checksum {request.checksum!r}.")
        file, chosen = found.file, in_order_of_choice(found.copies)
        if not chosen:
            raise why_none_is_readable(found.copies)
        conditions = attrs.evolve(request.conditions, range=None) if request.is_head else request.conditions
        ranges = preconditions.evaluate(
            conditions, e_tag=file.e_tag, last_modified=file.registered_at, size_bytes=file.size_bytes
        )
        if isinstance(ranges, Unmodified):
            return NotModified(file)
        if request.is_head:
            return Described(file)

        decision = await self.slots.admit(self._transfer_request(request, file, ranges))
        if not isinstance(decision, Granted):
            self.metrics.refused(_REASONS[type(decision)])
            return await self._refused(request, file, decision)
        transfer = decision.transfer
        self.metrics.started()
        # From here on the lease is renewed: opening a copy may take longer than a lease lasts.
        running = self.running.start(transfer, admitted_at=self.slots.admitted_at(transfer.id))
        try:
            ranges = None if decision.whole_file else ranges
            copies = Copies(file, list(chosen), self.registry, self.suspicion, self.copy_log)
            opened = await self._open(file, copies, is_part=ranges is not None, is_continued=not decision.opened)
        except BaseException:
            # Cancelled or failed: the slot and the unit must go back whatever happened.
            await asyncio.shield(self.close_download.execute(transfer, Outcome(delivered_bytes=0)))
            raise
        delivery = Delivery(
            file=file,
            parts=ranges or (ByteRange(0, file.size_bytes),),
            running=running,
            copies=copies,
            opened=opened,
            verified=self.verified,
            chunk_bytes=self.chunk_bytes,
        )
        return Opened(file=file, transfer=transfer, ranges=ranges, delivery=delivery)

    def _transfer_request(
        self, request: DownloadRequest, file: ArchiveFile, ranges: tuple[ByteRange, ...] | None
    ) -> TransferRequest:
        return TransferRequest(
            account=request.account,
            checksum=file.checksum,
            size_bytes=file.size_bytes,
            is_counted=file.is_counted,
            start=ranges[0].start if ranges else 0,
            length=sum(part.length for part in ranges) if ranges else file.size_bytes,
            transfer_id=self.ids.new_id(),
            download_id=self.ids.new_id(),
            instance_id=self.running.instance_id,
            ticket_id=request.ticket_id,
            client=request.client,
        )

    async def _refused(self, request: DownloadRequest, file: ArchiveFile, refusal: Refusal) -> Refused:
        if isinstance(refusal, VersionChanged):
            raise FileChanged("The file has changed since this download started; start it again from byte 0.")
        self.refusals.note(request.account, file.file_name, refusal)
        waiting_helps = isinstance(refusal, RateExceeded | ConnectionsExceeded)
        retry_after = await self.estimate_wait.execute(request.account) if waiting_helps else None
        return Refused(refusal=refusal, retry_after=retry_after)

    async def _open(self, file: ArchiveFile, copies: Copies, *, is_part: bool, is_continued: bool) -> OpenCopy:
        """The first copy that opens and, for a part of the file from a storage that verifies, has the right bytes."""
        while True:
            try:
                opened = await copies.open_next()
            except FileChanged as error:
                if is_part and is_continued:
                    raise
                # Nobody has older bytes that new ones could be spliced onto: there is just no copy to serve.
                raise CopiesUnreachable(str(error)) from error
            if not (is_part and opened.verify):
                return opened
            try:
                await self.verified.ensure(file, opened, partial(copies.reopen, opened))
            except CopyCorrupt as error:
                await copies.give_up(opened, error, suspect=True)
            except StorageUnavailable as error:
                await copies.give_up(opened, error)
            except BaseException:
                await opened.source.aclose()
                raise
            else:
                return opened
