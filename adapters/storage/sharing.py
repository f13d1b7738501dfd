"""What several open sources of one storage share: released when the storage is closed and the last of them is too."""

from collections.abc import Awaitable, Callable

from application.errors import StorageUnavailable


class Sharing:
    """Counts who uses something, and releases it once, after the last user of a storage that was retired."""

    def __init__(self, release: Callable[[], Awaitable[None]]) -> None:
        self._release = release
        self._users = 0
        self._is_retired = False
        self._is_released = False

    def enter(self) -> None:
        """One user more. Raises ``StorageUnavailable`` after ``retire``."""
        if self._is_retired:
            raise StorageUnavailable("The storage was closed: its configuration has changed.")
        self._users += 1

    async def leave(self) -> None:
        """One user less; the last one of what was retired releases it."""
        self._users -= 1
        await self._release_when_idle()

    async def retire(self) -> None:
        """Let nobody in any more, and release now or when the last user leaves. Safe to call twice."""
        self._is_retired = True
        await self._release_when_idle()

    async def _release_when_idle(self) -> None:
        if self._is_retired and self._users == 0 and not self._is_released:
            self._is_released = True
            await self._release()
