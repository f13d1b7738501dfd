"""Sending clients to the storage itself, by a URL that it has signed for a short time."""

import asyncio
from datetime import timedelta

import attrs

from application.delivery.copies import CopyLog
from application.errors import StorageUnavailable
from application.ports.storage import SigningStorage, StorageRegistry
from domain.file import ArchiveFile
from domain.redirection import way_of
from domain.selection import Copy
from domain.storage_location import Delivery

SIGNED_SECONDS = 10.0
"""How long a storage may take to sign."""


@attrs.frozen
class Redirected:
    """The client fetches the bytes from the storage itself. Whoever has the URL can, so it is in no log."""

    file: ArchiveFile
    url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Redirects:
    """Which downloads are redirected, and where to."""

    registry: StorageRegistry
    log: CopyLog
    lifetime: timedelta = timedelta(seconds=60)
    includes_limited_tickets: bool = False

    def signer_of(self, copy: Copy, *, parts: int, has_limited_ticket: bool) -> SigningStorage | None:
        """The storage that the client is to be sent to; ``None`` when it is to be served by us."""
        assert copy.storage is not None, "only copies on configured storages are chosen"
        if copy.storage.delivery is not Delivery.REDIRECT:
            return None
        try:
            storage = self.registry.storage(copy.storage)
        except StorageUnavailable:
            # Opening it will say so, and try the next copy.
            return None
        way = way_of(
            copy.storage,
            can_sign=isinstance(storage, SigningStorage),
            parts=parts,
            has_limited_ticket=has_limited_ticket,
            redirects_limited_tickets=self.includes_limited_tickets,
        )
        return storage if way is Delivery.REDIRECT and isinstance(storage, SigningStorage) else None

    async def signed(self, signer: SigningStorage, copy: Copy, file: ArchiveFile, *, is_inline: bool) -> str | None:
        """The signed URL; ``None`` when the storage cannot sign one now, so that we have to serve the client."""
        try:
            async with asyncio.timeout(SIGNED_SECONDS):
                return await signer.sign(
                    copy.location,
                    lifetime=self.lifetime,
                    file_name=file.file_name,
                    media_type=file.content_type,
                    is_inline=is_inline,
                )
        except Exception as error:  # noqa: BLE001 — foreign code, and the client can be served all the same.
            self.log("copy-not-signed", copy, error)
            return None
