"""What an instance needs to do its work, and whether it has it now."""

from abc import abstractmethod
from typing import Protocol


class HealthCheck(Protocol):
    """One thing that is looked at. ``is_vital``: without it this instance should be sent no work."""

    @property
    @abstractmethod
    def name(self) -> str:
        """A short name, shown to anybody."""

    @property
    @abstractmethod
    def is_vital(self) -> bool:
        """Whether an instance without it is not ready; the others are only reported."""

    @abstractmethod
    async def problem(self) -> str | None:
        """What is wrong, in a sentence that names no tenant, secret or address; ``None`` when all is well.

        May raise a ``PortError``, which counts as a problem. The caller bounds the time that it may take.
        """
