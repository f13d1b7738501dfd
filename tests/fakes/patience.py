"""Deadlines that end when a storage stalls, and never otherwise: tests of them wait for nothing."""

import asyncio

from application.delivery.guarded import Deadlines


class Patience:
    """Ends the deadline that runs as soon as somebody says that nothing moves any more."""

    def __init__(self) -> None:
        self._running: list[asyncio.Timeout] = []

    @property
    def deadlines(self) -> Deadlines:
        """Deadlines that obey this."""
        return Deadlines(timeout=self._begin)

    def stalled(self) -> None:
        """Nothing moves any more: the youngest deadline ends now."""
        if self._running:
            self._running.pop().reschedule(asyncio.get_running_loop().time())

    def _begin(self, _seconds: float) -> asyncio.Timeout:
        begun = asyncio.timeout(None)
        self._running = [begun]
        return begun
