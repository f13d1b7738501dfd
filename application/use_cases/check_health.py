"""Whether this instance can do its work now."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

import attrs

from application.errors import PortError
from application.ports.clock import Clock
from application.ports.health import HealthCheck

FRESH_FOR_SECONDS = 1.0
"""Everybody may ask, so that the answer is kept for this long: asking often costs nothing."""


class Readiness(StrEnum):
    """What a balancer needs to know. A DEGRADED instance works, but somebody should look at it."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DRAINING = "DRAINING"
    DOWN = "DOWN"


@attrs.frozen(kw_only=True)
class CheckResult:
    """One thing that was looked at; ``problem`` is ``None`` when all is well."""

    name: str
    problem: str | None
    seconds: float


@attrs.frozen(kw_only=True)
class HealthReport:
    """Everything that was looked at."""

    readiness: Readiness
    checks: tuple[CheckResult, ...]

    @property
    def is_ready(self) -> bool:
        """Whether this instance should be sent work."""
        return self.readiness in {Readiness.UP, Readiness.DEGRADED}


@attrs.define(eq=False)
class CheckHealth:
    """Look at everything that this instance needs, all at once, each for ``limit_seconds`` at most.

    - Without a vital thing it is DOWN; without another it is DEGRADED, and still ready.
    - Once it drains it is no longer ready, however healthy.
    """

    _checks: Sequence[HealthCheck]
    _clock: Clock
    _limit_seconds: float = 2.0
    is_draining: bool = False
    _results: tuple[CheckResult, ...] = ()
    _looked_at: float | None = None
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def execute(self) -> HealthReport:
        """Never raises; the results are at most ``FRESH_FOR_SECONDS`` old."""
        async with self._turn:
            if self._looked_at is None or self._clock.monotonic() - self._looked_at >= FRESH_FOR_SECONDS:
                self._results = tuple(await asyncio.gather(*(self._look_at(check) for check in self._checks)))
                self._looked_at = self._clock.monotonic()
        return HealthReport(readiness=self._readiness(), checks=self._results)

    def _readiness(self) -> Readiness:
        if self.is_draining:
            return Readiness.DRAINING
        failed = {result.name for result in self._results if result.problem is not None}
        if any(check.is_vital for check in self._checks if check.name in failed):
            return Readiness.DOWN
        return Readiness.DEGRADED if failed else Readiness.UP

    async def _look_at(self, check: HealthCheck) -> CheckResult:
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._limit_seconds):
                problem = await check.problem()
        except TimeoutError:
            problem = f"No answer within {self._limit_seconds:g} seconds."
        except PortError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - a check that fails in a new way has found something too.
            problem = f"The check failed with {type(error).__name__}."
        return CheckResult(name=check.name, problem=problem, seconds=self._clock.monotonic() - started)
