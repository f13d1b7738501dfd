"""Settings that administrators change at run time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue, NotFound
from domain.limits import Limits
from domain.settings import DEFINITIONS, TenantSettings, checked, definition

NAMES = st.sampled_from([d.name for d in DEFINITIONS])


def test_nothing_stored_is_upstreams_default():
    assert TenantSettings.from_values({}) == TenantSettings.DEFAULTS
    assert TenantSettings.DEFAULTS.limits == Limits(max_quota=-1, rate_limit=-1)
    assert TenantSettings.DEFAULTS.resume_window == timedelta(hours=24)
    assert TenantSettings.DEFAULTS.ticket_lifetime == timedelta(hours=1)


@given(NAMES, st.integers())
def test_a_value_is_accepted_exactly_inside_its_bounds(name, value):
    wanted = definition(name)
    if wanted.minimum <= value <= wanted.maximum:
        assert checked(name, value) == value
    else:
        with pytest.raises(InvalidValue, match=r"must be a valid (positive )?number"):
            checked(name, value)


@given(NAMES)
def test_both_bounds_and_the_default_are_allowed(name):
    wanted = definition(name)

    for value in (wanted.minimum, wanted.maximum, wanted.default):
        assert checked(name, value) == value


@pytest.mark.parametrize("value", [True, False, 1.0, "1", None, [1], float("nan")])
def test_only_integers_are_numbers(value):
    with pytest.raises(InvalidValue):
        checked("rateLimit", value)


def test_upstreams_sentences_are_kept():
    with pytest.raises(InvalidValue, match=r"^parameter \[quota\] must be a valid number >= -1$"):
        checked("maxQuota", -2)
    with pytest.raises(InvalidValue, match=r"^parameter \[rate\] must be a valid number >= -1\.$"):
        checked("rateLimit", -2)


def test_an_unknown_setting_is_not_found_and_the_known_ones_are_named():
    with pytest.raises(NotFound, match="maxQuota, rateLimit"):
        checked("nothing", 1)


@given(st.fixed_dictionaries({}, optional={d.name: st.integers(d.minimum, d.maximum) for d in DEFINITIONS}))
def test_every_accepted_value_can_be_read_by_the_rules(values):
    settings = TenantSettings.from_values(values)

    assert settings.limits.max_quota == values.get("maxQuota", -1)
    assert settings.limits.rate_limit == values.get("rateLimit", -1)
    assert settings.ticket_lifetime == timedelta(seconds=values.get("ticketLifetime", 3600))
    assert settings.resume_window == timedelta(seconds=values.get("resumeWindow", 24 * 3600))
