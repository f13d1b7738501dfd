"""Further members of problem details, by the code of their kind: the numbers, and where to go on."""

_WAITING = {"retryAfter": "Seconds until trying again may help, as in Retry-After."}
_LIMITS = {
    "limit": "How many are allowed.",
    "current": "How many count at present.",
    "retryAfter": "Seconds until one is estimated to end; null when waiting does not help.",
    "advice": "What to do.",
}

MEMBERS: dict[str, dict[str, str]] = {
    "quota-exceeded": _LIMITS,
    "rate-exceeded": _LIMITS,
    "connections-exceeded": _LIMITS,
    "licence-not-accepted": {
        "license": "Where the text of the licence is.",
        "accept": "The same download once more, which accepts the licence; absent where PUT is the only way.",
        "dataset": "The dataset whose licence it is; absent for that of the tenant.",
        "advice": "What to do.",
    },
    "range-not-satisfiable": {"sizeBytes": "How many bytes the file has."},
    "restoration-needed": {"restorations": "Where to ask for the restoration with POST."},
    "lies-elsewhere": {"uri": "Where the file lies."},
    "files-refused": {"refused": "Each refused file by its index, with the reason."},
    "login-refused": {
        "error": "The error code of OAuth 2 (RFC 6749).",
        "additionalInformation": "Upstream's reason.",
    },
}
"""What the documents of a kind say beside type, title, status, detail and messages."""


def members_of(code: str, *, waits: bool) -> dict[str, str]:
    """The further members of a kind. ``waits``: its documents say after which time to come again."""
    return MEMBERS.get(code, {}) | (_WAITING if waits and code not in MEMBERS else {})
