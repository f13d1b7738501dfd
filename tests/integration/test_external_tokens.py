"""Tokens of issuers that tenants trust: with real signatures, and key sets served by something that can fail."""

import base64
import hmac
import json
from datetime import timedelta

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from adapters.security.external import ISSUERS_SECONDS, REMEMBERED_SECONDS, ExternalTokens
from adapters.security.key_sets import AGAIN_SECONDS, FRESH_SECONDS, LARGEST_BYTES, STALE_SECONDS, KeySets
from application.ports.tokens import InvalidToken, IssuerUnavailable
from domain.access import Caller, Role
from domain.errors import Forbidden, InvalidValue
from domain.external_identity import IdentityIssuer
from tests.factories import TENANT
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork

pytestmark = pytest.mark.anyio

RSA = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"})
NEXT_RSA = RSAKey.generate_key(2048, {"kid": "r2", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "e1", "use": "sig"})
KEYS_URL = "https://sso.example.org/keys"


def an_issuer(**changes):
    known = {
        "tenant": TENANT,
        "name": "lab",
        "issuer": "https://sso.example.org",
        "audience": "archive",
        "keys_url": KEYS_URL,
        "role_claim": "realm_access.roles",
        "roles": {"boss": Role.PROJECT_ADMIN, "ops": Role.EXPLOIT},
    }
    return IdentityIssuer(**{**known, **changes})


class Provider:
    """An identity provider's key set behind a transport; ``status`` and ``body`` make it fail."""

    def __init__(self) -> None:
        self.keys = [RSA, EC]
        self.status = 200
        self.body: bytes | None = None
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        body = self.body
        if body is None:
            body = json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        return httpx.Response(self.status, content=body)


def by_shared_key(claims: dict[str, object], key: bytes) -> str:
    """What an attacker makes of a public key: the library refuses to, for good reason."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    text = part(json.dumps({"alg": "HS256", "kid": "r1"}).encode()) + "." + part(json.dumps(claims).encode())
    return text + "." + part(hmac.digest(key, text.encode(), "sha256"))


class Setting:
    def __init__(self, *issuers: IdentityIssuer) -> None:
        self.clock = FixedClock()
        self.provider = Provider()
        self.database = InMemoryDatabase()
        for issuer in issuers or (an_issuer(),):
            self.database.tables.issuers[issuer.tenant, issuer.name] = issuer
        self.keys = KeySets(self.clock, httpx.MockTransport(self.provider))
        self.tokens = ExternalTokens(lambda: InMemoryUnitOfWork(self.database), self.keys, self.clock)

    def claims(self, **changes: object) -> dict[str, object]:
        now = int(self.clock.now().timestamp())
        known = {
            "iss": "https://sso.example.org",
            "aud": ["archive", "else"],
            "exp": now + 300,
            "email": "alice@x.org",
            "groups": ["Team", 3],
            "realm_access": {"roles": ["ops", "boss", "unknown"]},
            "tenant": "other",
            "role": "INSTANCE_ADMIN",
        }
        return {name: value for name, value in {**known, **changes}.items() if value is not None}

    def signed(self, key=RSA, algorithm: str = "RS256", header: dict | None = None, **changes: object) -> str:
        head = {"alg": algorithm, "kid": key.kid} if header is None else header
        return jwt.encode(head, self.claims(**changes), key, algorithms=[algorithm])


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (RSA, "RS512"), (EC, "ES256")])
async def test_a_signed_token_names_a_user_of_the_issuers_tenant_whatever_it_says_itself(key, algorithm):
    setting = Setting()

    caller = await setting.tokens.verify(setting.signed(key, algorithm))

    assert caller == Caller(TENANT, "alice@x.org", Role.PROJECT_ADMIN, frozenset({"Team"}))


async def test_without_a_mapped_role_the_default_counts():
    setting = Setting(an_issuer(default_role=Role.PUBLIC))

    assert (await setting.tokens.verify(setting.signed(realm_access={"roles": "INSTANCE_ADMIN"}))).role is Role.PUBLIC


async def test_a_token_of_nobody_that_is_known_is_left_to_others():
    setting = Setting()

    for token in (setting.signed(iss="https://other.example.org"), setting.signed(iss=None), "x", "a.b.c", ""):
        assert await setting.tokens.verify(token) is None
    assert setting.provider.asked == 0


@pytest.mark.parametrize(
    "changes",
    [{"aud": "another"}, {"aud": None}, {"exp": None}, {"exp": 1}, {"nbf": 4_000_000_000}, {"exp": "soon"}],
)
async def test_what_is_not_for_us_or_not_now_is_refused(changes):
    setting = Setting()

    with pytest.raises(InvalidToken):
        await setting.tokens.verify(setting.signed(**changes))


@pytest.mark.parametrize(
    "changes", [{"email": None}, {"email": "public@regards.com"}, {"email_verified": False}, {"email": "x" * 129}]
)
async def test_a_token_that_names_no_possible_user_is_refused(changes):
    setting = Setting()

    with pytest.raises(Forbidden):
        await setting.tokens.verify(setting.signed(**changes))


async def test_a_foreign_signature_and_a_shared_key_made_of_the_public_one_are_refused():
    setting = Setting()
    confused = by_shared_key(setting.claims(), RSA.as_pem(private=False))
    forged = setting.signed(NEXT_RSA, header={"alg": "RS256", "kid": "r1"})
    head, body, _ = setting.signed().split(".")
    unsigned = f"{head}.{body}."

    for token in (confused, forged, unsigned):
        with pytest.raises(InvalidToken):
            await setting.tokens.verify(token)


async def test_a_rotated_key_is_fetched_when_a_token_names_it_but_not_at_every_call():
    setting = Setting()
    await setting.tokens.verify(setting.signed())
    setting.provider.keys = [NEXT_RSA]

    with pytest.raises(InvalidToken):
        await setting.tokens.verify(setting.signed(NEXT_RSA))
    assert setting.provider.asked == 1
    setting.clock.advance(timedelta(seconds=AGAIN_SECONDS))

    assert await setting.tokens.verify(setting.signed(NEXT_RSA)) is not None
    assert setting.provider.asked == 2


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": [{"kty": "odd"}]}', b"x" * (LARGEST_BYTES + 1)])
async def test_an_issuer_without_a_usable_key_set_is_unavailable(body):
    setting = Setting()
    setting.provider.body = body

    with pytest.raises(IssuerUnavailable):
        await setting.tokens.verify(setting.signed())


async def test_known_keys_outlive_an_outage_for_a_day_and_no_longer():
    setting = Setting()
    await setting.tokens.verify(setting.signed())
    setting.provider.status = 500
    setting.clock.advance(timedelta(seconds=FRESH_SECONDS + 1))

    assert await setting.tokens.verify(setting.signed()) is not None
    setting.clock.advance(timedelta(seconds=STALE_SECONDS))

    with pytest.raises(IssuerUnavailable):
        await setting.tokens.verify(setting.signed())


async def test_a_removed_issuer_is_forgotten_within_its_stated_time():
    setting = Setting()
    token = setting.signed()
    await setting.tokens.verify(token)
    setting.database.tables.issuers.clear()

    setting.clock.advance(timedelta(seconds=ISSUERS_SECONDS + REMEMBERED_SECONDS))

    assert await setting.tokens.verify(token) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"keys_url": "http://sso.example.org/keys"},
        {"keys_url": "http://localhost.example.org/keys"},
        {"keys_url": "file:///etc/passwd"},
        {"name": "a b"},
        {"issuer": ""},
        {"audience": ""},
        {"default_role": Role.INSTANCE_ADMIN},
        {"roles": {"x": Role.SYSTEM}},
    ],
)
def test_an_issuer_that_reaches_too_far_is_refused(changes):
    with pytest.raises(InvalidValue):
        an_issuer(**changes)
