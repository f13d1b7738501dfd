"""How a response can end before its last byte."""


class ClientDisconnected(ConnectionError):
    """The client is gone, or took nothing for too long; nothing more can be sent.

    ``unacknowledged_bytes``: how many of the body bytes that were reported as sent never reached the client's kernel
    (0 where that is unknown). What its kernel has, the client may still have failed to read.
    """

    def __init__(self, reason: str, *, unacknowledged_bytes: int = 0) -> None:
        super().__init__(reason)
        self.unacknowledged_bytes = unacknowledged_bytes


class SourceFailed(OSError):
    """The file could not be read on, or is shorter than announced; ``sent_bytes`` of the message have left.

    The response is still open: the app may continue with the missing bytes from another copy. An app that gives up
    instead (returns or raises) has the connection reset, so that the client never takes the body for complete.
    """

    def __init__(self, code: int, reason: str, *, sent_bytes: int) -> None:
        super().__init__(code, reason)
        self.sent_bytes = sent_bytes


class AbortResponse(Exception):
    """Raised by an app to cut its response on purpose: the connection is reset and one line is logged."""


def meant_by_app(error: BaseException) -> BaseException | None:
    """The ``ClientDisconnected`` or ``AbortResponse`` that ``error`` is, was raised from, or is a group of."""
    if isinstance(error, BaseExceptionGroup):
        found = [meant_by_app(member) for member in error.exceptions]
        return found[0] if all(found) else None
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, ClientDisconnected | AbortResponse):
        seen = seen.__cause__
    return seen
