"""What is asked for when a file is downloaded, and the answers there are before the first byte leaves."""

import attrs

from application.delivery.delivery import Delivery
from application.use_cases.close_download import CloseDownload
from domain.account import AccountKey
from domain.byte_range import ByteRange
from domain.download import Transfer
from domain.file import ArchiveFile
from domain.preconditions import Conditions
from domain.quota import Refusal


@attrs.frozen(kw_only=True)
class DownloadRequest:
    """Who wants which file, and on what conditions. ``ticket_id`` names the ticket that was shown, if any.

    ``file_name`` is what a catalogue calls the file, where that is not its name on record. ``ticket_token`` (the ticket
    itself) and ``accept`` (how the client wants refusals written) are for who has another instance answer.
    """

    account: AccountKey
    checksum: str
    conditions: Conditions
    is_head: bool = False
    ticket_id: str | None = None
    client: str = ""
    is_inline: bool = False
    has_limited_ticket: bool = False
    file_name: str | None = None
    ticket_token: str | None = attrs.field(default=None, repr=False)
    accept: str = ""


@attrs.frozen
class NotModified:
    """The client's copy is current."""

    file: ArchiveFile


@attrs.frozen
class Described:
    """The answer to HEAD: what GET would send, without its cost."""

    file: ArchiveFile


@attrs.frozen(kw_only=True)
class Refused:
    """The ledger refused; nothing has changed. ``retry_after`` in seconds where waiting helps."""

    refusal: Refusal
    retry_after: int | None


@attrs.frozen(kw_only=True)
class Opened:
    """A granted and opened transfer. ``ranges`` is ``None`` for the whole file. Must end in ``close``."""

    file: ArchiveFile
    transfer: Transfer
    ranges: tuple[ByteRange, ...] | None
    delivery: Delivery
    close: CloseDownload
