"""What all downloads of a run share, and who hears of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import attrs

from entrypoints.client.fetch import Policy
from entrypoints.client.folder import Folder
from entrypoints.client.licences import Licences
from entrypoints.client.listing import Wanted
from entrypoints.client.nearline import Nearline
from entrypoints.client.service import Service


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
