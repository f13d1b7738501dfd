"""A whole run: what is wanted is listed, everything is fetched, and the report says what came and what did not."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from enum import IntEnum
from pathlib import Path

import attrs
import httpx

from adapters.system.clock import SystemClock
from application.ports.clock import Clock
from entrypoints.client.download import Download
from entrypoints.client.fetch import Policy
from entrypoints.client.folder import Folder
from entrypoints.client.licences import Licences
from entrypoints.client.listing import Listing, Wanted
from entrypoints.client.nearline import Nearline
from entrypoints.client.outcome import Outcome
from entrypoints.client.progress import Display, display
from entrypoints.client.service import TIMEOUT, Credentials, Patience, Service
from entrypoints.client.surroundings import Surroundings


class ExitCode(IntEnum):
    """How the command ends. Wrong usage is 2, as everywhere."""

    ALL = 0
    SOME_FAILED = 1
    NOTHING_ALLOWED = 3


@attrs.frozen(kw_only=True)
class GetRequest:
    """What is asked for, from where, as whom, and where it goes."""

    service: str
    tenant: str | None
    credentials: Credentials
    arguments: tuple[str, ...]
    query: str | None
    types: frozenset[str]
    folder: Path
    replaces: bool
    parallel: int
    policy: Policy
    is_quiet: bool = False


@attrs.frozen
class Report:
    """What became of each file, in the order of the list; ``withheld`` are products with files that nobody gave us."""

    files: tuple[Outcome, ...]
    withheld: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Those that did not come."""
        return tuple(outcome for outcome in self.files if outcome.failure is not None)

    @property
    def exit_code(self) -> ExitCode:
        """Nothing allowed is told apart: trying again as the same person cannot help."""
        if not self.failed:
            return ExitCode.ALL
        is_nothing_allowed = all(outcome.failure is not None and outcome.failure.is_refusal for outcome in self.files)
        return ExitCode.NOTHING_ALLOWED if is_nothing_allowed else ExitCode.SOME_FAILED


@attrs.frozen
class Run:
    """``pause`` and ``jitter`` are arguments so that tests need not wait."""

    request: GetRequest
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    transport: httpx.AsyncBaseTransport | None = None
    clock: Clock = attrs.field(factory=SystemClock)

    async def execute(self) -> Report:
        """Fetch everything. Raises what the listing raises, ``ServiceRefused`` for a refused log-in, ``NameTaken``."""
        wants = self.request
        folder = Folder(wants.folder, replaces=wants.replaces)
        limits = httpx.Limits(max_connections=wants.parallel + 4)
        client = httpx.AsyncClient(
            transport=self.transport, timeout=TIMEOUT, limits=limits, follow_redirects=True, trust_env=True
        )
        with folder.alone():
            async with client:
                patience = Patience(policy=wants.policy, pause=self.pause, jitter=self.jitter, now=self.clock.now)
                service = Service(wants.service, wants.tenant, wants.credentials, client, patience)
                # A service may answer as to the public, and say no, long before it asks who is there.
                await service.log_in()
                listing = Listing(service, wants.types)
                wanted = await listing.files(wants.arguments, wants.query)
                with display(len(wanted), is_quiet=wants.is_quiet) as shown:
                    report = await self._fetch(service, folder, wanted, shown)
                return attrs.evolve(report, withheld=tuple(sorted(listing.withheld)))

    async def _fetch(self, service: Service, folder: Folder, wanted: Sequence[Wanted], shown: Display) -> Report:
        around = Surroundings(
            service=service,
            nearline=Nearline(service, self.request.policy.seconds, self.pause),
            licences=Licences(service),
            folder=folder,
            policy=attrs.evolve(self.request.policy, can_log_in=service.credentials.can_log_in),
            listener=shown,
            slots=asyncio.Semaphore(self.request.parallel),
            pause=self.pause,
            jitter=self.jitter,
            now=self.clock.now,
        )
        downloads = [Download(one, around) for one in wanted]
        for download in downloads:
            download.claim()

        async def one(download: Download) -> Outcome:
            outcome = await download.execute()
            shown.ended(download.wanted, outcome)
            return outcome

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(download)) for download in downloads]
        return Report(tuple(task.result() for task in tasks))
