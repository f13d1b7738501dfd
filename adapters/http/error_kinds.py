"""The kind of every error of the rules and of the ports: one row each."""

from adapters.http.kinds import Kind
from application.delivery.verification import CopyCorrupt
from application.errors import (
    BrokerUnavailable,
    Conflict,
    CopyChanged,
    CopyMisread,
    CopyMissing,
    CopyNotRestored,
    DatabaseUnavailable,
    LocationRefused,
    Overloaded,
    PluginUnusable,
    PortError,
    SecretUnreadable,
    StorageUnavailable,
)
from application.ports.downloaders import DownloaderUnavailable
from application.ports.tokens import InvalidToken, IssuerUnavailable
from domain.errors import (
    AlreadyExists,
    CopiesUnreachable,
    DataRightMissing,
    DomainError,
    FileChanged,
    FileNotReadable,
    Forbidden,
    InvalidValue,
    LicenceMissing,
    LiesElsewhere,
    NotEmpty,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    RestorationNeeded,
    RestorationRunning,
    TenantInMaintenance,
    TicketRefused,
    TooMany,
)
from domain.search import QueryInvalid


def _of(
    error: type[DomainError | PortError], status: int, title: str, explanation: str, retry_after: int | None = None
) -> tuple[type[Exception], Kind]:
    return error, Kind(error.code, status, title, explanation, retry_after)


INTERNAL = Kind("internal-error", 500, "Internal error", "The service failed. Its log tells why.")

ERRORS: dict[type[Exception], Kind] = dict(
    (
        _of(
            InvalidValue, 422, "Invalid value", "A value breaks a rule that 'detail' names. Correct it and send again."
        ),
        _of(
            QueryInvalid,
            400,
            "Query invalid",
            "The search cannot be read; 'detail' says why and at which character. docs/search.md has the language.",
        ),
        _of(NotFound, 404, "Not found", "Nothing of this name exists in your tenant. Check name and tenant."),
        _of(TooMany, 400, "Too many", "One request is about fewer things. Send several smaller ones."),
        _of(
            DataRightMissing,
            403,
            "No right to the files",
            "You may see this product, and not have its files. Ask an administrator for a group that may.",
        ),
        _of(
            LicenceMissing,
            423,
            "Licence not accepted",
            "Read the licence. If you accept it, send PUT /license, or PUT /datasets/{urn}/license when it is a "
            "dataset's, or follow 'accept' where there is one. The anonymous user has to log in first.",
        ),
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
            LiesElsewhere,
            404,
            "Lies elsewhere",
            "The product only refers to this file, and no copy of it is here. Fetch it from 'uri', without your token.",
        ),
        _of(
            RestorationNeeded,
            410,
            "Restoration needed",
            "The file is on a nearline storage. Ask for its restoration with POST /restorations, then download it.",
        ),
        _of(
            RestorationRunning,
            503,
            "Being restored",
            "The file is being restored from a nearline storage. Try again after the time in Retry-After.",
            300,
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
        _of(
            IssuerUnavailable,
            503,
            "Issuer unavailable",
            "The keys of the token's issuer cannot be fetched at present. Try again later.",
            30,
        ),
        _of(CopyNotRestored, 410, "Copy not restored", "The copy must be restored first. Ask for its restoration."),
        _of(
            CopyMisread,
            503,
            "Copy misread",
            "The storage's plugin returned something else than it was asked for. An operator must look at the plugin.",
            300,
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
        _of(
            SecretUnreadable,
            503,
            "Secret unreadable",
            "A secret of the storage cannot be decrypted with the keys at hand. An operator must give it anew.",
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
            DownloaderUnavailable,
            503,
            "Downloader unavailable",
            "No instance that delivers files answers now. Try again after the time in Retry-After.",
            10,
        ),
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


def kind_of(error: DomainError | PortError) -> Kind:
    """The kind of an error: its own row, or that of its nearest ancestor that has one."""
    for ancestor in type(error).__mro__:
        if ancestor in ERRORS:
            return ERRORS[ancestor]
    return INTERNAL
