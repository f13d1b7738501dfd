"""What a download is told to do next."""

import attrs

from entrypoints.client.outcome import Failure


@attrs.frozen
class Receive:
    """Write the body from this byte on; what lies behind it is cut off first."""

    start: int


@attrs.frozen
class Check:
    """All bytes are there: compare the checksum."""


@attrs.frozen
class Ask:
    """Send a request, from ``Fetch.resumes_from`` on."""


@attrs.frozen
class Pause:
    """Wait before the next request; ``is_for_all`` when no other request should be sent in its place."""

    seconds: float
    why: str
    is_for_all: bool = False


@attrs.frozen
class LogIn:
    """Get a new session token, then ask again."""


@attrs.frozen
class AcceptLicence:
    """Accept the licence that stands in the way, then ask again."""


@attrs.frozen
class Restore:
    """Have the file restored and wait until it is readable, then ask again."""


@attrs.frozen
class Keep:
    """The file is right."""


@attrs.frozen
class Stop:
    """It does not come, and why."""

    failure: Failure
    reason: str


Action = Receive | Check | Ask | Pause | LogIn | AcceptLicence | Restore | Keep | Stop
