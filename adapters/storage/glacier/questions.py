"""Asking an S3 server about many objects at once: few at a time, and for no longer than a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import TypeVar

from botocore.exceptions import ClientError

from application.errors import StorageUnavailable
from domain.availability import Availability, CopyAvailability

Asked = TypeVar("Asked", bound=Hashable)

_TOO_LATE = CopyAvailability(state=Availability.ERROR, message="The S3 server did not answer in time.")


async def ask_all(
    asked: Iterable[Asked], ask: Callable[[Asked], Awaitable[CopyAvailability]], *, at_once: int, seconds: float
) -> Mapping[Asked, CopyAvailability]:
    """An answer for each. What goes wrong with one, or takes too long, is its ERROR.

    Raises ``StorageUnavailable`` when nothing at all could be asked.
    """
    turns = asyncio.Semaphore(at_once)

    async def in_turn(one: Asked) -> CopyAvailability:
        async with turns:
            return await ask(one)

    tasks = {one: asyncio.create_task(in_turn(one)) for one in asked}
    if not tasks:
        return {}
    try:
        done, _ = await asyncio.wait(tasks.values(), timeout=seconds)
    finally:
        for task in tasks.values():
            task.cancel()
    answers = [task for task in tasks.values() if task in done]
    if not any(map(_is_answer, answers)):
        raise next((task.exception() for task in answers), None) or StorageUnavailable(_TOO_LATE.message)
    return {one: _said(task) if task in done else _TOO_LATE for one, task in tasks.items()}


def code_behind(error: BaseException) -> str:
    """What the server called the error; empty when it said nothing at all."""
    cause = error.__cause__
    return str(cause.response.get("Error", {}).get("Code", "")) if isinstance(cause, ClientError) else ""


def _is_answer(task: "asyncio.Task[CopyAvailability]") -> bool:
    """Whether the server has said something, be it that this object is not for us."""
    error = task.exception()
    return error is None or bool(code_behind(error))


def _said(task: "asyncio.Task[CopyAvailability]") -> CopyAvailability:
    error = task.exception()
    if error is None:
        return task.result()
    if not isinstance(error, StorageUnavailable):
        raise error
    return CopyAvailability(state=Availability.ERROR, message=str(error))
