"""The ledger's queue is bounded for admissions, and never for ends."""

import asyncio
import threading

import pytest

from adapters.persistence import grouping
from adapters.persistence.grouping import Grouped
from application.errors import Overloaded

pytestmark = pytest.mark.anyio


class Blocked:
    """A group whose thread waits until it is let go."""

    def __init__(self):
        self.started, self.go = threading.Event(), threading.Event()
        self.ran = []
        self.group = Grouped("blocked", self._run, close=lambda: None, may_refuse=lambda job: job != "end")

    def _run(self, jobs):
        self.started.set()
        self.go.wait()
        self.ran.extend(jobs)
        return list(jobs)

    async def fill(self):
        """One job is being run, and as many as allowed wait."""
        calls = [asyncio.create_task(self.group.call("first"))]
        await asyncio.sleep(0)
        await asyncio.to_thread(self.started.wait)
        calls += [asyncio.create_task(self.group.call("admit")) for _ in range(grouping.LONGEST_QUEUE)]
        await asyncio.sleep(0)
        assert self.group.waiting == grouping.LONGEST_QUEUE
        return calls


async def test_beyond_the_bound_an_admission_is_refused_and_an_end_is_not():
    blocked = Blocked()
    calls = await blocked.fill()

    with pytest.raises(Overloaded):
        await blocked.group.call("admit")
    end = asyncio.create_task(blocked.group.call("end"))
    await asyncio.sleep(0)
    blocked.go.set()
    results = await asyncio.gather(*calls, end)
    await blocked.group.aclose()

    assert results[-1] == "end"
    assert len(blocked.ran) == grouping.LONGEST_QUEUE + 2
    assert blocked.group.calls == grouping.LONGEST_QUEUE + 2
    assert blocked.group.sizes[0] >= 1
    assert sum(blocked.group.sizes) < blocked.group.calls
    assert blocked.group.waiting == 0
