"""Who is calling: a bearer token, or the public user of a named tenant (contract-downloader 10.1)."""

import asyncio

import attrs
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from application.ports.clock import Clock
from application.ports.tokens import ExternalTokenVerifier, InvalidToken, TokenVerifier
from application.use_cases.list_tenants import ListTenants
from application.use_cases.switch_maintenance import ListMaintenance
from domain.access import Caller
from domain.errors import Forbidden

MISSING_SCOPE = "[REGARDS PUBLIC FILTER] Missing 'scope' header or param, and no bearer token was sent."

KNOWN_FOR_SECONDS = 2.0
"""How long a tenant is taken as served, and as in maintenance or not, without asking the database again."""

UNKNOWN_FOR_SECONDS = 1.0
"""How long at most a new tenant is unknown to an instance that has just been asked for it."""


class KnownTenants:
    """The tenants that are served, read again after a stated time."""

    def __init__(self, list_tenants: ListTenants, list_maintenance: ListMaintenance, clock: Clock) -> None:
        self._list_tenants = list_tenants
        self._list_maintenance = list_maintenance
        self._clock = clock
        self._names: frozenset[str] = frozenset()
        self._in_maintenance: frozenset[str] = frozenset()
        self._read_at: float | None = None
        self._turn = asyncio.Lock()

    async def serves(self, tenant: str) -> bool:
        """Whether the tenant is served. Raises ``DatabaseUnavailable``."""
        if not self._is_fresh(tenant):
            async with self._turn:
                if not self._is_fresh(tenant):
                    await self._read()
        return tenant in self._names

    def in_maintenance(self, tenant: str) -> bool:
        """Whether the tenant, for which ``serves`` was asked just before, is in maintenance."""
        return tenant in self._in_maintenance

    def _is_fresh(self, tenant: str) -> bool:
        lifetime = KNOWN_FOR_SECONDS if tenant in self._names else UNKNOWN_FOR_SECONDS
        return self._read_at is not None and self._clock.monotonic() - self._read_at < lifetime

    async def _read(self) -> None:
        asked_at = self._clock.monotonic()
        self._names = frozenset(await self._list_tenants.execute())
        modes = await self._list_maintenance.execute()
        self._in_maintenance = frozenset(mode.tenant for mode in modes if mode.active)
        self._read_at = asked_at


NOT_IN_ADDRESSES = (
    "A session token in an address ends up in logs and histories: send it as 'Authorization: Bearer <token>', "
    "or ask for a download ticket."
)


@attrs.frozen
class Authenticator:
    """Identifies callers, by a token of this service or of an issuer that a tenant trusts.

    A query parameter ``token`` is read only where the operator has switched that on: addresses end up in logs.
    """

    verifier: TokenVerifier
    tenants: KnownTenants
    external: ExternalTokenVerifier | None = attrs.field(default=None, kw_only=True)
    reads_token_in_url: bool = attrs.field(default=False, kw_only=True)

    async def identify(self, *, authorization: str | None, scope: str | None) -> Caller:
        """The caller, from the fields ``Authorization`` and ``scope`` (header or query parameter) of a request.

        The token's tenant is authoritative: with a token, ``scope`` is not read. Raises ``InvalidToken``,
        ``NotAuthorizedException`` (401), and ``Forbidden`` for a token of a tenant that is not served.
        """
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise NotAuthorizedException(detail="Only 'Authorization: Bearer <token>' is understood.")
            caller = await self._verified(token.strip())
            if not await self.tenants.serves(caller.tenant):
                raise Forbidden("The token's tenant is not served here.")
            return caller
        if not scope:
            raise NotAuthorizedException(detail=MISSING_SCOPE)
        if not await self.tenants.serves(scope):
            raise NotAuthorizedException(detail="The 'scope' header or param names no tenant that is served here.")
        return Caller.anonymous(scope)

    async def _verified(self, token: str) -> Caller:
        try:
            return self.verifier.verify(token)
        except InvalidToken:
            if self.external is None or (caller := await self.external.verify(token)) is None:
                raise
            return caller


class AuthenticationMiddleware(AbstractAuthenticationMiddleware):
    """Puts the ``Caller`` into ``request.user``, and whether their tenant is in maintenance into ``request.auth``.

    Routes marked public by ``roles.everybody`` are left alone.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        super().__init__(app, exclude_from_auth_key="everybody")
        self._authenticator = authenticator

    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:  # type: ignore[type-arg]  # the base class leaves its four parameters open
        """Identify the caller of one request."""
        authorization = connection.headers.get("authorization")
        if authorization is None:
            authorization = self._from_url(connection)
        # Reading the query costs more than verifying a known token, and a token makes the scope meaningless.
        scope = None
        if authorization is None:
            scope = connection.headers.get("scope") or connection.query_params.get("scope")
        caller = await self._authenticator.identify(authorization=authorization, scope=scope)
        return AuthenticationResult(user=caller, auth=self._authenticator.tenants.in_maintenance(caller.tenant))

    def _from_url(self, connection: ASGIConnection) -> str | None:  # type: ignore[type-arg]  # as above
        """The query parameter ``token`` as the field it stands for. Raises ``NotAuthorizedException``."""
        if b"token=" not in connection.scope.get("query_string", b""):
            return None
        token = connection.query_params.get("token")
        if not token:
            return None
        if not self._authenticator.reads_token_in_url:
            raise NotAuthorizedException(detail=NOT_IN_ADDRESSES)
        return f"Bearer {token}"
