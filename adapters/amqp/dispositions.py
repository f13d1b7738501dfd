"""What becomes of a message after it was handled, or could not be."""

import attrs

from application.errors import Conflict, DatabaseUnavailable, Overloaded, PortError, StorageUnavailable
from domain.errors import DomainError

RETRY_DELAYS = (5.0, 30.0, 120.0, 600.0)
"""Seconds before each further attempt: upstream's (contract-downloader section 2.1)."""


@attrs.frozen
class Done:
    """Acknowledged."""


@attrs.frozen
class Later:
    """Tried again after a while: it is not the message's fault."""

    seconds: float
    reason: str


@attrs.frozen
class Dead:
    """Put aside with the reason, for people to look at; ``body`` is what is left of it when a part was done."""

    reason: str
    body: bytes | None = None


Disposition = Done | Later | Dead


def after(error: Exception, *, retries: int, delays: tuple[float, ...] = RETRY_DELAYS) -> Disposition:
    """What becomes of a message whose handling raised, when it has come back this many times before.

    Nobody is to blame for a database that is away: that is waited out. Anything else gets as many attempts as there
    are delays; what the rules refuse gets none.
    """
    reason = f"{type(error).__name__}: {error}"
    match error:
        case DatabaseUnavailable() if delays:
            return Later(delays[min(retries, len(delays) - 1)], reason)
        case DomainError():
            return Dead(reason)
        case PortError() if not isinstance(error, StorageUnavailable | Conflict | Overloaded):
            return Dead(reason)
    return Later(delays[retries], reason) if retries < len(delays) else Dead(reason)
