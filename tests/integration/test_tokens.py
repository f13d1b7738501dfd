"""Session tokens: what is accepted, and the many things that are not."""

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from adapters.security.tokens import CACHED_TOKENS, LONGEST_TOKEN, JwtTokens
from application.ports.tokens import InvalidToken
from domain.access import Caller, Role
from tests.fakes.fixed_clock import FixedClock

KEY = b"k" * 64
OTHER_KEY = b"o" * 64
ALICE = Caller("demo", "alice@x.org", Role.REGISTERED_USER)
LATER = 4_000_000_000


def signed(claims: dict[str, object], *, algorithm: str = "HS512", key: bytes = KEY) -> str:
    return jwt.encode({"alg": algorithm}, claims, OctKey.import_key(key), algorithms=[algorithm])


def claims(**changes: object) -> dict[str, object]:
    known = {"tenant": "demo", "role": "REGISTERED_USER", "email": "alice@x.org", "sub": "alice", "exp": LATER}
    return {name: value for name, value in {**known, **changes}.items() if value is not None}


def tokens(clock: FixedClock | None = None) -> JwtTokens:
    return JwtTokens(KEY, clock or FixedClock())


@pytest.mark.parametrize("role", list(Role))
def test_what_was_issued_is_accepted(role):
    caller = Caller("demo", "alice@x.org", role)

    assert tokens().verify(tokens().issue(caller, timedelta(minutes=1))) == caller


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_every_allowed_algorithm_is_accepted(algorithm):
    assert tokens().verify(signed(claims(), algorithm=algorithm)) == ALICE


def test_without_an_email_the_subject_names_the_user():
    assert tokens().verify(signed(claims(email=None))).email == "alice"


def test_a_service_of_the_system_is_a_caller():
    assert tokens().verify(signed(claims(role="ROLE_SYS_CATALOG"))).role is Role.SYSTEM


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": None},
        {"tenant": ""},
        {"tenant": 1},
        {"role": None},
        {"role": "ROOT"},
        {"role": "SYSTEM"},
        {"email": None, "sub": None},
        {"email": "ticket:1"},
        {"email": "x" * 200},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 1},
        {"exp": 10**400},
        {"exp": float("nan")},
        {"nbf": LATER - 1},
        {"nbf": "now"},
    ],
    ids=str,
)
def test_a_token_with_wrong_claims_proves_nothing(changes):
    with pytest.raises(InvalidToken):
        tokens().verify(signed(claims(**changes)))


def test_a_token_signed_with_another_key_proves_nothing():
    with pytest.raises(InvalidToken):
        tokens().verify(signed(claims(), key=OTHER_KEY))


def test_a_token_without_signature_proves_nothing():
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    for header in ({"alg": "none"}, {"alg": "None"}, {"alg": "HS512"}, {}, {"alg": "RS256"}, {"alg": "HS1"}):
        with pytest.raises(InvalidToken):
            tokens().verify(f"{part(header)}.{part(claims())}.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é",
        "\udce9",
        "x" * (LONGEST_TOKEN + 1),
        base64.b64encode(b"[" * 9000).decode() + ".e30.x",
    ],
    ids=["empty", "dot", "dots", "words", "accent", "surrogate", "long", "nested"],
)
def test_text_that_is_no_token_proves_nothing(text):
    with pytest.raises(InvalidToken):
        tokens().verify(text)


def test_a_changed_token_proves_nothing():
    head, body, signature = signed(claims()).split(".")

    with pytest.raises(InvalidToken):
        tokens().verify(f"{head}.{body}.{signature[::-1]}")


def test_a_token_expires_even_when_it_is_remembered():
    clock = FixedClock()
    verifier = tokens(clock)
    token = verifier.issue(ALICE, timedelta(seconds=10))

    clock.advance(timedelta(seconds=9))
    assert verifier.verify(token) == ALICE
    clock.advance(timedelta(seconds=1))
    for _ in range(2):
        with pytest.raises(InvalidToken, match="expired"):
            verifier.verify(token)


def test_a_token_becomes_valid_in_time():
    clock = FixedClock()
    verifier = tokens(clock)
    token = signed(claims(nbf=clock.now().timestamp() + 5))

    with pytest.raises(InvalidToken, match="not valid yet"):
        verifier.verify(token)
    clock.advance(timedelta(seconds=5))

    assert verifier.verify(token) == ALICE


def test_no_message_quotes_the_token():
    token = signed(claims(role="ROOT"))

    with pytest.raises(InvalidToken) as refused:
        tokens().verify(token)

    assert token not in str(refused.value)


def test_what_is_remembered_is_bounded():
    verifier = tokens()
    verifier.verify(signed(claims()))

    assert verifier._verified.maxsize == CACHED_TOKENS
