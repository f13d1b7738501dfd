"""Keeping the secrets in the parameters of storages unreadable where they are stored."""

from abc import abstractmethod
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class SecretPlace:
    """Where a secret belongs; sealed for one place, it opens nowhere else."""

    tenant: str
    storage: str
    parameter: str


class SecretBox(Protocol):
    """Seals and opens secrets. What is sealed is text that tells nothing of the secret but, roughly, its length."""

    @abstractmethod
    def seal(self, secret: str, place: SecretPlace) -> str:
        """The secret, encrypted with the newest key; twice the same secret looks different each time."""

    @abstractmethod
    def open(self, sealed: str, place: SecretPlace) -> str:
        """The secret. Raises ``SecretUnreadable``, which says what to do."""

    @abstractmethod
    def is_newest(self, sealed: str) -> bool:
        """Whether the newest key sealed it."""
