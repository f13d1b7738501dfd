"""Open a download: everything that has to be settled before the first byte leaves (DESIGN section 5, steps 2 to 6)."""

import asyncio

import attrs

from application.delivery.cool_downs import CoolDowns
from application.delivery.copies import Copies, CopyLog, CopyReader, OpenCopy, Suspicion
from application.delivery.delivery import Delivery
from application.delivery.guarded import Deadlines
from application.delivery.lost_copies import LostCopies
from application.delivery.nearline import Nearline
from application.delivery.redirect import Redirected, Redirects
from application.delivery.refusals import Refusals
from application.delivery.running import RunningTransfers
from application.delivery.slots import Slots
from application.delivery.verification import VerifiedCopies, open_right
from application.ports.clock import Clock
from application.ports.files import FileFinder, FoundFile
from application.ports.identifiers import IdSource
from application.ports.ledger import Ledger
from application.ports.metrics import NO_METRICS, DownloadMetrics
from application.ports.storage import StorageRegistry
from application.use_cases.choose_copies import ChooseCopies
from application.use_cases.close_download import CloseDownload
from application.use_cases.download_answers import Described, DownloadRequest, NotModified, Opened, Refused
from application.use_cases.estimate_restoration import EstimateRestoration
from application.use_cases.estimate_wait import EstimateWait
from domain import digest, preconditions
from domain.byte_range import ByteRange
from domain.download import TransferRequest
from domain.errors import CopiesUnreachable, FileChanged, NotFound, RestorationNeeded
from domain.file import ArchiveFile
from domain.preconditions import Unmodified
from domain.quota import (
    ConnectionsExceeded,
    Granted,
    QuotaExceeded,
    RateExceeded,
    Refusal,
    TicketNotValid,
    VersionChanged,
)
from domain.selection import Copy
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
class OpenDownload:
    """Resolve the file, choose a copy, check the preconditions, admit on the ledger, open the copy.

    - Preconditions, HEAD and unknown files cost nothing.
    - The unit is charged before the copy is opened, and given back when no copy opens.
    - A copy that cannot be opened is skipped for the next one; one that has changed is marked.

    Raises ``NotFound``, ``FileNotReadable``, ``RestorationNeeded``, ``RestorationRunning``, ``CopiesUnreachable``,
    ``PreconditionFailed``, ``FileChanged``, ``RangeNotSatisfiable``, ``DatabaseUnavailable``.
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
    nearline: Nearline
    ids: IdSource
    clock: Clock
    copy_log: CopyLog
    chunk_bytes: int = 128 * 1024
    refusals: Refusals = attrs.field(factory=Refusals)
    metrics: DownloadMetrics = NO_METRICS
    estimate_restoration: EstimateRestoration | None = None
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    cool_downs: CoolDowns | None = None
    lost_copies: LostCopies | None = None
    redirects: Redirects | None = None

    async def execute(self, request: DownloadRequest) -> NotModified | Described | Refused | Redirected | Opened:
        found = await self.finder.find(request.account.tenant, request.checksum)
        if found is None:
            raise NotFound(f"There is no file with checksum {request.checksum!r}.")
        if request.file_name is not None:
            found = attrs.evolve(found, file=attrs.evolve(found.file, file_name=request.file_name))
        file, chosen = found.file, await self._choice.execute(found)
        conditions = attrs.evolve(request.conditions, range=None) if request.is_head else request.conditions
        ranges = preconditions.evaluate(
            conditions, e_tag=file.e_tag, last_modified=file.registered_at, size_bytes=file.size_bytes
        )
        if isinstance(ranges, Unmodified):
            return NotModified(file)
        if request.is_head:
            return Described(file)
        if (redirected := await self._redirected(request, file, chosen[0], len(ranges) if ranges else 1)) is not None:
            return redirected

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
            copies = self._copies(found, chosen)
            opened = await self._open(copies, is_part=ranges is not None, is_continued=not decision.opened)
        except RestorationNeeded as error:
            await asyncio.shield(self.close_download.execute(transfer, Outcome(delivered_bytes=0)))
            raise await self._choice.why_asleep(found, error) from error
        except BaseException:
            # Cancelled or failed: the slot and the unit must go back whatever happened.
            await asyncio.shield(self.close_download.execute(transfer, Outcome(delivered_bytes=0)))
            raise
        if opened.verify and not digest.can_compute(file.algorithm):
            self.metrics.unverified()
        delivery = Delivery(
            file=file,
            parts=ranges or (ByteRange(0, file.size_bytes),),
            running=running,
            copies=copies,
            opened=opened,
            verified=self.verified,
            chunk_bytes=self.chunk_bytes,
        )
        return Opened(file=file, transfer=transfer, ranges=ranges, delivery=delivery, close=self.close_download)

    async def _redirected(
        self, request: DownloadRequest, file: ArchiveFile, copy: Copy, parts: int
    ) -> Redirected | Refused | None:
        """Charge one complete copy and send the client to its storage; ``None`` when the client is to be served."""
        if self.redirects is None:
            return None
        signer = self.redirects.signer_of(copy, parts=parts, has_limited_ticket=request.has_limited_ticket)
        if signer is None:
            return None
        decision = await self.slots.admit(self._transfer_request(request, file, None))
        if not isinstance(decision, Granted):
            self.metrics.refused(_REASONS[type(decision)])
            return await self._refused(request, file, decision)
        self.metrics.started()
        outcome = Outcome(delivered_bytes=0)
        self.running.start(decision.transfer, admitted_at=self.slots.admitted_at(decision.transfer.id))
        try:
            if url := await self.redirects.signed(signer, copy, file, is_inline=request.is_inline):
                outcome = Outcome(delivered_bytes=file.size_bytes, is_completed=True)
        finally:
            await asyncio.shield(self.close_download.execute(decision.transfer, outcome))
        return Redirected(file, url) if url else None

    def _copies(self, found: FoundFile, chosen: tuple[Copy, ...]) -> Copies:
        reader = CopyReader(
            registry=self.registry,
            suspicion=self.suspicion,
            log=self.copy_log,
            deadlines=self.deadlines,
            cool_downs=self.cool_downs,
            nearline=self.nearline,
            lost_copies=self.lost_copies,
        )

        async def more() -> tuple[Copy, ...]:
            # Those that were tried are left out: as recorded they can be read, so nobody would be asked about others.
            return await self.nearline.readable_now([copy for copy in found.copies if copy not in chosen])

        return Copies(found.file, list(chosen), reader, more)

    @property
    def _choice(self) -> ChooseCopies:
        return ChooseCopies(self.nearline, self.clock, self.estimate_restoration)

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

    async def _open(self, copies: Copies, *, is_part: bool, is_continued: bool) -> OpenCopy:
        """The first copy that opens and, for a part of the file from a storage that verifies, has the right bytes."""
        try:
            return await open_right(copies, self.verified, is_part=is_part)
        except FileChanged as error:
            if is_part and is_continued:
                raise
            # Nobody has older bytes that new ones could be spliced onto: there is just no copy to serve.
            raise CopiesUnreachable(str(error)) from error
