"""The orderly end of a process without a server: SIGTERM and SIGINT ask for it."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stopped_by_signal() -> Iterator[asyncio.Event]:
    """An event that either signal sets, instead of ending the process."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in _ENDING:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield stopping
    finally:
        for number in _ENDING:
            loop.remove_signal_handler(number)
