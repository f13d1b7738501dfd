"""Threads that wait for disks, so that nobody else does."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

THREADS = 32
"""Disks that hang hold so many threads at most; what comes after them waits."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="disk")


async def on_disk(
    function: Callable[..., Result], *arguments: object, undo: Callable[[Result], object] | None = None
) -> Result:
    """Run a blocking call in a thread. When the caller is cancelled, ``undo`` gets what the call returns later."""
    call = asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:
        call.add_done_callback(lambda done: _take_back(done, undo))
        raise


def _take_back(done: "asyncio.Future[Result]", undo: Callable[[Result], object] | None) -> None:
    if not done.cancelled() and done.exception() is None and undo is not None:
        undo(done.result())
