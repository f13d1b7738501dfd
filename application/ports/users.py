"""The embedded user table, the issuers of other identities, and what makes passwords unreadable."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from domain.external_identity import IdentityIssuer
from domain.guessing import Visitor
from domain.user import User


class UserRepository(Protocol):
    """Users by tenant and e-mail."""

    @abstractmethod
    async def get(self, tenant: str, email: str) -> User | None:
        """One user."""

    @abstractmethod
    async def locked(self, tenant: str, email: str) -> User | None:
        """One user, whom no other unit of work changes until this one ends."""

    @abstractmethod
    async def page(self, tenant: str, *, after: str | None, limit: int) -> tuple[User, ...]:
        """Users by e-mail."""

    @abstractmethod
    async def save(self, user: User) -> None:
        """Insert or replace."""

    @abstractmethod
    async def remove(self, tenant: str, email: str) -> bool:
        """Delete, with all visitors; ``False`` when there is no such user."""

    @abstractmethod
    async def visitor(self, tenant: str, email: str, address: str) -> Visitor | None:
        """What is known of an address; whoever changes it has the user ``locked``."""

    @abstractmethod
    async def save_visitor(self, visitor: Visitor) -> None:
        """Insert or replace."""

    @abstractmethod
    async def forget_visitors(self, tenant: str, email: str, before: datetime | None = None) -> None:
        """Delete what was tried before, or everything, from any address."""


class IssuerRepository(Protocol):
    """Issuers by tenant and name."""

    @abstractmethod
    async def all(self, tenant: str | None = None) -> tuple[IdentityIssuer, ...]:
        """The issuers of one tenant, or of all, by tenant and name."""

    @abstractmethod
    async def save(self, issuer: IdentityIssuer) -> None:
        """Insert or replace. Raises ``Conflict`` when the pair of issuer and audience is another one's already."""

    @abstractmethod
    async def remove(self, tenant: str, name: str) -> bool:
        """Delete; ``False`` when there is no such issuer."""


class PasswordHasher(Protocol):
    """Passwords as what can be checked and not read. Takes its time, in a thread; raises ``Overloaded`` in a flood."""

    @abstractmethod
    async def hash(self, password: str) -> str:
        """What to store."""

    @abstractmethod
    async def matches(self, password_hash: str, password: str) -> bool:
        """Whether this password was hashed to that. Takes as long for a hash that nothing matches."""

    @abstractmethod
    def nothing(self) -> str:
        """A hash that no password matches, for users who do not exist."""

    @abstractmethod
    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with weaker parameters than are used now."""
