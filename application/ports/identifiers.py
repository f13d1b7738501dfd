"""Identifiers and secrets enter here."""

from abc import abstractmethod
from typing import Protocol


class IdSource(Protocol):
    """Source of randomness."""

    @abstractmethod
    def new_id(self) -> str:
        """A fresh identifier, unique across instances, sortable by nothing."""

    @abstractmethod
    def new_secret(self) -> str:
        """256 random bits as URL-safe text."""
