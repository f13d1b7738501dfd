"""The instances that deliver in place of this one: whose turn it is, and who failed lately."""

import asyncio

import attrs

from application.ports.clock import Clock
from application.ports.downloaders import Downloader
from application.ports.health import HealthCheck
from domain.rota import in_turn


@attrs.define(eq=False)
class Rota:
    """Gives the instances out in turn; ``running`` counts the bodies that are being relayed now."""

    instances: tuple[str, ...]
    _clock: Clock
    running: int = 0
    failures: int = 0
    _turn: int = 0
    _failed_at: dict[str, float] = attrs.field(factory=dict)

    def next(self) -> tuple[str, ...]:
        """In which order the instances are asked this time; some may come twice."""
        self._turn += 1
        return in_turn(self.instances, self._turn - 1, self._failed_at, self._clock.monotonic())

    def failed(self, instance: str) -> None:
        """It did not answer as it should: for a while it is asked last."""
        self.failures += 1
        self._failed_at[instance] = self._clock.monotonic()

    def answered(self, instance: str) -> None:
        """It answers again."""
        self._failed_at.pop(instance, None)


@attrs.frozen
class DownloadersCheck(HealthCheck):
    """Whether the instances that deliver are there. Not vital: searches and rights are here."""

    downloader: Downloader
    rota: Rota
    limit_seconds: float = 1.5
    """Less than the whole page may take, so that one that hangs is counted with the others."""

    @property
    def name(self) -> str:
        """They are not told apart: their addresses are nobody's affair."""
        return "downloaders"

    @property
    def is_vital(self) -> bool:
        """They are only reported."""
        return False

    async def problem(self) -> str | None:
        """How many do not answer."""
        answers = await asyncio.gather(*map(self._is_there, self.rota.instances))
        absent = answers.count(False)
        return f"{absent} of {len(answers)} downloaders do not answer." if absent else None

    async def _is_there(self, instance: str) -> bool:
        try:
            async with asyncio.timeout(self.limit_seconds):
                return await self.downloader.is_there(instance)
        except TimeoutError:
            return False
