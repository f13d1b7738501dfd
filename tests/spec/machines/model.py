"""The oracle of the quota machine: plain bookkeeping, written without looking at how the rules compute.

It keeps, for every download, the list of its transfers with what each one asked for and brought, and recomputes every
number from that list each time. Nothing of ``domain.quota`` or ``domain.settlement`` is called here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from tests.spec.machines.log import Ask, LoggedDownload, LoggedTicket, LoggedTransfer

LEASE = timedelta(seconds=30)
CONNECTIONS = 16
POISON = timedelta(days=30)
RESUME_CAP = timedelta(hours=24)
ANONYMOUS = "public@regards.com"


@attrs.define
class Verdict:
    """What the oracle expects of an admission: ``why`` names a refusal, ``None`` a grant.

    ``reached`` is the limit that stands in the way and how far it is used.
    """

    why: str | None
    reached: tuple[int, int] | None = None
    opened: bool = False
    whole: bool = False
    download: str | None = None


@attrs.define
class Model:
    """Everything that was ever granted, with the settings and tickets as they are now."""

    max_quota: int = -1
    rate: int = -1
    window: timedelta = timedelta(hours=24)
    own_limits: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    downloads: list[LoggedDownload] = attrs.field(factory=list)
    tickets: dict[str, LoggedTicket] = attrs.field(factory=dict)
    events: list[tuple[str, str]] = attrs.field(factory=list)
    accounts: set[str] = attrs.field(factory=set)
    """Users of whom the ledger has a record."""

    def copied(self) -> "Model":
        """The same book, to write in on trial."""
        return attrs.evolve(
            self,
            own_limits=dict(self.own_limits),
            downloads=[attrs.evolve(row, log=[attrs.evolve(entry) for entry in row.log]) for row in self.downloads],
            tickets={ticket_id: attrs.evolve(ticket) for ticket_id, ticket in self.tickets.items()},
            events=list(self.events),
            accounts=set(self.accounts),
        )

    def units(self, user: str) -> int:
        return sum(row.units for row in self.downloads if row.user == user and row.counted)

    def active(self, user: str) -> int:
        return len([row for row in self.downloads if row.user == user and row.counted and row.running()])

    def running(self) -> dict[str, tuple[LoggedDownload, LoggedTransfer]]:
        return {entry.id: (row, entry) for row in self.downloads for entry in row.running()}

    def expired(self, now: datetime, user: str | None = None) -> list[LoggedTransfer]:
        late = [entry for _, entry in self.running().values() if entry.lease <= now and user in (None, entry.user)]
        return sorted(late, key=lambda entry: (entry.started, entry.id))

    def admit(self, ask: Ask, now: datetime) -> Verdict:
        """Judge, and write down what follows; a refusal leaves the book as it was."""
        trial = self.copied()
        trial.end_expired(now, ask.user)
        verdict = trial._judge(ask, now)
        if verdict.why is None:
            for field in attrs.fields(Model):
                setattr(self, field.name, getattr(trial, field.name))
        return verdict

    def end_expired(self, now: datetime, user: str | None = None) -> int:
        late = self.expired(now, user)
        for entry in late:
            self.end(entry.id, entry.known, whole=0 < entry.known == entry.length, corrupt=False, now=now)
        return len(late)

    def end(self, transfer: str, delivered: int, *, whole: bool, corrupt: bool, now: datetime) -> bool:
        """Write down the end of a transfer."""
        if transfer not in self.running():
            return False
        row, entry = self.running()[transfer]
        entry.brought = 0 if corrupt else min(delivered, entry.length)
        row.ever_brought += entry.brought
        if corrupt:
            row.bad = True
            row.ever_brought -= row.brought()
            for earlier in row.log:
                earlier.brought = None if earlier.brought is None else 0
        elif whole and entry.length == row.size:
            row.bad = False
        row.last_bytes = now if entry.brought else row.last_bytes
        was_complete, was_kept = row.complete, row.kept
        full = row.brought() >= row.size if row.size else whole
        row.complete = not row.bad and (was_complete or full)
        row.kept = was_kept or row.brought() > 0 or row.complete
        ticket = self.tickets.get(row.ticket or "")
        if row.kept or (not row.running() and row.reserved is not None and row.reserved <= now):
            row.reserved = None
        if not row.running() and not row.kept and row.reserved is None:
            row.paid = False
            row.units -= 1
            self.events.append(("DownloadAbandoned", row.id))
            if ticket:
                ticket.uses -= 1
        else:
            row.paid = True
            if row.complete and not was_complete:
                self.events.append(("DownloadCompleted", row.id))
            if ticket and row.kept and not was_kept:
                ticket.spent += 1
        later = now + (POISON if corrupt else row.window)
        row.until = max(later, row.until) if row.bad else row.reserved or later
        return True

    def reserve(self, asks: Sequence[Ask], until: datetime, now: datetime) -> tuple[int, int] | int:
        """Set a cart of whole files of one user aside: how many units it took, or the limit that it would pass."""
        (user,) = {ask.user for ask in asks}
        trial = self.copied()
        trial.end_expired(now, user)
        quota, before = self.limits_of(user)[0], trial.units(user)
        for ask in asks:
            if ask.counted and not trial._set_aside(ask, quota, until, now):
                return quota, before
        for field in attrs.fields(Model):
            setattr(self, field.name, getattr(trial, field.name))
        return self.units(user) - before

    def give_back(self, now: datetime) -> int:
        """Strike the units of carts that nobody came for."""
        stale = [row for row in self.downloads if row.reserved and row.reserved <= now and not row.running()]
        for row in stale:
            row.paid, row.reserved = False, None
            row.units -= 1
        return len(stale)

    def renew(self, instance: str, progress: dict[str, int], until: datetime) -> tuple[set[str], set[str]]:
        """Write progress and leases down; which transfers are lost to this instance, and which should end."""
        own = {i: entry for i, (_, entry) in self.running().items() if entry.instance == instance and i in progress}
        for transfer, entry in own.items():
            entry.known = max(entry.known, progress[transfer])
            entry.lease = until
        return set(progress) - set(own), {i for i, entry in own.items() if entry.asked_to_end}

    def purge(self, now: datetime) -> int:
        """Strike what can never be resumed; what it cost stays in the sums."""
        closed = [row for row in self.downloads if not (row.purged or row.reserved or row.open_at(now))]
        for row in closed:
            row.purged = True
        return len(closed)

    def set_limits(self, user: str, own: tuple[int, int] | None) -> None:
        self.accounts.add(user)
        self.own_limits.pop(user, None)
        if own is not None:
            self.own_limits[user] = own

    def forget(self, user: str) -> bool:
        """Tear the pages of a user out."""
        existed = user in self.accounts
        self.accounts.discard(user)
        self.own_limits.pop(user, None)
        self.downloads = [row for row in self.downloads if row.user != user]
        self.tickets = {ticket_id: row for ticket_id, row in self.tickets.items() if row.user != user}
        return existed

    def limits_of(self, user: str) -> tuple[int, int]:
        """Units ever and downloads at once that this user may have now; -1 is any number."""
        if user in self.own_limits:
            return self.own_limits[user]
        return (0, 0) if user == ANONYMOUS else (self.max_quota, self.rate)

    def _judge(self, ask: Ask, now: datetime) -> Verdict:
        mine = [
            row
            for row in self.downloads
            if (row.user, row.file, row.ticket) == (ask.user, ask.file, ask.ticket) and row.open_at(now)
        ]
        ticket = self.tickets.get(ask.ticket or "")
        if ask.ticket and (ticket is None or ticket.revoked or (ticket.user, ticket.file) != (ask.user, ask.file)):
            return Verdict("TicketNotValid")
        if ask.start > 0 and mine and ask.size not in {row.size for row in mine}:
            return Verdict("VersionChanged")

        bad = [row for row in mine if row.bad and row.size == ask.size]
        whole = bool(bad) and ask.length < ask.size
        start, length = (0, ask.size) if whole else (ask.start, ask.length)
        if whole and any(row.running() for row in bad):
            return Verdict("ConnectionsExceeded", (1, sum(len(row.running()) for row in bad)))
        row = _best_of(bad, mine, start, length, ask.size)
        goes_on = row is not None and row.paid and row.fits(start, length, ask.size)
        counted = row.counted if row else ask.counted and not ask.user.startswith("ticket:")

        if ticket and not self._ticket_stands(ticket, row if goes_on else None, now):
            return Verdict("TicketNotValid")
        if row and len(row.running()) >= CONNECTIONS:
            return Verdict("ConnectionsExceeded", (CONNECTIONS, len(row.running())))
        if counted and (refusal := self._limit_reached(ask.user, row, goes_on=goes_on)):
            return refusal

        row = self._taken(row, ask, now, counted=counted, goes_on=goes_on)
        row.log.append(LoggedTransfer(ask.transfer, ask.user, ask.instance, length, now, now + LEASE))
        self.accounts.add(ask.user)
        if ticket and not goes_on:
            ticket.uses += 1
        return Verdict(None, opened=not goes_on, whole=whole, download=row.id)

    def _set_aside(self, ask: Ask, quota: int, until: datetime, now: datetime) -> bool:
        """One file of a cart, of which each file is another one; whether the limit allows it."""
        mine = [
            row
            for row in self.downloads
            if (row.user, row.file, row.ticket) == (ask.user, ask.file, None) and row.open_at(now)
        ]
        bad = [row for row in mine if row.bad and row.size == ask.size]
        row = _best_of(bad, mine, ask.start, ask.length, ask.size)
        if row and len(row.running()) >= CONNECTIONS:
            return True
        if row and row.paid and row.fits(ask.start, ask.length, ask.size):
            if row.reserved is None:
                return True
        else:
            counted = row.counted if row else True
            if counted and quota >= 0 and self.units(ask.user) + 1 > quota:
                return False
            row = self._taken(row, ask, now, counted=counted, goes_on=False)
            self.accounts.add(ask.user)
        row.reserved = until
        row.until = max(until, row.until) if row.bad else until
        return True

    def _limit_reached(self, user: str, row: LoggedDownload | None, *, goes_on: bool) -> Verdict | None:
        quota, rate = self.limits_of(user)
        if not goes_on and quota >= 0 and self.units(user) + 1 > quota:
            return Verdict("QuotaExceeded", (quota, self.units(user)))
        takes_slot = row is None or not row.running()
        if takes_slot and rate >= 0 and self.active(user) + 1 > rate:
            return Verdict("RateExceeded", (rate, self.active(user)))
        return None

    def _taken(
        self, row: LoggedDownload | None, ask: Ask, now: datetime, *, counted: bool, goes_on: bool
    ) -> LoggedDownload:
        if row is None:
            row = LoggedDownload(
                ask.download,
                ask.user,
                ask.file,
                ask.size,
                counted,
                ask.ticket,
                now,
                self.window,
                now + self.window,
                now,
            )
            self.downloads.append(row)
        elif not goes_on:
            row.opened = row.last_bytes = now
            row.units += 1
            row.paid, row.kept, row.complete = True, False, False
            row.log.clear()
        return row

    def _ticket_stands(self, ticket: LoggedTicket, resumed: LoggedDownload | None, now: datetime) -> bool:
        if resumed is None:
            return now < ticket.expires and (ticket.max_uses is None or ticket.uses < ticket.max_uses)
        extra = timedelta(0)
        if resumed.brought():
            took = max((resumed.last_bytes - resumed.opened).total_seconds(), 1.0)
            missing = max(resumed.size - resumed.brought(), 0)
            rest = min(took * missing / resumed.brought(), 365 * 24 * 3600.0)
            extra = min(3 * timedelta(seconds=rest), RESUME_CAP)
        return now < ticket.expires + extra


def _best_of(
    bad: list[LoggedDownload], mine: list[LoggedDownload], start: int, length: int, size: int
) -> LoggedDownload | None:
    """The download to go on with: a poisoned one that rests, else a running one with room, else the oldest."""
    if bad:
        usable = [row for row in bad if not row.running()]
    else:
        usable = [row for row in mine if row.fits(start, length, size)]
    return min(usable, key=lambda row: (not row.running(), row.opened, row.id), default=None)
