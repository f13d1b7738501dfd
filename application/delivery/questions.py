"""Questions to nearline storages: those that come together are asked together, and few at a time."""

import asyncio
from collections.abc import Mapping
from itertools import islice

import attrs

from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.storage import NearlineStorage, StorageRegistry
from domain.availability import Availability, CopyAvailability
from domain.selection import Copy
from domain.storage_location import StorageLocation

MOST_TOGETHER = 100
"""Copies in one question."""
AT_ONE_STORAGE = 4
"""Questions that one storage is asked at the same time; what comes meanwhile is in the next one."""
AT_ONCE = 64
"""Questions to all storages at the same time: many more than the few that hang can hold."""
ERROR_SECONDS = 2.0
"""How long a storage that could not be asked is left alone."""

Answer = asyncio.Future[CopyAvailability]
"""An answer to come. It always comes, and ERROR is one."""

_NOT_ASKED = CopyAvailability(state=Availability.ERROR, message="The storage was not asked.")
_NOT_MENTIONED = CopyAvailability(state=Availability.ERROR, message="The storage said nothing of this copy.")
_CANNOT_RESTORE = CopyAvailability(state=Availability.UNAVAILABLE, message="Its storage's plugin cannot restore.")


@attrs.define(eq=False)
class _Desk:
    """What one storage is going to be asked, by URL, and what it is being asked."""

    storage: StorageLocation
    next: dict[str, Answer] = attrs.field(factory=dict)
    asked: dict[str, Answer] = attrs.field(factory=dict)
    askers: set[asyncio.Task[None]] = attrs.field(factory=set)
    left_alone_until: float | None = None
    failure: CopyAvailability = _NOT_ASKED

    def take_next(self) -> dict[str, Answer]:
        """The next question: the oldest of what waits."""
        question = {url: self.next.pop(url) for url in list(islice(self.next, MOST_TOGETHER))}
        self.asked.update(question)
        return question


@attrs.define(eq=False)
class Questions:
    """All questions of this process.

    - Copies that are asked about in the same turn of the event loop are one question to their storage.
    - Who asks what is being asked already gets the same answer.
    - A storage that fails, or takes longer than ``seconds``, answers ERROR to all that wait for it, and then for
      ``ERROR_SECONDS`` to all who ask, without being asked.
    """

    _registry: StorageRegistry
    _clock: Clock
    _seconds: float
    _desks: dict[tuple[str, str], _Desk] = attrs.field(factory=dict)
    _turns: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(AT_ONCE))

    def ask(self, copy: Copy) -> Answer:
        """What its storage says of this copy."""
        assert copy.storage is not None, "only copies on configured storages are asked about"
        desk = self._desks.setdefault((copy.location.tenant, copy.storage.name), _Desk(copy.storage))
        desk.storage = copy.storage
        url = copy.location.url
        known = desk.asked.get(url) or desk.next.get(url)
        if known is not None:
            return known
        answer: Answer = asyncio.get_running_loop().create_future()
        if desk.left_alone_until is not None and self._clock.monotonic() < desk.left_alone_until:
            answer.set_result(desk.failure)
            return answer
        desk.next[url] = answer
        if len(desk.askers) < AT_ONE_STORAGE:
            asker = asyncio.create_task(self._ask_for_all(desk))
            desk.askers.add(asker)
            asker.add_done_callback(desk.askers.discard)
        return answer

    async def _ask_for_all(self, desk: _Desk) -> None:
        while desk.next:
            question = desk.take_next()
            try:
                said = await self._said(desk.storage, question)
            except StorageUnavailable as error:
                desk.failure = CopyAvailability(state=Availability.ERROR, message=str(error))
                desk.left_alone_until = self._clock.monotonic() + ERROR_SECONDS
                question |= desk.next
                desk.next.clear()
                said = dict.fromkeys(question, desk.failure)
            finally:
                for url in question:
                    desk.asked.pop(url, None)
            for url, answer in question.items():
                answer.set_result(said.get(url) or _NOT_MENTIONED)

    async def _said(self, storage: StorageLocation, question: Mapping[str, Answer]) -> Mapping[str, CopyAvailability]:
        """Raises ``StorageUnavailable``, whatever happened."""
        try:
            async with asyncio.timeout(self._seconds), self._turns:
                plugin = self._registry.storage(storage)
                if not isinstance(plugin, NearlineStorage):
                    return dict.fromkeys(question, _CANNOT_RESTORE)
                return await plugin.availability(list(question))
        except TimeoutError as error:
            raise StorageUnavailable("The storage did not answer in time.") from error
        except StorageUnavailable:
            raise
        except Exception as error:  # plugins are foreign code: whatever one raises must spoil only its own files
            raise StorageUnavailable(f"The storage's plugin failed ({type(error).__name__}).") from error
