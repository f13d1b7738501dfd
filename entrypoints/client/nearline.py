"""Having nearline files restored, many with one request, and waiting until each of them is readable."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs
import httpx

from entrypoints.client.listing import Wanted
from entrypoints.client.service import Service, ServiceRefused

MOST_AT_ONCE = 100
FIRST_LOOK_SECONDS = 0.5
LONGEST_LOOK_SECONDS = 30.0


class NotRestored(Exception):
    """The file does not become readable, and why."""


@attrs.define(eq=False)
class _Waiting:
    wanted: Wanted
    checksum: str
    readable: asyncio.Future[None]
    is_asked: bool = False
    waited: float = 0.0
    trouble: str = ""


@attrs.define(eq=False)
class Nearline:
    """Asks and looks for all downloads of a run, in one task that lives as long as somebody waits."""

    service: Service
    seconds: float
    pause: Callable[[float], Awaitable[None]]
    _waiting: list[_Waiting] = attrs.field(factory=list)
    _task: asyncio.Task[None] | None = None
    _look: float = FIRST_LOOK_SECONDS

    async def until_readable(self, wanted: Wanted) -> None:
        """Have the file restored and wait for it. Raises ``NotRestored``."""
        if wanted.checksum is None:
            raise NotRestored("it is nearline, and the address does not tell its checksum")
        waiting = _Waiting(wanted, wanted.checksum, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._look = FIRST_LOOK_SECONDS
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        await waiting.readable

    async def _run(self) -> None:
        try:
            while self._waiting:
                # Others come meanwhile: what lies on one tape is best asked for together.
                seconds = self._look
                self._look = min(LONGEST_LOOK_SECONDS, seconds * 1.5)
                await self.pause(seconds)
                for waiting in self._waiting:
                    waiting.waited += seconds
                await self._ask([waiting for waiting in self._waiting if not waiting.is_asked])
                await self._see(list(self._waiting))
                for waiting in self._waiting:
                    if waiting.waited > self.seconds:
                        _refuse(waiting, f"not readable after {waiting.waited:.0f} s {waiting.trouble}".strip())
                self._waiting = [waiting for waiting in self._waiting if not waiting.readable.done()]
        finally:
            for waiting in self._waiting:
                waiting.readable.cancel()

    async def _ask(self, new: Sequence[_Waiting]) -> None:
        products = [waiting for waiting in new if waiting.wanted.urn is not None]
        for start in range(0, len(products), MOST_AT_ONCE):
            await self._ask_products(products[start : start + MOST_AT_ONCE])
        plain = [waiting for waiting in new if waiting.wanted.urn is None]
        for start in range(0, len(plain), MOST_AT_ONCE):
            await self._ask_files(plain[start : start + MOST_AT_ONCE])

    async def _ask_products(self, batch: Sequence[_Waiting]) -> None:
        urns = sorted({waiting.wanted.urn for waiting in batch if waiting.wanted.urn is not None})
        try:
            await self.service.json("POST", "/restore", {"product_ids": urns})
        except ServiceRefused as error:
            if error.status in {403, 404, 405}:
                await self._ask_files(batch)
            elif len(urns) > 1:
                for waiting in batch:
                    await self._ask_products([waiting])
            else:
                _refused(batch, error)
        except httpx.HTTPError as error:
            _troubled(batch, error)
        else:
            _asked(batch)

    async def _ask_files(self, batch: Sequence[_Waiting]) -> None:
        checksums = sorted({waiting.checksum for waiting in batch})
        try:
            await self.service.json("POST", "/restorations", {"checksums": checksums})
        except ServiceRefused as error:
            if len(checksums) > 1 and error.status < 500:
                for waiting in batch:
                    await self._ask_files([waiting])
            else:
                _refused(batch, error)
        except httpx.HTTPError as error:
            _troubled(batch, error)
        else:
            _asked(batch)

    async def _see(self, all_: Sequence[_Waiting]) -> None:
        asked = [waiting for waiting in all_ if waiting.is_asked and not waiting.readable.done()]
        for start in range(0, len(asked), MOST_AT_ONCE):
            batch = asked[start : start + MOST_AT_ONCE]
            try:
                readable = await self._readable(batch)
            except (ServiceRefused, httpx.HTTPError) as error:
                _troubled(batch, error)
                continue
            for waiting in batch:
                if waiting.checksum in readable:
                    waiting.readable.set_result(None)

    async def _readable(self, batch: Sequence[_Waiting]) -> set[str]:
        """Which of the files can be read now; a service that tells only about products is asked about those."""
        checksums = sorted({waiting.checksum for waiting in batch})
        try:
            answer = await self.service.json("POST", "/files/availability/status", {"checksums": checksums})
            found = _objects(answer.get("items"))
        except ServiceRefused as error:
            urns = sorted({waiting.wanted.urn for waiting in batch if waiting.wanted.urn is not None})
            if error.status not in {403, 404, 405} or not urns:
                raise
            answer = await self.service.json("POST", "/availability/files", {"product_ids": urns})
            found = [file for product in _objects(answer.get("products")) for file in _objects(product.get("files"))]
        return {str(file.get("checksum")) for file in _objects(found) if file.get("available") is True}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _asked(batch: Sequence[_Waiting]) -> None:
    for waiting in batch:
        waiting.is_asked = True


def _refused(batch: Sequence[_Waiting], error: ServiceRefused) -> None:
    """A service in trouble is asked again; what it refuses stays refused."""
    if error.status in {429, 503} or error.status >= 500:
        _troubled(batch, error)
        return
    for waiting in batch:
        _refuse(waiting, f"its restoration is refused: {error}")


def _troubled(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        waiting.trouble = f"({error})"


def _refuse(waiting: _Waiting, reason: str) -> None:
    if not waiting.readable.done():
        waiting.readable.set_exception(NotRestored(reason))
