"""How a response can end before its last byte."""


class ClientDisconnected(ConnectionError):
    """The client is gone, or took nothing for too long; nothing more can be sent.

    ``unacknowledged_bytes``: how many body bytes fewer have reached the client's kernel than the app was told were sent
    (by ``progress``, or by a ``send`` that returned); negative when a part of the message that raised this has arrived
    too. Where the kernel does not tell, what was written counts as arrived. The client's kernel may have bytes that
    the client itself never read, and not yet have acknowledged the last two segments.
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
