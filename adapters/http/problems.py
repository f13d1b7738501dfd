"""The kinds of problem that this API answers with (RFC 9457): one table from error class to status and title."""

from http import HTTPStatus

import attrs

from adapters.http.error_kinds import ERRORS, INTERNAL, kind_of
from adapters.http.kinds import Kind
from application.errors import Conflict, Overloaded
from domain.errors import (
    DataRightMissing,
    FileChanged,
    Forbidden,
    InvalidValue,
    LicenceMissing,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    RestorationNeeded,
    TenantInMaintenance,
    TicketRefused,
)
from domain.product_access import Locked, NoDataRight, NotInProduct, NotVisible
from domain.quota import ConnectionsExceeded, QuotaExceeded, RateExceeded, TicketNotValid, VersionChanged

__all__ = [
    "ACCESS_REFUSALS",
    "BY_STATUS",
    "ERRORS",
    "EXAMPLES",
    "INTERNAL",
    "KINDS",
    "LOGIN_REFUSED",
    "REFUSALS",
    "REFUSED_FILES",
    "UNAUTHENTICATED",
    "Kind",
    "kind_of",
    "kind_of_status",
]

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

ACCESS_REFUSALS: dict[type[object], Kind] = {
    NotVisible: ERRORS[NotFound],
    NotInProduct: Kind(
        "not-in-product",
        404,
        "Not in this product",
        "The product lists no file with this checksum. Read the checksum again from the product itself.",
    ),
    Locked: ERRORS[LicenceMissing],
    NoDataRight: ERRORS[DataRightMissing],
}
"""Why a caller may not have a file of a product, by the decision that says so."""

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

LOGIN_REFUSED = Kind(
    "login-refused",
    400,
    "Login refused",
    "Check name, password and tenant. After several wrong passwords in a row wait for the time in Retry-After.",
)

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

EXAMPLES: dict[int, Kind] = BY_STATUS | {
    409: ERRORS[Conflict],
    410: ERRORS[RestorationNeeded],
    412: ERRORS[PreconditionFailed],
    416: ERRORS[RangeNotSatisfiable],
    422: ERRORS[InvalidValue],
    423: ACCESS_REFUSALS[Locked],
    429: REFUSALS[RateExceeded],
    515: ERRORS[TenantInMaintenance],
}
"""What the API's document shows for a status."""


def kind_of_status(status: int) -> Kind:
    """The kind of what the framework refuses; without a row it is a bad request with another status and title."""
    if status in BY_STATUS:
        return BY_STATUS[status]
    return attrs.evolve(BY_STATUS[400], status=status, title=HTTPStatus(status).phrase)


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        *ERRORS.values(),
        *REFUSALS.values(),
        *ACCESS_REFUSALS.values(),
        REFUSED_FILES,
        UNAUTHENTICATED,
        LOGIN_REFUSED,
        *BY_STATUS.values(),
    )
}
"""Every kind by its code."""
