"""Other instances of this service that deliver files in place of this one."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

import attrs

from application.errors import PortError
from domain.account import AccountKey
from domain.availability import CopyAvailability
from domain.preconditions import Conditions


class DownloaderUnavailable(PortError):
    """The instance did not answer, or broke off; another one, or another time, may do."""

    code: ClassVar[str] = "downloader-unavailable"


@attrs.frozen(kw_only=True)
class WantedFile:
    """What is asked of another instance: a file, on the account of somebody who was found to be allowed to have it.

    With ``ticket``, the token itself, the account is the ticket's. ``accept`` is how the client wants refusals written,
    ``client`` its own words.
    """

    account: AccountKey
    checksum: str
    conditions: Conditions
    is_head: bool
    is_inline: bool
    client: str = ""
    accept: str = ""
    ticket: str | None = attrs.field(default=None, repr=False)


class RemoteAnswer(Protocol):
    """The answer of an instance: its status, its fields, and its body as far as it is wanted."""

    status: int
    fields: tuple[tuple[str, str], ...]
    """Names in lower case; those that concern one connection only are left out."""

    @abstractmethod
    async def next_bytes(self) -> bytes:
        """The next bytes of the body; empty at its end.

        Raises ``DownloaderUnavailable`` when it ends before its announced end: then it is not complete.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Give the answer up: what was not read ends the transfer on the other side at once. Never raises."""


class Downloader(Protocol):
    """Asks one instance. Nothing is kept in memory but the piece at hand: who does not read holds the instance up."""

    @abstractmethod
    async def ask(self, instance: str, wanted: WantedFile) -> RemoteAnswer:
        """The instance's answer, whatever its status. ``instance`` is a base URL.

        Raises ``DownloaderUnavailable``: nothing of the answer has come then.
        """

    @abstractmethod
    async def availability(
        self, instance: str, tenant: str, checksums: Sequence[str]
    ) -> Mapping[str, CopyAvailability]:
        """What the instance says of files, at most ``MOST_CHECKSUMS``; those that it does not know are left out.

        Raises ``DownloaderUnavailable``.
        """

    @abstractmethod
    async def is_there(self, instance: str) -> bool:
        """Whether the instance answers at all. Never raises."""
