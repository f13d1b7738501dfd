"""Waiting for disks in threads: nothing is lost when the caller leaves, and a disk that hangs holds up its own."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.storage.disk_threads import SHARE, THREADS, DiskThreads
from adapters.storage.local import LocalByteSource, LocalStorage
from application.delivery.guarded import Deadlines, open_guarded
from application.errors import CopyChanged, StorageUnavailable
from tests.contract.calls import calls_of_this_thread
from tests.factories import a_location

pytestmark = pytest.mark.anyio


async def test_the_result_and_the_error_come_back() -> None:
    assert await DiskThreads().run(max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        await DiskThreads().run(divmod, 1, 0)


async def test_what_a_cancelled_caller_would_have_got_is_taken_back() -> None:
    may_end, taken_back = threading.Event(), asyncio.Event()
    call = asyncio.create_task(DiskThreads().run(may_end.wait, 30, undo=lambda _result: taken_back.set()))
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

    call = asyncio.create_task(
        DiskThreads().run(fail, undo=lambda _result: pytest.fail("There is nothing to take back."))
    )
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    may_end.set()
    await DiskThreads().run(may_end.wait, 30)
    await asyncio.sleep(0)


async def test_a_file_on_a_disk_that_may_hang_is_not_looked_at_in_the_loop(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_bytes(b"bytes")
    storage = LocalStorage(str(tmp_path))
    opened = await storage.open(a_location(url=place.as_uri(), version=None), 5)
    remote = LocalByteSource(os.open(place, os.O_RDONLY), opened.status, storage.threads, may_hang=True)

    with calls_of_this_thread() as made:
        await remote.check_unchanged()
        assert await remote.read(0, 5) == b"bytes"
    assert (remote.may_hang, made["fstat"]) == (True, 0)
    place.write_bytes(b"other")
    with pytest.raises(CopyChanged):
        await remote.check_unchanged()
    await remote.aclose()
    await opened.aclose()


@asynccontextmanager
async def hanging(threads: DiskThreads, calls: int) -> AsyncIterator[list[str]]:
    """So many calls on a disk that does not answer; the calls that have ended, when it answers again at the end."""
    answers, ended = threading.Event(), list[str]()
    running = [
        asyncio.create_task(threads.run(answers.wait, 60, ended=lambda: ended.append("ended"))) for _ in range(calls)
    ]
    await asyncio.sleep(0)
    try:
        yield ended
    finally:
        answers.set()
        await asyncio.gather(*running, return_exceptions=True)
        assert len(ended) == calls


async def test_a_disk_that_hangs_holds_its_share_and_no_more() -> None:
    hung = DiskThreads()
    async with hanging(hung, THREADS + 1), asyncio.timeout(30):
        for _ in range(SHARE + 1):
            assert await DiskThreads().run(max, 1, 2) == 2


async def test_calls_that_nobody_waits_for_still_count_against_the_share() -> None:
    hung = DiskThreads()
    async with hanging(hung, SHARE) as ended:
        after = asyncio.create_task(hung.run(max, 1, 2, ended=lambda: ended.append("never begun")))
        await asyncio.sleep(0)
        assert ended == []
        after.cancel()
        with pytest.raises(asyncio.CancelledError):
            await after
        assert ended == ["never begun"]
        ended.clear()

    assert await hung.run(max, 1, 2) == 2


async def test_a_call_that_was_given_up_ends_when_the_disk_answers() -> None:
    threads, answers, ended = DiskThreads(), threading.Event(), asyncio.Event()
    call = asyncio.create_task(threads.run(answers.wait, 60, ended=ended.set))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert not ended.is_set()
    answers.set()
    async with asyncio.timeout(30):
        await ended.wait()


async def test_a_local_storage_that_hangs_is_given_up_and_the_others_serve_on(tmp_path: Path) -> None:
    for name in ("hung", "well"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"bytes")
    storages = {name: LocalStorage(str(tmp_path / name)) for name in ("hung", "well")}
    places = {name: a_location(url=(tmp_path / name / "file").as_uri(), version=None) for name in storages}

    async with hanging(storages["hung"].threads, THREADS + 1):
        with pytest.raises(StorageUnavailable, match="did not open"):
            await open_guarded(storages["hung"], places["hung"], 5, Deadlines(open_seconds=0.05))
        source = await open_guarded(storages["well"], places["well"], 5, Deadlines(open_seconds=30))
        assert await source.read(0, 5) == b"bytes"
        await source.aclose()
