"""One file from the first request to its name in the folder: does what the fetch decides."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import attrs
import httpx

from entrypoints.client import fetch as steps
from entrypoints.client.fetch import Action, Failure, Fetch, Policy, Stop
from entrypoints.client.folder import Digest, Folder, NameTaken, Part, Sidecar, agrees, digest_of, safe_name
from entrypoints.client.heads import answer_of, digest_in, json_object, name_of
from entrypoints.client.licences import Licences
from entrypoints.client.listing import Wanted
from entrypoints.client.nearline import Nearline, NotRestored
from entrypoints.client.service import LARGEST_REFUSAL_BYTES, Service, ServiceRefused


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of a file. ``verified_by`` is the algorithm of the checksum that was compared, if there was one."""

    file: str
    path: str | None = None
    bytes: int = 0
    verified_by: str | None = None
    was_there: bool = False
    failure: Failure | None = None
    reason: str | None = None


class Listener(Protocol):
    """Hears how a download goes on."""

    def advanced(self, wanted: Wanted, received: int, size: int | None) -> None:
        """So many bytes are there."""

    def waits(self, wanted: Wanted, why: str) -> None:
        """Nothing comes at the moment."""


@attrs.frozen(kw_only=True)
class Surroundings:
    """What all downloads of a run share. ``slots`` are the transfers that run at the same time."""

    service: Service
    nearline: Nearline
    licences: Licences
    folder: Folder
    policy: Policy
    listener: Listener
    slots: asyncio.Semaphore
    pause: Callable[[float], Awaitable[None]]
    jitter: Callable[[], float]
    now: Callable[[], datetime]


class _There(Exception):
    """The file is in the folder already."""


@attrs.define(eq=False)
class Download:
    """One file. ``claim`` in the order of the list, so that names do not depend on which file is faster."""

    wanted: Wanted
    around: Surroundings
    _fetch: Fetch = attrs.field(factory=Fetch)
    _digest: Digest | None = None
    _target: Path | None = None

    def claim(self) -> None:
        """Take the name that the catalogue gives it."""
        self._digest = self.wanted.digest
        if self.wanted.name is not None:
            self._claim(self.wanted.name)

    async def execute(self) -> Outcome:
        """Fetch it. Nothing but an interruption is raised."""
        part = self.around.folder.part(repr(self.wanted.key))
        try:
            action = await self._begun(part)
            while not isinstance(action, steps.Keep | Stop):
                action = await self._done(action, part)
            if isinstance(action, Stop):
                return self._failed(action.failure, action.reason)
            return await self._kept(part)
        except _There:
            part.discard()
            return self._outcome(was_there=True)
        except NameTaken as error:
            return self._failed(Failure.EXISTS, str(error))
        except OSError as error:
            return self._failed(Failure.DISK, error.strerror or str(error))

    async def _begun(self, part: Part) -> Action:
        await self._look_for_it()
        found = part.read()
        if found is not None:
            length, sidecar = found
            kept = Fetch.of_part(received=length, e_tag=sidecar.e_tag, size=sidecar.size)
            # Without its checksum nobody could tell whether it is right: then it is asked for again.
            self._fetch = Fetch() if kept.is_complete and self._digest is None else kept
        return steps.first_step(self._fetch)

    async def _done(self, action: Action, part: Part) -> Action:
        match action:
            case steps.Ask():
                async with self.around.slots:
                    action = await self._asked(part)
                    if isinstance(action, steps.Pause) and action.is_for_all:
                        # The slot is kept: another request in its place would be one too many as well.
                        await self._pause(action)
                        return steps.Ask()
                return action
            case steps.Check():
                async with self.around.slots:
                    return await self._checked(part)
            case steps.Pause():
                await self._pause(action)
            case steps.Restore():
                self.around.listener.waits(self.wanted, "nearline; waiting for its restoration")
                try:
                    await self.around.nearline.until_readable(self.wanted)
                except NotRestored as error:
                    return Stop(Failure.NEARLINE, str(error))
        return steps.Ask()

    async def _pause(self, pause: steps.Pause) -> None:
        self.around.listener.waits(self.wanted, f"{pause.why}; again in {pause.seconds:.0f} s")
        await self.around.pause(pause.seconds)

    async def _asked(self, part: Part) -> Action:
        start = self._fetch.resumes_from
        headers = {"range": f"bytes={start}-", "if-range": self._fetch.e_tag or ""} if start else {}
        logins = self.around.service.logins
        try:
            async with self.around.service.get(self.wanted.url, headers) as response:
                is_body = response.status_code in {200, 206}
                said = b"" if is_body else await _beginning(response)
                answer = answer_of(response, said, now=self.around.now())
                self._fetch, action = steps.answered(
                    self._fetch, answer, self.around.policy, jitter=self.around.jitter()
                )
                if isinstance(action, steps.Receive):
                    return await self._received(response, action.start, part)
        except (httpx.HTTPError, httpx.StreamError) as error:
            return self._cut(error)
        try:
            if isinstance(action, steps.LogIn):
                await self.around.service.log_in(before=logins)
                return steps.Ask()
            if isinstance(action, steps.AcceptLicence):
                await self.around.licences.accept(json_object(said))
                return steps.Ask()
        except ServiceRefused as error:
            is_login = isinstance(action, steps.LogIn)
            return Stop(Failure.UNAUTHENTICATED if is_login else Failure.LICENCE, str(error))
        except httpx.HTTPError as error:
            return self._cut(error)
        if isinstance(action, Stop) and action.failure is Failure.LICENCE:
            return attrs.evolve(action, reason=self.around.licences.explain(json_object(said)))
        return action

    async def _received(self, response: httpx.Response, start: int, part: Part) -> Action:
        """Write what comes. When it breaks off, the fetch knows how much is on the disk."""
        answers = [response, *reversed(response.history)]
        if self.wanted.digest is None:
            self._digest = next((digest for digest in map(digest_in, answers) if digest is not None), self._digest)
        if self._target is None:
            told = next((name for name in map(name_of, answers) if name is not None), None)
            self._claim(told or self._last_segment)
        if self.wanted.digest is None:
            await self._look_for_it()
            if self.around.folder.is_taken(self._where):
                raise NameTaken(self.around.folder.in_the_way(self._where))
        if start == 0:
            part.note(Sidecar(self._fetch.e_tag, self._fetch.size))
        received, most = start, self._fetch.size
        try:
            with part.writing(start) as file:
                # As it comes: what waits to be a larger piece is lost when the connection breaks.
                async for data in response.aiter_raw():
                    file.write(data)
                    received += len(data)
                    self.around.listener.advanced(self.wanted, received, most)
                    if most is not None and received > most:
                        break
        except (httpx.HTTPError, httpx.StreamError) as error:
            self._fetch = attrs.evolve(self._fetch, received=received)
            return self._cut(error)
        self._fetch, action = steps.ended(self._fetch, received, self.around.policy, jitter=self.around.jitter())
        return action

    def _cut(self, error: Exception) -> Action:
        why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self._fetch, action = steps.cut(
            self._fetch, self._fetch.received, why, self.around.policy, jitter=self.around.jitter()
        )
        return action

    async def _checked(self, part: Part) -> Action:
        if self._digest is None:
            return steps.Keep()
        found = await asyncio.to_thread(digest_of, part.path, self._digest.algorithm)
        is_right = agrees(found, self._digest)
        if not is_right:
            part.discard()
            self.around.listener.waits(self.wanted, "the checksum is wrong")
        self._fetch, action = steps.checked(self._fetch, is_right=is_right, found=f"{found}")
        return action

    async def _kept(self, part: Part) -> Outcome:
        if self._target is None:
            self._claim(self._last_segment)
        await asyncio.to_thread(self.around.folder.keep, part, self._where, self._digest)
        return self._outcome()

    def _claim(self, name: str) -> None:
        plain = safe_name(name, otherwise=safe_name(self.wanted.checksum or "", otherwise="download"))
        self._target = self.around.folder.claim(plain, self.wanted.identity)

    @property
    def _where(self) -> Path:
        assert self._target is not None, "asked for after the file has a name"
        return self._target

    @property
    def _last_segment(self) -> str:
        return self.wanted.checksum or unquote(urlsplit(self.wanted.url).path).rsplit("/", 1)[-1]

    async def _look_for_it(self) -> None:
        """Raise ``_There`` when the folder has it, ``NameTaken`` when it has something else of this name."""
        if self._target is None or self._digest is None:
            return
        if await asyncio.to_thread(self.around.folder.has, self._target, self._digest):
            raise _There
        if self.around.folder.is_taken(self._target):
            raise NameTaken(self.around.folder.in_the_way(self._target))

    def _outcome(self, *, was_there: bool = False) -> Outcome:
        return Outcome(
            file=self.wanted.label,
            path=str(self._where),
            bytes=self._where.stat().st_size,
            verified_by=None if self._digest is None else self._digest.algorithm,
            was_there=was_there,
        )

    def _failed(self, failure: Failure, reason: str) -> Outcome:
        return Outcome(file=self.wanted.label, bytes=self._fetch.received, failure=failure, reason=reason)


async def _beginning(response: httpx.Response) -> bytes:
    """As much of the body of a refusal as anybody needs."""
    said = b""
    async for data in response.aiter_raw():
        said += data
        if len(said) > LARGEST_REFUSAL_BYTES:
            break
    return said
