"""What is counted about downloads, as far as the use cases know it. Nobody is named: these numbers are public."""

from abc import abstractmethod
from typing import Protocol


class DownloadMetrics(Protocol):
    """Counts. No method raises, or takes noticeable time."""

    @abstractmethod
    def started(self) -> None:
        """A transfer was admitted."""

    @abstractmethod
    def refused(self, reason: str) -> None:
        """An admission was refused; ``reason`` is one of a few fixed words."""

    @abstractmethod
    def ended(self, *, is_completed: bool, delivered_bytes: int) -> None:
        """A transfer was settled."""

    @abstractmethod
    def cool_down_began(self) -> None:
        """A storage failed and is left alone for a while."""

    @abstractmethod
    def unverified(self) -> None:
        """A file left unhashed although its storage verifies: its algorithm cannot be computed here."""

    @abstractmethod
    def scrubbed(self, result: str, read_bytes: int) -> None:
        """A copy was read for its integrity; ``result`` is one of a few fixed words."""


class NoDownloadMetrics(DownloadMetrics):
    """Counts nothing."""

    def started(self) -> None:
        """Count nothing."""

    def refused(self, reason: str) -> None:
        """Count nothing."""

    def ended(self, *, is_completed: bool, delivered_bytes: int) -> None:
        """Count nothing."""

    def cool_down_began(self) -> None:
        """Count nothing."""

    def unverified(self) -> None:
        """Count nothing."""

    def scrubbed(self, result: str, read_bytes: int) -> None:
        """Count nothing."""


NO_METRICS = NoDownloadMetrics()
