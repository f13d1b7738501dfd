"""Passwords, hashed with Argon2id (RFC 9106)."""

import secrets
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError

from application.errors import Overloaded
from application.ports.users import PasswordHasher

T = TypeVar("T")

AT_ONCE = 2
"""A hash takes 64 MiB and a core for a tenth of a second: a flood of logins waits here, not in memory."""
MOST_WAITING = 32
"""Two seconds of hashing or so; whoever comes then is told to come again, so that others need not wait for ever."""


class Argon2Passwords(PasswordHasher):
    """With the library's present parameters, RFC 9106's second recommendation."""

    def __init__(self) -> None:
        self._argon2 = Argon2()
        self._turns: anyio.CapacityLimiter | None = None
        self._present = 0
        # Of a password that is thrown away: nothing matches it, and checking it takes as long as checking any.
        self._nothing = self._argon2.hash(secrets.token_urlsafe(32))

    async def hash(self, password: str) -> str:
        """What to store."""
        return await self._in_turn(self._argon2.hash, password)

    async def matches(self, password_hash: str, password: str) -> bool:
        """Whether this password was hashed to that."""
        return await self._in_turn(self._matches, password_hash, password)

    def nothing(self) -> str:
        """A hash that no password matches."""
        return self._nothing

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than are used now."""
        return self._argon2.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[..., T], *arguments: str) -> T:
        if self._turns is None:
            self._turns = anyio.CapacityLimiter(AT_ONCE)
        if self._present >= AT_ONCE + MOST_WAITING:
            raise Overloaded("Too many logins at once. Try again in a moment.")
        self._present += 1
        try:
            return await anyio.to_thread.run_sync(work, *arguments, limiter=self._turns)
        finally:
            self._present -= 1
