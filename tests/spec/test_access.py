"""Roles and callers."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Caller, Role
from domain.errors import InvalidValue

ORDER = ["PUBLIC", "REGISTERED_USER", "EXPLOIT", "ADMIN", "PROJECT_ADMIN", "INSTANCE_ADMIN"]


def test_roles_are_ordered_as_upstream_orders_them():
    roles = [*(Role.parse(name) for name in ORDER), Role.SYSTEM]

    for (weak, lower), (strong, higher) in itertools.product(enumerate(roles), repeat=2):
        assert higher.is_at_least(lower) is (strong >= weak)


@pytest.mark.parametrize("text", ["ROLE_SYS_catalog", "ROLE_SYS_x"])
def test_services_have_the_system_role(text):
    assert Role.parse(text) is Role.SYSTEM


@pytest.mark.parametrize("text", ["", "SYS", "SYSTEM", "ROLE_SYS_", "admin", "ROLE_ADMIN", " ADMIN", "role_sys_x"])
def test_other_texts_are_no_role(text):
    with pytest.raises(InvalidValue):
        Role.parse(text)


@given(st.text(max_size=20))
def test_no_text_becomes_a_role_by_accident(text):
    try:
        role = Role.parse(text)
    except InvalidValue:
        assert text not in ORDER
    else:
        assert text in ORDER or (text.startswith("ROLE_SYS_") and role is Role.SYSTEM)


def test_the_anonymous_caller_is_public():
    assert Caller.anonymous("demo") == Caller("demo", "public@regards.com", Role.PUBLIC)
