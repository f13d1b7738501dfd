"""Say beforehand what a cart of files would meet: rights, sleep, and quota."""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.identifiers import IdSource
from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.check_products import CheckProducts
from application.use_cases.choose_files import WantedFile, require_a_cart
from application.use_cases.see_products import SeenProduct, SeeProducts
from domain.access import ANONYMOUS_EMAIL, Caller
from domain.account import Account, AccountKey
from domain.availability import Availability, CopyAvailability
from domain.download import TransferRequest
from domain.errors import Forbidden, InvalidValue
from domain.limits import UNLIMITED
from domain.product_access import Allowed, NotVisible, ProductAccess
from domain.quota import ConnectionsExceeded, Granted
from domain.reservation import Reserved
from domain.restoration import DEFAULT_HOURS, Restoration
from domain.restoration_estimate import MOST_REMEMBERED, remaining
from domain.selection import restorable
from domain.urn import Urn

AT_ONCE = 100
"""Questions to the ledger that wait together."""

_PLAN = "plan"
"""In place of ids of what is never recorded: transfers, and downloads that are only foreseen."""

LONGEST_RESERVATION = timedelta(days=7)
"""Longer than a tape library takes to restore a cart."""


@attrs.frozen(kw_only=True)
class PlannedFile:
    """One file: whether the caller may have it, whether it can be read now, and the unit that it would take.

    ``availability`` is ``None`` for a file that is not here; ``seconds`` is how long a restoration may take. The unit
    of a file with ``reserved_until`` is set aside until then, and counts among those used.
    """

    urn: Urn
    checksum: str
    decision: ProductAccess
    size_bytes: int | None = None
    availability: CopyAvailability | None = None
    seconds: int | None = None
    units: int = 0
    reserved_until: datetime | None = None


@attrs.frozen(kw_only=True)
class Plan:
    """The files in the order of the cart; ``limit`` -1 is no limit. ``fits`` as far as it is known now.

    ``units`` are those that the cart still takes. ``reserved_until``: all that it takes has been set aside until then.
    """

    files: tuple[PlannedFile, ...]
    units: int
    used: int
    limit: int
    reserved_until: datetime | None = None

    @property
    def fits(self) -> bool:
        """Whether all units together can be charged now."""
        return self.limit == UNLIMITED or self.used + self.units <= self.limit


@attrs.frozen
class _Foreseen:
    """What the ledger would do for one file."""

    units: int
    reserved_until: datetime | None = None


@attrs.frozen
class PlanDownloads:
    """Look at everything and change nothing; or, on wish, set the units of the whole cart aside.

    - A file that is not counted, and one whose open download goes on at the offset, takes no unit.
    - Where as many downloads as allowed are in progress, a unit is foreseen in doubt.
    - Without a reservation another download may come first. One is made for all files that the caller may have, or
      for none when they do not fit. Rights and licences are judged anew at each download all the same.
    """

    unit_of_work: UnitOfWorkFactory
    see_products: SeeProducts
    check_products: CheckProducts
    ledger: Ledger
    clock: Clock
    ids: IdSource

    async def execute(
        self, caller: Caller, files: Sequence[WantedFile], *, reserve_for: timedelta | None = None
    ) -> Plan:
        """Each file once. ``reserve_for``: set aside for so long.

        Raises ``InvalidValue``, ``TooMany``, ``DatabaseUnavailable``, and ``Forbidden`` when the anonymous user, whose
        account everybody shares, wants to set something aside.
        """
        require_a_cart(files)
        if reserve_for is not None:
            _require_reservable(caller, reserve_for)
        wanted = list(dict.fromkeys(files))
        seen = await self.see_products.execute(caller, [file.urn for file in wanted])
        decisions = {file: _decision(seen.get(file.urn), file) for file in wanted}
        allowed = [file for file, decision in decisions.items() if isinstance(decision, Allowed)]
        checksums = list(dict.fromkeys(file.checksum for file in allowed))
        answers = await self.check_products.ask(caller.tenant, checksums)
        said = {checksum: answer.availability for checksum, answer in answers.items()}
        now = self.clock.now()
        async with self.unit_of_work() as work:
            known = await work.files.known(caller.tenant, checksums) if checksums else {}
            asleep = [found for checksum, found in known.items() if checksum in said and _sleeps(said[checksum])]
            seconds = await _estimates(work, caller.tenant, asleep, now)
            defaults = (await work.settings.current(caller.tenant)).limits
        key = AccountKey.of_user(caller.tenant, caller.email)
        requests = {
            file: _request(key, file, known[file.checksum], self.ids.new_id())
            for file in allowed
            if file.checksum in known
        }
        until = None if reserve_for is None else await self._reserved(requests.values(), now + reserve_for, now)
        foreseen = await self._foreseen(requests, now)
        account = (await self.ledger.accounts([key])).get(key, Account(key=key))
        planned = [
            PlannedFile(
                urn=file.urn,
                checksum=file.checksum,
                decision=decision,
                size_bytes=known[file.checksum].file.size_bytes if file in foreseen else None,
                availability=said.get(file.checksum) if isinstance(decision, Allowed) else None,
                seconds=seconds.get(file.checksum) if isinstance(decision, Allowed) else None,
                units=foreseen[file].units if file in foreseen else 0,
                reserved_until=foreseen[file].reserved_until if file in foreseen else None,
            )
            for file, decision in decisions.items()
        ]
        return Plan(
            files=tuple(planned),
            units=sum(file.units for file in planned),
            used=account.units_used,
            limit=account.effective_limits(defaults).max_quota,
            reserved_until=until,
        )

    async def _reserved(self, requests: Iterable[TransferRequest], until: datetime, now: datetime) -> datetime | None:
        counted = [request for request in requests if request.costs_unit]
        if not counted:
            return until
        decision = await self.ledger.reserve(counted, until, now)
        return until if isinstance(decision, Reserved) else None

    async def _foreseen(
        self, requests: Mapping[WantedFile, TransferRequest], now: datetime
    ) -> dict[WantedFile, _Foreseen]:
        foreseen: dict[WantedFile, _Foreseen] = {}
        files = list(requests)
        for first in range(0, len(files), AT_ONCE):
            some = files[first : first + AT_ONCE]
            told = await asyncio.gather(*(self._one(requests[file], now) for file in some))
            foreseen |= dict(zip(some, told, strict=True))
        return foreseen

    async def _one(self, request: TransferRequest, now: datetime) -> _Foreseen:
        if not request.costs_unit:
            return _Foreseen(0)
        match await self.ledger.foresee(request, now):
            case Granted() as granted:
                return _Foreseen(int(granted.opened), granted.download.reserved_until)
            case ConnectionsExceeded():
                return _Foreseen(0)
            case _:
                return _Foreseen(1)


def _require_reservable(caller: Caller, reserve_for: timedelta) -> None:
    if caller.email == ANONYMOUS_EMAIL:
        raise Forbidden("Log in to set a cart aside: the anonymous user's account is everybody's.")
    if not timedelta(0) < reserve_for <= LONGEST_RESERVATION:
        most = int(LONGEST_RESERVATION.total_seconds())
        raise InvalidValue(f"A cart is set aside for 1 to {most} seconds.")


def _decision(seen: SeenProduct | None, file: WantedFile) -> ProductAccess:
    return NotVisible() if seen is None else seen.decide(file.checksum)


def _sleeps(said: CopyAvailability) -> bool:
    return said.state in {Availability.UNAVAILABLE, Availability.RESTORING}


def _request(key: AccountKey, file: WantedFile, found: FoundFile, download_id: str) -> TransferRequest:
    size = found.file.size_bytes
    if file.offset > size:
        raise InvalidValue(f"offset of {file.checksum!r} is beyond the {size} bytes of the file.")
    return TransferRequest(
        account=key,
        checksum=file.checksum,
        size_bytes=size,
        is_counted=found.file.is_counted,
        start=file.offset,
        length=size - file.offset,
        transfer_id=_PLAN,
        download_id=download_id,
        instance_id=_PLAN,
    )


async def _estimates(work: UnitOfWork, tenant: str, asleep: Sequence[FoundFile], now: datetime) -> Mapping[str, int]:
    """How long until each can be read, as if those that nobody has asked for were asked for now."""
    running = await work.restorations.of_files(tenant, [found.file.checksum for found in asleep]) if asleep else {}
    seconds = {}
    for found in asleep:
        row = running.get(found.file.checksum)
        if row is None or not row.is_under_way:
            candidates = restorable([attrs.evolve(copy, readable_until=None) for copy in found.copies], now)
            if not candidates:
                continue
            row = Restoration(
                tenant=tenant,
                checksum=found.file.checksum,
                storage=candidates[0].location.storage,
                size_bytes=found.file.size_bytes,
                available_hours=DEFAULT_HOURS,
                requested_at=now,
                next_attempt_at=now,
            )
        durations = await work.restorations.durations(tenant, row.storage, MOST_REMEMBERED)
        queue = await work.restorations.queue(tenant, row.storage, row.requested_at)
        seconds[row.checksum] = math.ceil(remaining(row, durations, queue, now).total_seconds())
    return seconds
