"""What the rules refuse, by stable code. No status code and no wire format lives here."""

from typing import ClassVar


class DomainError(Exception):
    """A request that the rules refuse.

    ``code`` is stable and names the rule; the message says what was refused and what to do next.
    It never carries a secret or a storage URL.
    """

    code: ClassVar[str] = "domain-error"


class InvalidValue(DomainError):
    """A value that no rule could ever accept, such as a limit below -1."""

    code = "invalid-value"


class NotFound(DomainError):
    """The named thing does not exist in this tenant."""

    code = "not-found"


class AlreadyExists(DomainError):
    """The name is taken."""

    code = "already-exists"


class NotEmpty(DomainError):
    """Something still depends on the thing that should go."""

    code = "not-empty"


class Forbidden(DomainError):
    """The caller's role does not allow this."""

    code = "forbidden"


class TooMany(DomainError):
    """More than one request may be about; several smaller ones can be sent."""

    code = "too-many"


class DataRightMissing(DomainError):
    """The caller sees the product, and has no right to its files."""

    code = "no-data-right"


class LicenceMissing(DomainError):
    """A licence must be accepted before this can be done with the product."""

    code = "licence-not-accepted"

    def __init__(self, product: object, link: str) -> None:
        super().__init__(f"Accept the licence of {product} first: {link}")
        self.link = link


class PreconditionFailed(DomainError):
    """A precondition of the request does not hold (RFC 9110 section 13.2): nothing was sent."""

    code = "precondition-failed"


class FileChanged(PreconditionFailed):
    """The bytes are no longer those that the open download started with: start again from byte 0."""

    code = "file-changed"


class RangeNotSatisfiable(DomainError):
    """No requested byte lies inside the file (RFC 9110 section 15.5.17)."""

    code = "range-not-satisfiable"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file has {size_bytes} bytes; no requested range lies inside it.")
        self.size_bytes = size_bytes


class FileNotReadable(DomainError):
    """No copy of this file can ever be read through this service."""

    code = "file-not-readable"


class RestorationNeeded(DomainError):
    """Only nearline copies exist: the file must be restored before it can be read."""

    code = "restoration-needed"


class RestorationRunning(DomainError):
    """The file is being restored: it can be read soon, without anybody asking again."""

    code = "restoration-running"

    def __init__(self, retry_after: int) -> None:
        super().__init__("This file is being restored from a nearline storage. Try again later; it need not be asked.")
        self.retry_after = retry_after


class LiesElsewhere(DomainError):
    """The product only refers to this file: it lies elsewhere on the web, at ``uri``, and no copy of it is here."""

    code = "lies-elsewhere"

    def __init__(self, uri: str) -> None:
        super().__init__("The product only refers to this file: it is to be fetched where it lies, see 'uri'.")
        self.uri = uri


class CopiesUnreachable(DomainError):
    """Copies exist, but none can be read now; trying again later may help."""

    code = "copies-unreachable"


class TicketRefused(DomainError):
    """The ticket does not open this file: unknown, revoked, expired or used up (deliberately not said which)."""

    code = "ticket-refused"


class TenantInMaintenance(DomainError):
    """The tenant's data cannot be changed at present; the message is upstream's sentence."""

    code = "tenant-in-maintenance"

    def __init__(self, tenant: str) -> None:
        super().__init__(f"Tenant {tenant} in maintenance!")
