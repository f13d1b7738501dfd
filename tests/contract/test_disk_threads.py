"""Waiting for disks in threads: nothing is lost when the caller leaves."""

import asyncio
import threading

import pytest

from adapters.storage.disk_threads import on_disk

pytestmark = pytest.mark.anyio


async def test_the_result_and_the_error_come_back() -> None:
    assert await on_disk(max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        await on_disk(divmod, 1, 0)


async def test_what_a_cancelled_caller_would_have_got_is_taken_back() -> None:
    may_end, taken_back = threading.Event(), asyncio.Event()
    call = asyncio.create_task(on_disk(may_end.wait, 30, undo=lambda _result: taken_back.set()))
    await asyncio.sleep(0)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    may_end.set()

    await asyncio.wait_for(taken_back.wait(), 30)


async def test_an_error_that_nobody_waits_for_is_nobodys_news() -> None:
    may_end = threading.Event()

    def fail() -> None:
        may_end.wait(30)
        raise OSError("The disk is gone.")

    call = asyncio.create_task(on_disk(fail, undo=lambda _result: pytest.fail("There is nothing to take back.")))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    may_end.set()
    await on_disk(may_end.wait, 30)
    await asyncio.sleep(0)
