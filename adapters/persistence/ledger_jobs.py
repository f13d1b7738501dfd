"""What callers ask of the ledger's writer."""

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from adapters.persistence.connection import Session
from domain.download import TransferRequest
from domain.quota import Granted
from domain.settlement import Outcome

_SAME_MOMENT = timedelta(seconds=1)


@attrs.frozen
class Admit:
    """Decide and record one admission."""

    request: TransferRequest
    now: datetime


@attrs.frozen
class Settle:
    """End one transfer; with no outcome, by its last known progress, and only when its lease has expired."""

    transfer_id: str
    outcome: Outcome | None
    now: datetime


@attrs.frozen
class Alone:
    """Something else, in a transaction of its own."""

    work: Callable[[Session], object]


Job = Admit | Settle | Alone


def may_join(first: Job, job: Job) -> bool:
    """Whether two jobs may share a transaction.

    Downloads to continue are searched once for a group, as of one instant, so its members are of about one moment.
    """
    if isinstance(first, Alone) or isinstance(job, Alone):
        return False
    return abs(job.now - first.now) <= _SAME_MOMENT


def may_withdraw(job: Job) -> bool:
    """Whether a cancelled caller takes its job back: an admission that nobody will use, never an end."""
    return isinstance(job, Admit)


def compensation(job: Job, result: object) -> Job | None:
    """What makes up for an admission that was granted to nobody: its end, with nothing delivered."""
    if isinstance(job, Admit) and isinstance(result, Granted):
        return Settle(result.transfer.id, Outcome(delivered_bytes=0), job.now)
    return None
