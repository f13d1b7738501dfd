"""The kinds of problem that this API answers with (RFC 9457): one table from error class to status and title."""

import attrs

from application.delivery.verification import CopyCorrupt
from application.errors import (
    BrokerUnavailable,
    Conflict,
    CopyChanged,
    CopyMissing,
    DatabaseUnavailable,
    LocationRefused,
    Overloaded,
    PluginUnusable,
    PortError,
    StorageUnavailable,
)
from application.ports.tokens import InvalidToken
from domain.errors import (
    AlreadyExists,
    CopiesUnreachable,
    DomainError,
    FileChanged,
    FileNotReadable,
    Forbidden,
    InvalidValue,
    NotEmpty,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    RestorationNeeded,
    TenantInMaintenance,
    TicketRefused,
)
from domain.quota import ConnectionsExceeded, QuotaExceeded, RateExceeded, TicketNotValid, VersionChanged


@attrs.frozen
class Kind:
    """One kind of problem.

    ``code`` is the last segment of ``type``; ``explanation`` tells what to do and is served at ``/problems/{code}``.
    ``retry_after`` is in seconds, ``None`` when waiting does not help or the wait is known only case by case.
    """

    code: str
    status: int
    title: str
    explanation: str
    retry_after: int | None = None

    @property
    def type(self) -> str:
        """The problem type, a reference relative to this service's root."""
        return f"/problems/{self.code}"


def _of(
    error: type[DomainError | PortError], status: int, title: str, explanation: str, retry_after: int | None = None
) -> tuple[type[Exception], Kind]:
    return error, Kind(error.code, status, title, explanation, retry_after)


ERRORS: dict[type[Exception], Kind] = dict(
    (
        _of(
            InvalidValue, 422, "Invalid value", "A value breaks a rule that 'detail' names. Correct it and send again."
        ),
        _of(NotFound, 404, "Not found", "Nothing of this name exists in your tenant. Check name and tenant."),
        _of(AlreadyExists, 409, "Already exists", "The name or checksum is taken by something else. Choose another."),
        _of(NotEmpty, 409, "Not empty", "Something still depends on the thing that should go. Remove that first."),
        _of(
            TenantInMaintenance,
            515,
            "Tenant in maintenance",
            "An administrator has stopped changes for a while. Reading and downloading go on; try again later.",
            60,
        ),
        _of(Forbidden, 403, "Forbidden", "Your role does not allow this. Ask an administrator of the tenant."),
        _of(
            PreconditionFailed,
            412,
            "Precondition failed",
            "If-Match or If-Unmodified-Since does not hold for the present file. Nothing was sent or charged.",
        ),
        _of(
            FileChanged,
            412,
            "File changed",
            "The bytes are no longer those that the interrupted download started with. Start again from byte 0.",
        ),
        _of(
            RangeNotSatisfiable,
            416,
            "Range not satisfiable",
            "No requested byte lies inside the file. Content-Range tells its size.",
        ),
        _of(
            FileNotReadable,
            404,
            "File not readable",
            "The file is known, but no copy of it is on a storage that this service can read.",
        ),
        _of(
            RestorationNeeded,
            410,
            "Restoration needed",
            "The file is on a nearline storage. Ask for its restoration, then download it.",
        ),
        _of(
            CopiesUnreachable,
            503,
            "Copies unreachable",
            "Copies of the file exist, but none can be read now. Try again after the time in Retry-After.",
            30,
        ),
        _of(
            TicketRefused,
            403,
            "Ticket refused",
            "The ticket does not open this file: it is unknown, revoked, expired or used up. Ask for a new one.",
        ),
        _of(
            StorageUnavailable,
            503,
            "Storage unavailable",
            "A storage did not answer. Try again after the time in Retry-After.",
            30,
        ),
        _of(CopyMissing, 503, "Copy missing", "The storage has no such object. An operator must repair the copy.", 300),
        _of(
            CopyChanged,
            503,
            "Copy changed",
            "The bytes in the storage are not those that were registered. An operator must repair the copy.",
            300,
        ),
        _of(
            CopyCorrupt,
            503,
            "Copy corrupt",
            "The bytes in the storage do not have the registered checksum. An operator must repair the copy.",
            300,
        ),
        _of(
            PluginUnusable,
            503,
            "Plugin unusable",
            "The storage's plugin is missing, broken, or refuses its parameters. An operator must repair it.",
            300,
        ),
        _of(LocationRefused, 422, "Location refused", "The URL lies outside what the storage may read."),
        _of(
            DatabaseUnavailable,
            503,
            "Database unavailable",
            "The database did not answer in time; nothing was recorded. Try again after the time in Retry-After.",
            5,
        ),
        _of(Conflict, 409, "Conflict", "Somebody else changed the same thing at the same time. Read it, then repeat."),
        _of(Overloaded, 503, "Overloaded", "Too much is waiting already. Try again after the time in Retry-After.", 2),
        _of(
            BrokerUnavailable,
            503,
            "Broker unavailable",
            "The message broker did not answer in time. Try again after the time in Retry-After.",
            30,
        ),
        _of(
            InvalidToken,
            401,
            "Invalid token",
            "The bearer token is expired, not valid yet, or was not issued for this service. Ask for a new one.",
        ),
    )
)
"""Every error that the rules and the ports can raise. An error without a row is answered like its nearest ancestor."""

REFUSALS: dict[type[object], Kind] = {
    QuotaExceeded: Kind(
        "quota-exceeded",
        429,
        "Download quota exceeded",
        "Every unit of your account is used. Waiting does not help: ask an administrator for a higher maxQuota.",
    ),
    RateExceeded: Kind(
        "rate-exceeded",
        429,
        "Download rate exceeded",
        "As many downloads as allowed are in progress. Wait for one to end, or end one: GET /quota/current/transfers.",
    ),
    ConnectionsExceeded: Kind(
        "connections-exceeded",
        429,
        "Too many connections",
        "This download has as many connections as allowed. Use fewer at once, or wait for one to end.",
    ),
    TicketNotValid: ERRORS[TicketRefused],
    VersionChanged: ERRORS[FileChanged],
}
"""Refused admissions, by the value that says so."""

REFUSED_FILES = Kind(
    "files-refused",
    422,
    "Files refused",
    "Nothing of the batch was registered. 'refused' names each refused file by its index and says why.",
)

UNAUTHENTICATED = Kind(
    "unauthenticated",
    401,
    "Unauthenticated",
    "Send a bearer token, or name a tenant by the header or query parameter 'scope' to call as the public user.",
)

INTERNAL = Kind("internal-error", 500, "Internal error", "The service failed. Its log tells why.")

BY_STATUS: dict[int, Kind] = {
    400: Kind("bad-request", 400, "Bad request", "The request could not be read; 'messages' name what is wrong in it."),
    401: UNAUTHENTICATED,
    403: ERRORS[Forbidden],
    404: ERRORS[NotFound],
    405: Kind("method-not-allowed", 405, "Method not allowed", "The Allow header lists the methods of this address."),
    413: Kind("content-too-large", 413, "Content too large", "Send the request in smaller parts."),
    415: Kind("unsupported-media-type", 415, "Unsupported media type", "Send the body as application/json."),
    500: INTERNAL,
    503: ERRORS[Overloaded],
}
"""What the web framework refuses by itself, by status."""

KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (*ERRORS.values(), *REFUSALS.values(), REFUSED_FILES, UNAUTHENTICATED, *BY_STATUS.values())
}
"""Every kind by its code."""


def kind_of(error: DomainError | PortError) -> Kind:
    """The kind of an error: its own row, or that of its nearest ancestor that has one."""
    for ancestor in type(error).__mro__:
        if ancestor in ERRORS:
            return ERRORS[ancestor]
    return INTERNAL
