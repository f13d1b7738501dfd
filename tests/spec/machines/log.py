"""What the oracle of the quota machine writes down: requests, transfers with what they brought, tickets."""

from datetime import datetime, timedelta

import attrs

EIGHT_MEBIBYTES = 8388608


def grace_of(size: int) -> int:
    return min(size, max(EIGHT_MEBIBYTES, size * 5 // 100))


@attrs.define
class Ask:
    """One request to start a transfer, in the oracle's words."""

    user: str
    file: str
    size: int
    counted: bool
    start: int
    length: int
    transfer: str
    download: str
    instance: str
    ticket: str | None


@attrs.define
class LoggedTransfer:
    """What one transfer asked for, what is known of its progress, and what it brought (``None`` while it runs)."""

    id: str
    user: str
    instance: str
    length: int
    started: datetime
    lease: datetime
    known: int = 0
    brought: int | None = None
    asked_to_end: bool = False


@attrs.define
class LoggedDownload:
    """One copy that somebody paid for, or will get back."""

    id: str
    user: str
    file: str
    size: int
    counted: bool
    ticket: str | None
    opened: datetime
    window: timedelta
    until: datetime
    last_bytes: datetime
    log: list[LoggedTransfer] = attrs.field(factory=list)
    units: int = 1
    """Units charged and not given back; more than one only after a poisoned copy was paid for again."""
    paid: bool = True
    """Whether the latest unit is still held."""
    kept: bool = False
    complete: bool = False
    bad: bool = False
    ever_brought: int = 0
    """Bytes of use since the very first transfer, over all units."""
    purged: bool = False
    reserved: datetime | None = None
    """Until when it is set aside for a cart, as long as nothing of it was brought."""

    def running(self) -> list[LoggedTransfer]:
        return [entry for entry in self.log if entry.brought is None]

    def brought(self) -> int:
        return sum(entry.brought for entry in self.log if entry.brought is not None)

    def open_at(self, now: datetime) -> bool:
        return bool(self.running()) or ((self.paid or self.bad) and now < self.until and not self.purged)

    def fits(self, start: int, length: int, size: int) -> bool:
        if size != self.size:
            return False
        if size == 0:
            return not self.running() and not self.complete
        promised = sum(entry.length for entry in self.running())
        allowed = size + (grace_of(size) if start > 0 or self.bad else 0)
        return self.brought() + promised + length <= allowed


@attrs.define
class LoggedTicket:
    id: str
    user: str
    file: str
    expires: datetime
    max_uses: int | None
    uses: int = 0
    spent: int = 0
    revoked: bool = False
