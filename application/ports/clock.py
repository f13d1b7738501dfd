"""Time enters here and nowhere else."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time for what is recorded, monotonic time for what is measured."""

    @abstractmethod
    def now(self) -> datetime:
        """The current instant, aware and in UTC."""

    @abstractmethod
    def monotonic(self) -> float:
        """Seconds that never step back; only differences mean something."""
