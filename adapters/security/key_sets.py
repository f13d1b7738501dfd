"""Public keys of issuers (RFC 7517), fetched when they are needed and kept for a stated time."""

import asyncio
import json

import attrs
import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from application.ports.clock import Clock
from application.ports.tokens import IssuerUnavailable

FRESH_SECONDS = 600.0
"""How long keys are used without looking again."""
STALE_SECONDS = 24 * 3600.0
"""How long they are used while the issuer does not answer."""
AGAIN_SECONDS = 30.0
"""How often at most an issuer is asked, whatever keys tokens name."""
LARGEST_BYTES = 256 * 1024
TIMEOUT_SECONDS = 5.0


@attrs.define(eq=False)
class _Kept:
    keys: KeySet | None = None
    fetched_at: float = float("-inf")
    asked_at: float = float("-inf")
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)


class KeySets:
    """Key sets by URL. Close it with ``aclose``."""

    def __init__(self, clock: Clock, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """``transport`` ``None`` is the network. Redirects are not followed: the operator named the place."""
        self._clock = clock
        self._client = httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._kept: dict[str, _Kept] = {}

    async def keys(self, url: str, key_id: str | None) -> KeySet:
        """The keys at this URL, fetched anew when none has the wanted id. Raises ``IssuerUnavailable``."""
        kept = self._kept.setdefault(url, _Kept())
        if not self._suffices(kept, key_id):
            async with kept.turn:
                if not self._suffices(kept, key_id):
                    await self._fetch(url, kept)
        if kept.keys is None or self._clock.monotonic() - kept.fetched_at > STALE_SECONDS:
            raise IssuerUnavailable("The keys of the token's issuer cannot be fetched at present. Try again later.")
        return kept.keys

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _suffices(self, kept: _Kept, key_id: str | None) -> bool:
        now = self._clock.monotonic()
        if now - kept.asked_at < AGAIN_SECONDS:
            return True
        is_fresh = kept.keys is not None and now - kept.fetched_at < FRESH_SECONDS
        return is_fresh and (key_id is None or any(key.kid == key_id for key in kept.keys or ()))

    async def _fetch(self, url: str, kept: _Kept) -> None:
        kept.asked_at = self._clock.monotonic()
        try:
            async with self._client.stream("GET", url, headers={"accept": "application/json"}) as answer:
                answer.raise_for_status()
                body = bytearray()
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > LARGEST_BYTES:
                        return
            kept.keys = KeySet.import_key_set(json.loads(body))
        except (httpx.HTTPError, httpx.InvalidURL, JoseError, ValueError, TypeError, KeyError, RecursionError):
            # What was fetched before stays in use for a while; without any, the caller is told.
            return
        kept.fetched_at = self._clock.monotonic()
