"""What to do next with one file, decided from what is on the disk and what the server answered. No I/O here.

A part of a file is continued only under the strong entity tag that it came with. Tries without a new byte are counted,
so that whatever a server does, a fetch ends: the file is there with the right checksum, or it says why it is not.
"""

import attrs

from entrypoints.client import pauses
from entrypoints.client.actions import (
    AcceptLicence,
    Action,
    Ask,
    Check,
    Keep,
    LogIn,
    Pause,
    Receive,
    Restore,
    Stop,
)
from entrypoints.client.answers import (
    QUOTA_EXCEEDED,
    RESTORING,
    TOO_MANY_REQUESTS,
    TRANSIENT,
    Answer,
    failure_of,
    said_by,
)
from entrypoints.client.outcome import Failure

MOST_RESTORATIONS = 3


@attrs.frozen(kw_only=True)
class Policy:
    """How patient a client is, and what it may do for its user.

    ``tries`` without a new byte end a fetch; ``seconds`` is the most that is waited because a server asks for it.
    """

    tries: int = 6
    seconds: float = 3600.0
    can_log_in: bool = False
    accepts_licence: bool = False
    restores: bool = True


@attrs.frozen(kw_only=True)
class Fetch:
    """Where one file stands. ``best`` is the most bytes that were ever there: what counts as getting on."""

    received: int = 0
    e_tag: str | None = None
    size: int | None = None
    is_complete: bool = False
    best: int = 0
    failures: int = 0
    busy: int = 0
    waited: float = 0.0
    mismatches: int = 0
    restorations: int = 0
    has_logged_in: bool = False
    has_accepted: bool = False

    @classmethod
    def of_part(cls, *, received: int, e_tag: str | None, size: int | None) -> "Fetch":
        """What an earlier run left."""
        if not _is_strong(e_tag) or (size is not None and received > size):
            return cls()
        is_complete = size is not None and received == size
        return cls(received=received, e_tag=e_tag, size=size, is_complete=is_complete, best=received)

    @property
    def resumes_from(self) -> int:
        """The first byte to ask for; 0 asks for all, without any condition."""
        return self.received if _is_strong(self.e_tag) else 0


def first_step(fetch: Fetch) -> Ask | Check:
    """How to begin."""
    return Check() if fetch.is_complete else Ask()


def answered(fetch: Fetch, answer: Answer, policy: Policy, *, jitter: float) -> tuple[Fetch, Action]:
    """The head of an answer has come. ``jitter`` is a random number from 0 to 1."""
    match answer.status:
        case 200:
            return _started(fetch, answer)
        case 206:
            return _continued(fetch, answer, policy, jitter)
        case 416 if fetch.resumes_from and answer.total == fetch.received:
            return attrs.evolve(fetch, is_complete=True, size=fetch.received), Check()
        case 412 | 416:
            return _failed(_emptied(fetch), f"HTTP {answer.status} to a range", policy, jitter)
        case 401 if policy.can_log_in and not fetch.has_logged_in:
            return attrs.evolve(fetch, has_logged_in=True), LogIn()
        case 423 if policy.accepts_licence and not fetch.has_accepted:
            return attrs.evolve(fetch, has_accepted=True), AcceptLicence()
        case 410 if policy.restores and fetch.restorations < MOST_RESTORATIONS:
            return attrs.evolve(fetch, restorations=fetch.restorations + 1), Restore()
        case 503 if answer.code == RESTORING and policy.restores and fetch.restorations < MOST_RESTORATIONS:
            return attrs.evolve(fetch, restorations=fetch.restorations + 1), Restore()
        case status if status in TRANSIENT and answer.code != QUOTA_EXCEEDED:
            return _asked_to_wait(fetch, answer, policy, jitter)
    return fetch, Stop(failure_of(answer), said_by(answer))


def cut(fetch: Fetch, received: int, why: str, policy: Policy, *, jitter: float) -> tuple[Fetch, Action]:
    """The connection broke, or never came about; ``received`` bytes are on the disk."""
    here = attrs.evolve(fetch, received=received)
    if received > fetch.best:
        return attrs.evolve(here, best=received, failures=0), Pause(pauses.shortest(jitter), why)
    return _failed(here, why, policy, jitter)


def ended(fetch: Fetch, received: int, policy: Policy, *, jitter: float) -> tuple[Fetch, Action]:
    """The body has ended as HTTP wants it."""
    if fetch.size is None or received == fetch.size:
        done = attrs.evolve(fetch, received=received, size=received, is_complete=True, best=max(fetch.best, received))
        return done, Check()
    if received > fetch.size:
        return _failed(_emptied(fetch), "more bytes than announced", policy, jitter)
    return cut(fetch, received, f"{received} bytes of {fetch.size} came", policy, jitter=jitter)


def checked(fetch: Fetch, *, is_right: bool, found: str = "") -> tuple[Fetch, Action]:
    """The checksum was compared. Wrong bytes are fetched once more, all of them."""
    if is_right:
        return fetch, Keep()
    if fetch.mismatches:
        return _emptied(fetch), Stop(Failure.WRONG_BYTES, f"the checksum is wrong, twice; the second time {found}")
    return attrs.evolve(_emptied(fetch), mismatches=1, best=0, failures=0), Ask()


def _started(fetch: Fetch, answer: Answer) -> tuple[Fetch, Action]:
    """The whole file comes, asked for or not: what was there is of another version, or cannot be continued."""
    begun = attrs.evolve(fetch, received=0, e_tag=answer.e_tag, size=answer.length, is_complete=False)
    return _welcomed(begun), Receive(0)


def _continued(fetch: Fetch, answer: Answer, policy: Policy, jitter: float) -> tuple[Fetch, Action]:
    is_same = answer.e_tag in {None, fetch.e_tag} and (None in {answer.total, fetch.size} or answer.total == fetch.size)
    if not fetch.resumes_from or answer.first != fetch.received or not is_same:
        return _failed(_emptied(fetch), "the server sent another range than it was asked for", policy, jitter)
    size = fetch.size if answer.total is None else answer.total
    return _welcomed(attrs.evolve(fetch, size=size)), Receive(fetch.received)


def _welcomed(fetch: Fetch) -> Fetch:
    return attrs.evolve(fetch, busy=0, has_logged_in=False)


def _emptied(fetch: Fetch) -> Fetch:
    return attrs.evolve(fetch, received=0, e_tag=None, size=None, is_complete=False)


def _failed(fetch: Fetch, why: str, policy: Policy, jitter: float) -> tuple[Fetch, Action]:
    failures = fetch.failures + 1
    failed = attrs.evolve(fetch, failures=failures)
    if failures >= policy.tries:
        return failed, Stop(Failure.BROKEN, f"{why}; {failures} tries brought nothing new")
    return failed, Pause(pauses.back_off(failures, jitter), why)


def _asked_to_wait(fetch: Fetch, answer: Answer, policy: Policy, jitter: float) -> tuple[Fetch, Action]:
    """Never earlier than the server says; without a word from it, as after a failure."""
    if answer.retry_after is None:
        after, action = _failed(fetch, said_by(answer), policy, jitter)
        return after, attrs.evolve(action, failure=Failure.BUSY) if isinstance(action, Stop) else action
    busy = fetch.busy + 1
    seconds = pauses.asked_for(answer.retry_after, busy, jitter)
    if fetch.waited + seconds > policy.seconds:
        left = f"waited {fetch.waited:.0f} s already" if fetch.waited else f"longer than {policy.seconds:.0f} s"
        reason = f"{said_by(answer)} The server says to come back in {answer.retry_after:.0f} s: {left}."
        return fetch, Stop(Failure.BUSY, reason)
    pause = Pause(seconds, said_by(answer), is_for_all=answer.status == TOO_MANY_REQUESTS)
    return attrs.evolve(fetch, busy=busy, waited=fetch.waited + seconds), pause


def _is_strong(e_tag: str | None) -> bool:
    return e_tag is not None and not e_tag.startswith("W/")
