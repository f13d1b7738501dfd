"""Tokens of other issuers: OpenID Connect providers that a tenant trusts (DESIGN section 12)."""

import asyncio
import base64
import json
from collections.abc import Mapping
from hashlib import sha256

import attrs
from cachetools import LRUCache
from joserfc import jwt
from joserfc.errors import JoseError

from adapters.security.key_sets import KeySets
from adapters.security.tokens import LONGEST_TOKEN, instant
from application.ports.clock import Clock
from application.ports.tokens import ExternalTokenVerifier, InvalidToken
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import Caller
from domain.external_identity import IdentityIssuer, caller_from

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Public-key algorithms only: a key set is public, so no shared-key algorithm may ever be read with it."""

ISSUERS_SECONDS = 30.0
"""How long the configured issuers are known without asking the database again."""
REMEMBERED_SECONDS = 30.0
"""How long a token that was verified is believed without another look at its issuer."""
LEEWAY_SECONDS = 60.0
"""How far the issuer's clock may be off."""


@attrs.frozen
class _Verified:
    caller: Caller
    until: float


class ExternalTokens(ExternalTokenVerifier):
    """Verifies tokens with the key sets of the issuers on record."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, keys: KeySets, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._keys = keys
        self._clock = clock
        self._issuers: dict[str, tuple[IdentityIssuer, ...]] = {}
        self._read_at = float("-inf")
        self._turn = asyncio.Lock()
        self._verified: LRUCache[bytes, _Verified] = LRUCache(maxsize=10_000)

    async def verify(self, token: str) -> Caller | None:
        if len(token) > LONGEST_TOKEN:
            return None
        digest = sha256(token.encode("utf-8", "surrogateescape")).digest()
        known = self._verified.get(digest)
        if known is not None and self._clock.now().timestamp() < known.until:
            return known.caller
        header, claims = _unverified(token, 0), _unverified(token, 1)
        candidates = await self._trusted(claims.get("iss"))
        if not candidates:
            return None
        audiences = claims.get("aud")
        wanted = {audiences} if isinstance(audiences, str) else set(_texts(audiences))
        issuer = next((found for found in candidates if found.audience in wanted), None)
        if issuer is None:
            raise InvalidToken("The token was issued for another service (claim 'aud').")
        key_id = header.get("kid")
        keys = await self._keys.keys(issuer.keys_url, key_id if isinstance(key_id, str) else None)
        try:
            verified = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise InvalidToken("The token was not signed with a key of its issuer.") from error
        expires_at = self._checked_time(verified)
        caller = caller_from(issuer, verified)
        until = min(expires_at, self._clock.now().timestamp() + REMEMBERED_SECONDS)
        self._verified[digest] = _Verified(caller, until)
        return caller

    def _checked_time(self, claims: Mapping[str, object]) -> float:
        now = self._clock.now().timestamp()
        expires_at, not_before = instant(claims, "exp"), instant(claims, "nbf")
        if expires_at is None:
            raise InvalidToken("The token lacks the claim 'exp'.")
        if now >= expires_at + LEEWAY_SECONDS:
            raise InvalidToken("The token has expired; ask for a new one.")
        if not_before is not None and now + LEEWAY_SECONDS < not_before:
            raise InvalidToken("The token is not valid yet.")
        return expires_at + LEEWAY_SECONDS

    async def _trusted(self, issuer: object) -> tuple[IdentityIssuer, ...]:
        if not isinstance(issuer, str):
            return ()
        if not self._is_fresh():
            async with self._turn:
                if not self._is_fresh():
                    await self._read()
        return self._issuers.get(issuer, ())

    def _is_fresh(self) -> bool:
        return self._clock.monotonic() - self._read_at < ISSUERS_SECONDS

    async def _read(self) -> None:
        asked_at = self._clock.monotonic()
        async with self._unit_of_work() as work:
            found: dict[str, tuple[IdentityIssuer, ...]] = {}
            for issuer in await work.issuers.all():
                found[issuer.issuer] = (*found.get(issuer.issuer, ()), issuer)
        self._issuers, self._read_at = found, asked_at


def _unverified(token: str, part: int) -> Mapping[str, object]:
    """A part of the token as it claims to be, only to find out whose keys it must be checked with."""
    try:
        text = token.split(".")[part]
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
