"""Threads that wait for disks, so that nobody else does; a disk that hangs holds no more than its storage's share."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import attrs

Result = TypeVar("Result")

SHARE = 8
"""Calls of one storage at a time. Those that hang are among them until they return, long after anybody waits."""
THREADS = 16 * SHARE
"""Of one process, made when they are needed. Sixteen storages have to hang at once before the others notice."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="disk")


def _nothing() -> None:
    return None


@attrs.define(eq=False)
class DiskThreads:
    """One storage's share of the threads: what is beyond it waits here, behind its own calls and nobody else's.

    For one event loop.
    """

    _turns: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(SHARE))

    async def run(
        self,
        function: Callable[..., Result],
        *arguments: object,
        undo: Callable[[Result], object] | None = None,
        ended: Callable[[], None] = _nothing,
    ) -> Result:
        """Run a blocking call in a thread.

        A caller who is cancelled does not wait for it: ``undo`` gets what it returns later. ``ended`` is told, in any
        case and once, when the call has returned or will never begin.
        """
        try:
            await self._turns.acquire()
        except asyncio.CancelledError:
            ended()
            raise
        call = asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)
        call.add_done_callback(lambda _call: self._end(ended))
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            call.add_done_callback(lambda done: _take_back(done, undo))
            raise

    def _end(self, ended: Callable[[], None]) -> None:
        self._turns.release()
        ended()


def _take_back(done: "asyncio.Future[Result]", undo: Callable[[Result], object] | None) -> None:
    if not done.cancelled() and done.exception() is None and undo is not None:
        undo(done.result())
