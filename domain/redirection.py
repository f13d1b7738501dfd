"""Whether a client is sent to the storage itself instead of being served by us."""

from domain.storage_location import Delivery, StorageLocation


def way_of(
    storage: StorageLocation,
    *,
    can_sign: bool,
    parts: int,
    has_limited_ticket: bool = False,
    redirects_limited_tickets: bool = False,
) -> Delivery:
    """How the bytes of a copy on this storage reach a client that asks for ``parts`` ranges (a whole file is one).

    - Streamed unless the storage is set to redirect, and its plugin can sign URLs.
    - A storage whose bytes are verified is streamed: what we do not see, we cannot verify.
    - Several ranges in one answer are streamed: storages do not answer them alike.
    - A signed URL can be fetched more than once, so a ticket for a number of downloads is streamed, unless the
      operator has said that this does not matter.
    """
    if storage.delivery is not Delivery.REDIRECT or not can_sign or storage.verify:
        return Delivery.STREAM
    if parts > 1 or (has_limited_ticket and not redirects_limited_tickets):
        return Delivery.STREAM
    return Delivery.REDIRECT
