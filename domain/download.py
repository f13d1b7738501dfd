"""Downloads and transfers: what one unit buys, byte by byte (DESIGN section 4, rules L2 to L4)."""

from datetime import datetime, timedelta

import attrs

from domain.account import AccountKey
from domain.errors import InvalidValue

MINIMUM_GRACE_BYTES = 8 * 1024 * 1024
GRACE_FRACTION = 20
"""Grace is one twentieth (5 %) of the file."""

LONGEST_ESTIMATE_SECONDS = 365 * 24 * 3600.0


def grace_bytes(size_bytes: int) -> int:
    """Bytes that resumes may send again, because they were in flight when the line broke (L2)."""
    return min(size_bytes, max(MINIMUM_GRACE_BYTES, size_bytes // GRACE_FRACTION))


@attrs.frozen(kw_only=True)
class TransferRequest:
    """One transfer that wants to start: ``length`` bytes from ``start`` of a file of ``size_bytes``.

    For a multi-range response ``start`` is the first byte of the first range and ``length`` the sum of all ranges.
    ``is_counted``: a copy of the file costs a unit. ``download_id`` names the download if one must be opened.
    """

    account: AccountKey
    checksum: str
    size_bytes: int
    is_counted: bool
    start: int
    length: int
    transfer_id: str
    download_id: str
    instance_id: str
    ticket_id: str | None = None
    client: str = ""

    def __attrs_post_init__(self) -> None:
        if not (self.start >= 0 and self.length >= 0 and max(self.start, self.length) <= self.size_bytes):
            raise InvalidValue("A transfer must lie inside its file.")

    @property
    def is_whole_file(self) -> bool:
        """Whether this asks for the complete copy in one response."""
        return self.length == self.size_bytes

    @property
    def costs_unit(self) -> bool:
        """Whether opening a download for this charges a unit: counted files, unless on a ticket's own account."""
        return self.is_counted and not self.account.is_ticket

    def for_whole_file(self) -> "TransferRequest":
        """The same request, for the complete copy."""
        return attrs.evolve(self, start=0, length=self.size_bytes)


@attrs.frozen(kw_only=True)
class Transfer:
    """One response body in flight, leased by one instance until ``lease_until``."""

    id: str
    download_id: str
    account: AccountKey
    checksum: str
    instance_id: str
    start: int
    reserved_bytes: int
    progress_bytes: int
    started_at: datetime
    lease_until: datetime
    client: str = ""
    end_requested: bool = False

    @classmethod
    def started_by(cls, request: TransferRequest, *, download_id: str, lease: timedelta, now: datetime) -> "Transfer":
        """The transfer that a granted request starts."""
        return cls(
            id=request.transfer_id,
            download_id=download_id,
            account=request.account,
            checksum=request.checksum,
            instance_id=request.instance_id,
            start=request.start,
            reserved_bytes=request.length,
            progress_bytes=0,
            started_at=now,
            lease_until=now + lease,
            client=request.client,
        )

    def is_expired(self, now: datetime) -> bool:
        """Whether its instance has not renewed the lease in time (L4)."""
        return self.lease_until <= now

    def seconds_left(self, now: datetime) -> float | None:
        """Estimate of the time to its end at the speed seen so far; ``None`` while nothing was delivered."""
        elapsed = (now - self.started_at).total_seconds()
        if self.progress_bytes <= 0 or elapsed <= 0:
            return None
        return (self.reserved_bytes - self.progress_bytes) * elapsed / self.progress_bytes


@attrs.frozen(kw_only=True)
class Download:
    """One user fetching one copy of one file.

    The budget that is left is ``size - delivered - reserved``; resumes may overdraw it by the grace.
    ``is_held``: the unit (and ticket use) that opened it has not been given back.
    ``is_kept``: bytes were delivered once, so unit and use are never given back.
    ``is_poisoned``: its bytes failed a verification; only the complete file in one response cures it.
    ``reserved_until``: set aside for a cart, and no byte of it was delivered yet; until then its unit stays charged.
    """

    id: str
    account: AccountKey
    checksum: str
    size_bytes: int
    costs_unit: bool
    ticket_id: str | None
    opened_at: datetime
    resume_window: timedelta
    resumable_until: datetime
    delivered_bytes: int = 0
    reserved_bytes: int = 0
    transfers: int = 0
    is_held: bool = True
    is_kept: bool = False
    is_completed: bool = False
    is_poisoned: bool = False
    progressed_at: datetime
    reserved_until: datetime | None = None

    @classmethod
    def opened_by(cls, request: TransferRequest, *, resume_window: timedelta, now: datetime) -> "Download":
        """A new download with the full budget of one copy."""
        return cls(
            id=request.download_id,
            account=request.account,
            checksum=request.checksum,
            size_bytes=request.size_bytes,
            costs_unit=request.costs_unit,
            ticket_id=request.ticket_id,
            opened_at=now,
            resume_window=resume_window,
            resumable_until=now + resume_window,
            progressed_at=now,
        )

    @property
    def budget_left(self) -> int:
        """Bytes that its unit still buys; negative when resumes have drawn on the grace."""
        return self.size_bytes - self.delivered_bytes - self.reserved_bytes

    def is_open(self, now: datetime) -> bool:
        """Whether a further transfer may belong to it: running, or given back nothing and inside its resume window."""
        return self.transfers > 0 or ((self.is_held or self.is_poisoned) and now < self.resumable_until)

    def is_reserved_in_vain(self, now: datetime) -> bool:
        """Whether it was set aside until a time that has come, and nobody is fetching it."""
        return self.reserved_until is not None and self.reserved_until <= now and self.transfers == 0

    def has_room_for(self, request: TransferRequest) -> bool:
        """Whether the request fits into what the unit has bought (L2). An empty file is bought by its one transfer."""
        if request.size_bytes != self.size_bytes:
            return False
        if self.size_bytes == 0:
            return self.transfers == 0 and not self.is_completed
        grace = grace_bytes(self.size_bytes) if request.start > 0 or self.is_poisoned else 0
        return request.length <= self.budget_left + grace

    def paid_again(self, now: datetime) -> "Download":
        """A poisoned download that a new unit pays for; it stays the same one, so that its completion cures it."""
        return attrs.evolve(self, opened_at=now, progressed_at=now, delivered_bytes=0, is_kept=False)

    def with_transfer(self, length: int) -> "Download":
        """After one more transfer has reserved ``length`` bytes."""
        return attrs.evolve(
            self, reserved_bytes=self.reserved_bytes + length, transfers=self.transfers + 1, is_held=True
        )

    def time_left(self) -> timedelta:
        """Estimate for the rest at the speed seen so far; zero while nothing was delivered."""
        if self.delivered_bytes == 0:
            return timedelta(0)
        elapsed = max((self.progressed_at - self.opened_at).total_seconds(), 1.0)
        missing = max(0, self.size_bytes - self.delivered_bytes)
        return timedelta(seconds=min(elapsed * missing / self.delivered_bytes, LONGEST_ESTIMATE_SECONDS))
