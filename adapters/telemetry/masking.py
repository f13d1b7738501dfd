"""Nothing secret reaches a log line, whoever wrote it."""

import re

from structlog.typing import EventDict, WrappedLogger

MASK = "***"

_SECRET_NAME = re.compile(r"token|secret|password|authorization|cookie|jwt|credential", re.IGNORECASE)

_SECRET_TEXT = (
    # A ticket or a token in a query string.
    (re.compile(r"([?&](?:t|token)=)[^&\s\"']+"), rf"\1{MASK}"),
    # A signed token, wherever it stands: three base64url parts, the first of which is a JSON object.
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), MASK),
    (re.compile(r"(\b(?:Bearer|Basic)\s+)[\w.~+/=-]+", re.IGNORECASE), rf"\1{MASK}"),
    # The password of a URL such as a database's.
    (re.compile(r"(://[^\s:/@]*:)[^\s@/]+(@)"), rf"\1{MASK}\2"),
)


def mask_names(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace values whose name says that they are secret."""
    for name in event:
        if _SECRET_NAME.search(name):
            event[name] = MASK
    return event


def mask_text(line: str) -> str:
    """Replace what looks like a secret in a finished line, tracebacks included."""
    for pattern, replacement in _SECRET_TEXT:
        line = pattern.sub(replacement, line)
    return line
