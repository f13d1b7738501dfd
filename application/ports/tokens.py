"""Session tokens: who a bearer of a token is."""

from abc import abstractmethod
from datetime import timedelta
from typing import ClassVar, Protocol

from application.errors import PortError
from domain.access import Caller


class InvalidToken(PortError):
    """The token proves nothing: wrong signature or algorithm, expired, not valid yet, or a claim is missing."""

    code: ClassVar[str] = "invalid-token"


class TokenVerifier(Protocol):
    """Reads tokens that callers present."""

    @abstractmethod
    def verify(self, token: str) -> Caller:
        """The caller that the token names. Raises ``InvalidToken``, whose message never quotes the token."""


class IssuerUnavailable(PortError):
    """The keys of the token's issuer cannot be had now; trying again later may help."""

    code: ClassVar[str] = "issuer-unavailable"


class ExternalTokenVerifier(Protocol):
    """Reads tokens of the issuers that tenants trust beside this service."""

    @abstractmethod
    async def verify(self, token: str) -> Caller | None:
        """The caller that the token names; ``None`` when it is of no issuer that is known here.

        Raises ``InvalidToken``, ``IssuerUnavailable``, ``Forbidden``, ``DatabaseUnavailable``.
        """


class TokenIssuer(Protocol):
    """Makes tokens that a ``TokenVerifier`` with the same key accepts."""

    @abstractmethod
    def issue(self, caller: Caller, lifetime: timedelta) -> str:
        """A token for the caller, valid from now for the given time."""
