"""Passwords as Argon2id keeps them."""

import anyio
import pytest
from argon2 import PasswordHasher

from adapters.security.passwords import AT_ONCE, MOST_WAITING, Argon2Passwords
from application.errors import Overloaded

pytestmark = pytest.mark.anyio


async def test_a_password_matches_its_own_hash_and_no_other():
    passwords = Argon2Passwords()

    kept = await passwords.hash("correct horse")

    assert kept.startswith("$argon2id$")
    assert await passwords.matches(kept, "correct horse")
    assert not await passwords.matches(kept, "correct horsE")
    assert not await passwords.matches(passwords.nothing(), "correct horse")
    assert not await passwords.matches("no hash", "correct horse")


async def test_a_weaker_hash_matches_and_is_outdated():
    passwords = Argon2Passwords()
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")

    assert await passwords.matches(weak, "correct horse")
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(await passwords.hash("correct horse"))


async def test_a_flood_of_logins_is_told_to_come_again_and_the_next_one_is_not():
    passwords = Argon2Passwords()
    refused = 0

    async def guess() -> None:
        nonlocal refused
        try:
            await passwords.matches(passwords.nothing(), "guess")
        except Overloaded:
            refused += 1

    async with anyio.create_task_group() as group:
        for _ in range(AT_ONCE + MOST_WAITING + 10):
            group.start_soon(guess)

    assert refused == 10
    assert await passwords.matches(await passwords.hash("correct horse"), "correct horse")
