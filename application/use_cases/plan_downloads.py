"""Say beforehand what a cart of files would meet: rights, sleep, and quota."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.check_products import CheckProducts
from application.use_cases.choose_files import WantedFile, require_a_cart
from application.use_cases.see_products import SeenProduct, SeeProducts
from domain.access import Caller
from domain.account import Account, AccountKey
from domain.availability import Availability, CopyAvailability
from domain.download import TransferRequest
from domain.errors import InvalidValue
from domain.limits import UNLIMITED
from domain.product_access import Allowed, NotVisible, ProductAccess
from domain.quota import ConnectionsExceeded, Granted
from domain.restoration import DEFAULT_HOURS, Restoration
from domain.restoration_estimate import MOST_REMEMBERED, remaining
from domain.selection import restorable
from domain.urn import Urn

AT_ONCE = 100
"""Questions to the ledger that wait together."""

_PLAN = "plan"
"""In place of ids: nothing of what is foreseen is ever recorded."""


@attrs.frozen(kw_only=True)
class PlannedFile:
    """One file: whether the caller may have it, whether it can be read now, and the unit that it would take.

    ``availability`` is ``None`` for a file that is not here; ``seconds`` is how long a restoration may take.
    """

    urn: Urn
    checksum: str
    decision: ProductAccess
    size_bytes: int | None = None
    availability: CopyAvailability | None = None
    seconds: int | None = None
    units: int = 0


@attrs.frozen(kw_only=True)
class Plan:
    """The files in the order of the cart; ``limit`` -1 is no limit. ``fits`` as far as it is known now."""

    files: tuple[PlannedFile, ...]
    units: int
    used: int
    limit: int

    @property
    def fits(self) -> bool:
        """Whether all units together can be charged now."""
        return self.limit == UNLIMITED or self.used + self.units <= self.limit


@attrs.frozen
class PlanDownloads:
    """Look at everything and change nothing: no unit is reserved, so another download may come first.

    - A file that is not counted, and one whose open download goes on at the offset, takes no unit.
    - Where as many downloads as allowed are in progress, a unit is foreseen in doubt.
    """

    unit_of_work: UnitOfWorkFactory
    see_products: SeeProducts
    check_products: CheckProducts
    ledger: Ledger
    clock: Clock

    async def execute(self, caller: Caller, files: Sequence[WantedFile]) -> Plan:
        """Each file once. Raises ``InvalidValue``, ``TooMany``, ``DatabaseUnavailable``."""
        require_a_cart(files)
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
        units = await self._units(key, allowed, known, now)
        account = (await self.ledger.accounts([key])).get(key, Account(key=key))
        planned = [
            PlannedFile(
                urn=file.urn,
                checksum=file.checksum,
                decision=decision,
                size_bytes=known[file.checksum].file.size_bytes if file in units else None,
                availability=said.get(file.checksum) if isinstance(decision, Allowed) else None,
                seconds=seconds.get(file.checksum) if isinstance(decision, Allowed) else None,
                units=units.get(file, 0),
            )
            for file, decision in decisions.items()
        ]
        return Plan(
            files=tuple(planned),
            units=sum(file.units for file in planned),
            used=account.units_used,
            limit=account.effective_limits(defaults).max_quota,
        )

    async def _units(
        self, key: AccountKey, files: Sequence[WantedFile], known: Mapping[str, FoundFile], now: datetime
    ) -> dict[WantedFile, int]:
        here = [file for file in files if file.checksum in known]
        requests = [_request(key, file, known[file.checksum]) for file in here]
        units: dict[WantedFile, int] = {}
        for first in range(0, len(here), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            told = await asyncio.gather(*(self._unit(request, now) for request in requests[some]))
            units |= dict(zip(here[some], told, strict=True))
        return units

    async def _unit(self, request: TransferRequest, now: datetime) -> int:
        if not request.costs_unit:
            return 0
        match await self.ledger.foresee(request, now):
            case Granted() as granted:
                return int(granted.opened)
            case ConnectionsExceeded():
                return 0
            case _:
                return 1


def _decision(seen: SeenProduct | None, file: WantedFile) -> ProductAccess:
    return NotVisible() if seen is None else seen.decide(file.checksum)


def _sleeps(said: CopyAvailability) -> bool:
    return said.state in {Availability.UNAVAILABLE, Availability.RESTORING}


def _request(key: AccountKey, file: WantedFile, found: FoundFile) -> TransferRequest:
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
        download_id=_PLAN,
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
