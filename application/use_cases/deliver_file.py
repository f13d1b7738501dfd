"""Deliver a file to a caller who may have it: here, or by another instance."""

from abc import abstractmethod
from typing import Protocol

from application.delivery.redirect import Redirected
from application.use_cases.download_answers import Described, DownloadRequest, NotModified, Opened, Refused
from application.use_cases.relay_download import Relayed

Delivered = NotModified | Described | Refused | Redirected | Opened | Relayed
"""How it begins: nothing has left yet."""


class DeliverFile(Protocol):
    """What the addresses that bytes leave through stand in front of: ``OpenDownload``, or ``RelayDownload``."""

    @abstractmethod
    async def execute(self, request: DownloadRequest) -> Delivered:
        """Decide, charge, and have the first bytes at hand.

        Raises ``DomainError`` and ``PortError`` as the implementations say.
        """
