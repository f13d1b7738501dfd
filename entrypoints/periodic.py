"""Work that is done again and again while a server runs."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

Sleep = Callable[[float], Awaitable[None]]

JITTER = 0.1
"""Each pause is up to a tenth shorter, so that instances started together do not go on in step."""

AGAIN_SECONDS = 0.5
"""How long a cancellation may take to have its effect before there is another one."""

_log = structlog.get_logger("rs_downloader.periodic")
_random = random.SystemRandom()


async def every(
    seconds: float,
    work: Callable[[], Awaitable[object]],
    *,
    name: str,
    sleep: Sleep = asyncio.sleep,
    ran: Callable[[bool], None] = lambda _is_done: None,
) -> None:
    """Do ``work`` every ``seconds`` until cancelled. A failure is logged and does not end it.

    ``ran`` is told of every run whether it succeeded.
    """
    while True:
        await sleep(seconds * (1 - JITTER * _random.random()))
        try:
            await work()
        except Exception as error:  # noqa: BLE001 — whatever went wrong this time may be right the next time.
            _log.warning("periodic work failed", work=name, error=f"{type(error).__name__}: {error}")
            ran(False)
        else:
            ran(True)


async def ended(task: "asyncio.Task[None]") -> None:
    """End work that goes on for ever: cancelled until it is over.

    A cancellation that arrives while a database connection is being cleaned up comes out as the failure of one run.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_SECONDS)
