"""Choose the copies of a file that can be read now, or say why there is none (DESIGN section 5, step 3)."""

import attrs

from application.delivery.nearline import Nearline
from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.use_cases.estimate_restoration import EstimateRestoration
from domain.errors import DomainError, RestorationNeeded, RestorationRunning
from domain.selection import Copy, in_order_of_choice, why_none_is_readable


@attrs.frozen
class ChooseCopies:
    """Copies that are recorded as readable, else those of which their nearline storages say so now."""

    nearline: Nearline
    clock: Clock
    estimate_restoration: EstimateRestoration | None = None

    async def execute(self, found: FoundFile) -> tuple[Copy, ...]:
        """In the order in which to try them.

        Raises ``FileNotReadable``, ``RestorationNeeded``, ``RestorationRunning``, ``CopiesUnreachable``.
        """
        now = self.clock.now()
        if chosen := in_order_of_choice(found.copies, now):
            return chosen
        if chosen := await self.nearline.readable_now(found.copies):
            return chosen
        raise await self._asleep(found, why_none_is_readable(found.copies, now))

    async def why_asleep(self, found: FoundFile, said: RestorationNeeded) -> DomainError:
        """The refusal for a file of which every copy turned out to sleep, or to be lost from the cache.

        It is what was said, unless no other copy is left or the one that could be restored is down.
        """
        others = [attrs.evolve(copy, readable_until=None) for copy in found.copies if not copy.is_cached]
        refusal = why_none_is_readable(others, self.clock.now())
        return await self._asleep(found, said if isinstance(refusal, RestorationNeeded) else refusal)

    async def _asleep(self, found: FoundFile, refusal: DomainError) -> DomainError:
        """The refusal, or, while the file is being restored, how long that will take."""
        if not isinstance(refusal, RestorationNeeded) or self.estimate_restoration is None:
            return refusal
        seconds = await self.estimate_restoration.execute(found.file.tenant, found.file.checksum)
        return refusal if seconds is None else RestorationRunning(seconds)
