"""Take note of files that are to be made available."""

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.events import FileAvailabilityKnown
from domain.restoration import RestorationRequest
from domain.selection import Readiness, readiness


@attrs.frozen(kw_only=True)
class RequestRestorationRequest:
    """Which files of a tenant a group wants for how many hours."""

    tenant: str
    group_id: str
    checksums: tuple[str, ...]
    available_hours: int


@attrs.frozen
class RequestRestoration:
    """Record what is asked for, once per group and file.

    - A file that can be read at once, or that nobody knows, is answered at once.
    - Everything else waits to be restored.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, request: RequestRestorationRequest) -> int:
        """How many requests are new. Raises ``InvalidValue`` for no sensible time, ``DatabaseUnavailable``."""
        now = self.clock.now()
        wanted = {
            checksum: RestorationRequest(
                tenant=request.tenant,
                group_id=request.group_id,
                checksum=checksum,
                available_hours=request.available_hours,
                requested_at=now,
            )
            for checksum in request.checksums
        }
        async with self.unit_of_work() as work:
            known = await work.files.known(request.tenant, sorted(wanted))
            waiting = []
            for checksum, restoration in wanted.items():
                found = known.get(checksum)
                is_readable = found is not None and any(readiness(copy) is Readiness.READABLE for copy in found.copies)
                if found is None or is_readable:
                    await work.outbox.add(
                        FileAvailabilityKnown(
                            tenant=request.tenant, checksum=checksum, is_available=is_readable, occurred_at=now
                        )
                    )
                else:
                    waiting.append(restoration)
            new = await work.restorations.add(waiting)
            await work.commit()
        return new
