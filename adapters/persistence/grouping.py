"""Calls that wait at the same moment, run together by one thread: the group commit of the ledger."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Generic, TypeVar

import attrs

from application.errors import DatabaseUnavailable, Overloaded

Job = TypeVar("Job")
Result = TypeVar("Result")

LARGEST_GROUP = 512

LONGEST_QUEUE = 4096
"""Calls that may wait. Those that may be refused are, beyond this: a second of work for a database that keeps up."""


class _State(Enum):
    WAITING = 0
    TAKEN = 1
    DONE = 2


@attrs.define(eq=False)
class _Call(Generic[Job, Result]):
    """One waiting call; its state changes under the lock of its group."""

    job: Job
    loop: asyncio.AbstractEventLoop | None
    future: "asyncio.Future[Result] | None"
    state: _State = _State.WAITING
    is_abandoned: bool = False
    result: Result | None = None
    error: Exception | None = None


class Grouped(Generic[Job, Result]):
    """Runs jobs on one thread of its own, all that wait at once in one call of ``run``, in the order of their arrival.

    No timer: a lone job runs at once, and what arrives meanwhile forms the next group. ``run`` takes a group and
    returns one result for each job; it opens and closes its own transaction. When it raises, the jobs are run one by
    one, so that an error fails only the job it belongs to; ``DatabaseUnavailable`` fails them all, since the next would
    wait as long for nothing.

    At most ``largest`` jobs form a group. ``may_join(first, job)`` tells whether a job may share the group that
    ``first`` began. A job that may not ends the group, and begins the next one.

    Cancelling a caller loses and doubles nothing. While its job waits, and ``may_withdraw(job)``, the job is taken
    back. A job that was run nevertheless is made up for: ``compensation(job, result)``, if any, is queued here on
    nobody's behalf, so that it is run even when the caller's event loop has ended.

    Once ``LONGEST_QUEUE`` calls wait, a job that ``may_refuse`` is not queued: ``Overloaded`` at once.

    Several event loops may call at once. ``sizes`` counts groups by the power of two that holds them, and ``calls``
    what was in them.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Job]], Sequence[Result]],
        *,
        close: Callable[[], None],
        may_join: Callable[[Job, Job], bool] = lambda _first, _job: True,
        may_withdraw: Callable[[Job], bool] = lambda _job: True,
        may_refuse: Callable[[Job], bool] = lambda _job: False,
        compensation: Callable[[Job, Result], Job | None] = lambda _job, _result: None,
        largest: int = LARGEST_GROUP,
    ) -> None:
        self._name = name
        self._run = run
        self._close = close
        self._may_join = may_join
        self._may_withdraw = may_withdraw
        self._may_refuse = may_refuse
        self._compensation = compensation
        self._largest = largest
        self.sizes = [0] * (LARGEST_GROUP.bit_length())
        self.calls = 0
        self._queue: deque[_Call[Job, Result]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closing = False

    async def call(self, job: Job) -> Result:
        """Wait for the result of a job.

        Raises what ``run`` raised for it, ``DatabaseUnavailable`` once closed, and ``Overloaded``.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        call = _Call(job, loop, future)
        self._enqueue(call)
        try:
            return await future
        except asyncio.CancelledError:
            self._abandon(call)
            raise

    @property
    def waiting(self) -> int:
        """How many calls wait for their group."""
        return len(self._queue)

    async def aclose(self) -> None:
        """Run what waits, then end the thread and close its connection. Safe to call twice."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _enqueue(self, call: _Call[Job, Result]) -> None:
        with self._changed:
            if self._is_closing:
                raise DatabaseUnavailable("The database connection is closed.")
            if len(self._queue) >= LONGEST_QUEUE and self._may_refuse(call.job):
                raise Overloaded("Too many downloads wait to be admitted.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._queue.append(call)
            self._changed.notify()

    def _abandon(self, call: _Call[Job, Result]) -> None:
        with self._changed:
            call.is_abandoned = True
            if call.future is not None and call.future.done() and not call.future.cancelled():
                call.future.exception()  # Nobody else will look at it, and asyncio complains about what nobody saw.
            if call.state is _State.DONE:
                self._compensate(call)

    def _compensate(self, call: _Call[Job, Result]) -> None:
        """Queue what undoes an abandoned call. Holds the lock; works while closing, until the thread has ended."""
        if call.result is None:
            return
        job = self._compensation(call.job, call.result)
        if job is not None:
            self._queue.append(_Call(job, None, None))
            self._changed.notify()

    def _work(self) -> None:
        try:
            while group := self._next_group():
                self._run_group(group)
                self._deliver(group)
        finally:
            self._close()

    def _next_group(self) -> list[_Call[Job, Result]]:
        """Wait for calls and take those that may run together; nothing when closed and drained."""
        with self._changed:
            group: list[_Call[Job, Result]] = []
            while not group:
                while not self._queue:
                    if self._is_closing:
                        return []
                    self._changed.wait()
                while self._queue and len(group) < self._largest:
                    call = self._queue[0]
                    if group and not self._may_join(group[0].job, call.job):
                        break
                    self._queue.popleft()
                    if not (call.is_abandoned and self._may_withdraw(call.job)):
                        call.state = _State.TAKEN
                        group.append(call)
            return group

    def _run_group(self, group: Sequence[_Call[Job, Result]]) -> None:
        self.sizes[(len(group) - 1).bit_length()] += 1
        self.calls += len(group)
        try:
            results = self._run([call.job for call in group])
        except DatabaseUnavailable as error:
            for call in group:
                call.error = DatabaseUnavailable(*error.args)
                call.error.__cause__ = error.__cause__
        except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to one caller, never to the thread
            if len(group) == 1:
                group[0].error = error
                return
            for call in group:
                self._run_group([call])
        else:
            for call, result in zip(group, results, strict=True):
                call.result = result

    def _deliver(self, group: Sequence[_Call[Job, Result]]) -> None:
        """Hand results to their event loops, one wake-up for each loop, and make up for abandoned calls."""
        by_loop: dict[asyncio.AbstractEventLoop, list[_Call[Job, Result]]] = {}
        with self._changed:
            for call in group:
                call.state = _State.DONE
                if call.is_abandoned:
                    self._compensate(call)
                elif call.loop is not None:
                    by_loop.setdefault(call.loop, []).append(call)
        for loop, calls in by_loop.items():
            try:
                loop.call_soon_threadsafe(_resolve, calls)
            except RuntimeError:
                # The loop has ended without waiting for its tasks: nobody is left to use what was granted.
                with self._changed:
                    for call in calls:
                        self._compensate(call)


def _resolve(calls: Sequence[_Call[Job, Result]]) -> None:
    for call in calls:
        future = call.future
        if future is None or future.done():
            continue
        if call.error is not None:
            future.set_exception(call.error)
        else:
            future.set_result(call.result)  # type: ignore[arg-type]  # a call without an error has a result
