"""Session tokens: JSON Web Tokens signed with a shared key (contract-downloader 10.1)."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import attrs
from cachetools import LRUCache
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from application.ports.clock import Clock
from application.ports.tokens import InvalidToken, TokenIssuer, TokenVerifier
from domain.access import SYSTEM_ROLE_PREFIX, Caller, Role
from domain.account import AccountKey
from domain.errors import InvalidValue

ALGORITHMS = ("HS256", "HS384", "HS512")
ISSUER = "regards"
ISSUED_WITH = "HS512"

CACHED_TOKENS = 10_000
LONGEST_TOKEN = 16 * 1024


@attrs.frozen
class _Verified:
    caller: Caller
    expires_at: float


class JwtTokens(TokenVerifier, TokenIssuer):
    """Verifies and issues tokens with one shared key.

    A token that was verified is remembered by its SHA-256 until it expires (at most ``CACHED_TOKENS`` of them): the
    signature costs 25 microseconds, the lookup less than one. Not for several threads.
    """

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = OctKey.import_key(key)
        self._clock = clock
        self._verified: LRUCache[bytes, _Verified] = LRUCache(maxsize=CACHED_TOKENS)

    def verify(self, token: str) -> Caller:
        digest = sha256(token.encode("utf-8", "surrogateescape")).digest()
        now = self._clock.now().timestamp()
        known = self._verified.get(digest)
        if known is None:
            known = self._read(token, now)
            self._verified[digest] = known
        if now >= known.expires_at:
            self._verified.pop(digest, None)
            raise InvalidToken("The token has expired; ask for a new one.")
        return known.caller

    def issue(self, caller: Caller, lifetime: timedelta) -> str:
        now = self._clock.now()
        claims = {
            "iss": ISSUER,
            "iat": int(now.timestamp()),
            "exp": math.ceil((now + lifetime).timestamp()),
            "sub": caller.email,
            "email": caller.email,
            "tenant": caller.tenant,
            "role": _claim(caller.role),
        } | ({"accessGroups": sorted(caller.groups)} if caller.groups else {})
        return jwt.encode({"alg": ISSUED_WITH}, claims, self._key, algorithms=[ISSUED_WITH])

    def _read(self, token: str, now: float) -> _Verified:
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken("The token is too long.")
        try:
            claims = jwt.decode(token, self._key, algorithms=ALGORITHMS).claims
        # A header nested a thousand times deep ends in RecursionError, and this text comes from anybody.
        except (JoseError, ValueError, RecursionError) as error:
            raise InvalidToken("The token cannot be read, or was not signed with this service's key.") from error
        expires_at, not_before = instant(claims, "exp"), instant(claims, "nbf")
        if expires_at is None:
            raise InvalidToken("The token lacks the claim 'exp'.")
        if not_before is not None and now < not_before:
            raise InvalidToken("The token is not valid yet.")
        email = _text(claims, "email") or _text(claims, "sub")
        if email is None:
            raise InvalidToken("The token lacks the claim 'email' or 'sub'.")
        tenant, role = _text(claims, "tenant"), _text(claims, "role")
        if tenant is None or role is None:
            raise InvalidToken("The token lacks the claim 'tenant' or 'role'.")
        try:
            account = AccountKey.of_user(tenant, email)
            caller = Caller(account.tenant, account.email, Role.parse(role), _groups(claims))
            return _Verified(caller, expires_at)
        except InvalidValue as error:
            raise InvalidToken(f"The token names no possible user: {error}") from error


def _claim(role: Role) -> str:
    return f"{SYSTEM_ROLE_PREFIX}DOWNLOADER" if role is Role.SYSTEM else role.name


def _text(claims: dict[str, object], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


def _groups(claims: dict[str, object]) -> frozenset[str]:
    """Access groups that the token states (contract-catalog section 2.2, delegated security)."""
    value = claims.get("accessGroups")
    return frozenset(name for name in value if isinstance(name, str)) if isinstance(value, list) else frozenset()


def instant(claims: Mapping[str, object], name: str) -> float | None:
    """A ``NumericDate`` (RFC 7519 section 2) as seconds of the epoch."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_date(value):
        raise InvalidToken(f"The claim {name!r} is no date.")
    return float(value)


def _is_date(value: float) -> bool:
    try:
        datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return False
    return True
