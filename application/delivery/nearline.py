"""Which nearline copies can be read now: asked of their storages, once in a while (DESIGN section 5, step 3)."""

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

import attrs
from cachetools import LRUCache

from application.delivery.questions import ERROR_SECONDS, Answer, Questions
from application.ports.clock import Clock
from application.ports.storage import StorageRegistry
from domain.availability import Answers, Availability, CopyAvailability, of_file, to_ask
from domain.errors import CopiesUnreachable
from domain.selection import Copy

ANSWER_SECONDS = 10.0
"""How long an answer of a storage is believed: who asks again and again must not flood a tape library."""
ASKED_SECONDS = 10.0
"""How long a storage may take to say whether copies are readable."""
REMEMBERED = 100_000

_NOT_IN_TIME = CopyAvailability(state=Availability.ERROR, message="The storage did not answer in time.")

_Key = tuple[str, str, str]


@attrs.frozen
class _Remembered:
    asked_at: float
    availability: CopyAvailability


class NearlineAnswers(Protocol):
    """Whoever can say which nearline copies are readable now."""

    @abstractmethod
    async def answers(self, copies: Sequence[Copy]) -> Answers:
        """What can be said of these copies; each of them has an answer."""


@attrs.define(eq=False)
class Nearline(NearlineAnswers):
    """Asks nearline storages about copies; GET, HEAD and questions of availability share what they said.

    - An answer is believed for ``answer_seconds``; ERROR, which is none, for ``ERROR_SECONDS`` at most.
    - Copies that are asked about together are one question to each storage (``Questions``).
    - Nobody waits longer than ``asked_seconds``; a storage that takes longer spoils only its own copies.
    """

    _registry: StorageRegistry
    _clock: Clock
    _asked_seconds: float = ASKED_SECONDS
    _answer_seconds: float = ANSWER_SECONDS
    _remembered: LRUCache[_Key, _Remembered] = attrs.field(factory=lambda: LRUCache(maxsize=REMEMBERED))
    _questions: Questions = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._questions = Questions(self._registry, self._clock, self._asked_seconds)

    async def readable_now(self, copies: Sequence[Copy]) -> tuple[Copy, ...]:
        """Those nearline copies that their storages say can be opened, in order of choice.

        Raises ``CopiesUnreachable`` when there is none and of one nothing can be said now: no answer is not a no.
        """
        asked = to_ask(copies, self._clock.now())
        answers = await self.answers(asked)
        now = self._clock.now()
        readable = tuple(copy for copy in asked if (answer := answers(copy)) is not None and answer.is_readable(now))
        if not readable and of_file(copies, answers, now).state is Availability.ERROR:
            raise CopiesUnreachable("It cannot be said now whether this file is readable. Try again later.")
        return readable

    async def answers(self, copies: Sequence[Copy]) -> Answers:
        """What the storages say of these copies, remembered or asked now; each of them has an answer."""
        now = self._clock.monotonic()
        known: dict[_Key, CopyAvailability] = {}
        waiting: dict[_Key, Answer] = {}
        for copy in copies:
            key = _key(copy)
            remembered = self._remembered.get(key)
            if remembered is not None and now - remembered.asked_at < self._lifetime(remembered.availability):
                known[key] = remembered.availability
            elif key not in waiting:
                waiting[key] = self._questions.ask(copy)
        if waiting:
            # Others may wait for the same answers, so nothing is cancelled when time is up, or when we are.
            await asyncio.wait(waiting.values(), timeout=self._asked_seconds)
        asked_at = self._clock.monotonic()
        for key, answer in waiting.items():
            known[key] = answer.result() if answer.done() else _NOT_IN_TIME
            self._remembered[key] = _Remembered(asked_at, known[key])
        return lambda copy: known.get(_key(copy))

    def forget(self, copy: Copy) -> None:
        """What was said of this copy has turned out to be wrong: ask anew."""
        self._remembered.pop(_key(copy), None)

    def _lifetime(self, availability: CopyAvailability) -> float:
        if availability.state is Availability.ERROR:
            return min(ERROR_SECONDS, self._answer_seconds)
        return self._answer_seconds


def _key(copy: Copy) -> _Key:
    return copy.location.tenant, copy.location.storage, copy.location.url
