"""One file from the first request to its name in the folder: does what the fetch decides."""

import asyncio

import attrs
import httpx

from entrypoints.client import fetch as steps
from entrypoints.client.actions import (
    AcceptLicence,
    Action,
    Ask,
    Check,
    Keep,
    LogIn,
    Pause,
    Receive,
    Restore,
    Stop,
)
from entrypoints.client.fetch import Fetch
from entrypoints.client.folder import NameTaken, Part, Sidecar, agrees, digest_of
from entrypoints.client.heads import answer_of, json_object
from entrypoints.client.listing import Wanted
from entrypoints.client.nearline import NotRestored
from entrypoints.client.outcome import Failure, Outcome
from entrypoints.client.service import LARGEST_REFUSAL_BYTES, ServiceRefused
from entrypoints.client.surroundings import Surroundings
from entrypoints.client.target import AlreadyThere, Target


@attrs.define(eq=False)
class Download:
    """One file. ``claim`` in the order of the list, so that names do not depend on which file is faster."""

    wanted: Wanted
    around: Surroundings
    _fetch: Fetch = attrs.field(factory=Fetch)
    _target: Target = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._target = Target(self.wanted, self.around.folder)

    def claim(self) -> None:
        """Take the name that the catalogue gives it."""
        self._target.claim()

    async def execute(self) -> Outcome:
        """Fetch it. Nothing but an interruption is raised."""
        part = self.around.folder.part(repr(self.wanted.key))
        try:
            action = await self._begun(part)
            while not isinstance(action, Keep | Stop):
                action = await self._done(action, part)
            if isinstance(action, Stop):
                return self._failed(action.failure, action.reason)
            await self._target.keep(part)
            return self._outcome()
        except AlreadyThere:
            part.discard()
            return self._outcome(was_there=True)
        except NameTaken as error:
            return self._failed(Failure.EXISTS, str(error))
        except OSError as error:
            return self._failed(Failure.DISK, error.strerror or str(error))

    async def _begun(self, part: Part) -> Action:
        await self._target.look()
        found = part.read()
        if found is not None:
            length, sidecar = found
            kept = Fetch.of_part(received=length, e_tag=sidecar.e_tag, size=sidecar.size)
            # Without its checksum nobody could tell whether it is right: then it is asked for again.
            self._fetch = Fetch() if kept.is_complete and self._target.digest is None else kept
        return steps.first_step(self._fetch)

    async def _done(self, action: Action, part: Part) -> Action:
        match action:
            case Ask():
                async with self.around.slots:
                    action = await self._asked(part)
                    if isinstance(action, Pause) and action.is_for_all:
                        # The slot is kept: another request in its place would be one too many as well.
                        await self._pause(action)
                        return Ask()
                return action
            case Check():
                async with self.around.slots:
                    return await self._checked(part)
            case Pause():
                await self._pause(action)
            case Restore():
                self.around.listener.waits(self.wanted, "nearline; waiting for its restoration")
                try:
                    await self.around.nearline.until_readable(self.wanted)
                except NotRestored as error:
                    return Stop(Failure.NEARLINE, str(error))
        return Ask()

    async def _pause(self, pause: Pause) -> None:
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
                if isinstance(action, Receive):
                    return await self._received(response, action.start, part)
        except (httpx.HTTPError, httpx.StreamError) as error:
            return self._cut(error)
        try:
            if isinstance(action, LogIn):
                await self.around.service.log_in(before=logins)
                return Ask()
            if isinstance(action, AcceptLicence):
                await self.around.licences.accept(json_object(said))
                return Ask()
        except ServiceRefused as error:
            is_login = isinstance(action, LogIn)
            return Stop(Failure.UNAUTHENTICATED if is_login else Failure.LICENCE, str(error))
        except httpx.HTTPError as error:
            return self._cut(error)
        if isinstance(action, Stop) and action.failure is Failure.LICENCE:
            return attrs.evolve(action, reason=self.around.licences.explain(json_object(said)))
        return action

    async def _received(self, response: httpx.Response, start: int, part: Part) -> Action:
        """Write what comes. When it breaks off, the fetch knows how much is on the disk."""
        await self._target.learn([response, *reversed(response.history)])
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
        if self._target.digest is None:
            return Keep()
        found = await asyncio.to_thread(digest_of, part.path, self._target.digest.algorithm)
        is_right = agrees(found, self._target.digest)
        if not is_right:
            part.discard()
            self.around.listener.waits(self.wanted, "the checksum is wrong")
        self._fetch, action = steps.checked(self._fetch, is_right=is_right, found=f"{found}")
        return action

    def _outcome(self, *, was_there: bool = False) -> Outcome:
        return Outcome(
            file=self.wanted.label,
            path=str(self._target.path),
            bytes=self._target.path.stat().st_size,
            verified_by=None if self._target.digest is None else self._target.digest.algorithm,
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
