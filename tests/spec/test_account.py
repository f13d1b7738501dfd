"""Accounts and their limits."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import ANONYMOUS_EMAIL
from domain.account import MAXIMUM_EMAIL_LENGTH, TICKET_ACCOUNT_PREFIX, Account, AccountKey
from domain.errors import InvalidValue
from domain.limits import Limits
from tests.factories import ALICE, TENANT, an_account, limits


def test_the_anonymous_user_inherits_nothing():
    anonymous = Account(key=attrs.evolve(ALICE, email="public@regards.com"))

    assert anonymous.effective_limits(limits(5, 5)) == limits(0, 0)
    assert attrs.evolve(anonymous, limits=limits(1, 2)).effective_limits(limits(5, 5)) == limits(1, 2)
    assert an_account().effective_limits(limits(5, 5)) == limits(5, 5)
    assert an_account(own=limits(0, 0)).effective_limits(limits(5, 5)) == limits(0, 0)


@pytest.mark.parametrize("email", ["", "x" * 129, "a\x00b", "a\ud800b", "ticket:k1"])
def test_some_texts_are_no_user(email):
    with pytest.raises(InvalidValue):
        AccountKey.of_user(TENANT, email)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=MAXIMUM_EMAIL_LENGTH))
def test_a_user_is_never_taken_for_a_ticket(email):
    if email.startswith(TICKET_ACCOUNT_PREFIX):
        return
    key = AccountKey.of_user(TENANT, email)

    assert (key.email, key.is_ticket) == (email, False)


def test_a_tickets_own_account_is_one():
    assert AccountKey.of_ticket(TENANT, "k1").is_ticket
    assert AccountKey.of_ticket(TENANT, "k1") != AccountKey.of_ticket(TENANT, "k2")


@pytest.mark.parametrize(("quota", "rate", "named"), [(-2, 0, "quota"), (0, -2, "rate")])
def test_limits_below_minus_one_are_refused_with_upstreams_sentence(quota, rate, named):
    with pytest.raises(InvalidValue, match=f"The custom download {named} cannot be inferior to -1"):
        Limits(max_quota=quota, rate_limit=rate)


@given(st.integers(-1, 10), st.integers(0, 20))
def test_minus_one_is_unlimited_zero_is_nothing_and_a_limit_is_never_passed(limit, current):
    allowed = limit == -1 or current + 1 <= limit

    assert Limits(max_quota=limit, rate_limit=0).allows_unit(current) is allowed
    assert Limits(max_quota=0, rate_limit=limit).allows_download(current) is allowed


def test_the_anonymous_user_is_upstreams():
    assert ANONYMOUS_EMAIL == "public@regards.com"
