"""Licences: which one counts, what an acceptance proves, and who can give one."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Role
from domain.errors import Forbidden, InvalidValue
from domain.licence import Licence, LicenceState, accept
from tests import catalogue_strategies as strategies
from tests.catalogue_factories import a_caller, a_dataset_urn, a_licence, an_acceptance
from tests.factories import BOB, NOW, TENANT

ONE, TWO = a_dataset_urn(1).virtual_id, a_dataset_urn(2).virtual_id
WHOLE = a_licence(text="whole")
OWN = a_licence(ONE, text="own")


def state(*accepted, whole: Licence | None = WHOLE, own: tuple[Licence, ...] = (OWN,)) -> LicenceState:
    return LicenceState(
        tenant_licence=whole, dataset_licences=own, acceptances=tuple(an_acceptance(licence) for licence in accepted)
    )


@pytest.mark.parametrize(
    ("datasets", "found", "missing"),
    [
        ([], state(), WHOLE),
        ([], state(WHOLE), None),
        ([], state(OWN), WHOLE),
        ([], state(whole=None), None),
        ([ONE], state(), OWN),
        ([ONE], state(OWN), None),
        ([ONE], state(WHOLE), OWN),
        ([ONE], state(whole=None), OWN),
        ([TWO], state(), WHOLE),
        ([TWO], state(WHOLE), None),
        ([TWO], state(whole=None), None),
        ([ONE, TWO], state(), OWN),
        ([ONE, TWO], state(OWN), WHOLE),
        ([TWO, ONE], state(), WHOLE),
        ([ONE, TWO], state(OWN, WHOLE), None),
    ],
)
def test_each_dataset_brings_its_own_licence_or_that_of_the_tenant(datasets, found, missing):
    assert found.missing(a_caller(), datasets) == missing


@pytest.mark.parametrize(
    "changed",
    [
        attrs.evolve(OWN, link="https://archive.example.org/new.html"),
        attrs.evolve(OWN, text_sha256="0" * 64),
        attrs.evolve(OWN, edition=1),
    ],
    ids=["link", "text", "reset"],
)
def test_another_text_or_a_reset_asks_anew(changed):
    assert state(OWN, own=(changed,)).missing(a_caller(), [ONE]) == changed


def test_the_same_text_under_another_address_is_still_accepted():
    text = attrs.evolve(OWN, text_sha256="0" * 64)
    moved = attrs.evolve(text, link="https://elsewhere.example.org/licence.pdf")

    assert state(text, own=(moved,)).missing(a_caller(), [ONE]) is None


def test_somebody_elses_acceptance_does_not_count():
    found = LicenceState(tenant_licence=WHOLE, acceptances=(an_acceptance(WHOLE, BOB.email),))

    assert found.missing(a_caller(), []) == WHOLE


@pytest.mark.parametrize("role", list(Role))
def test_only_the_administrator_of_the_installation_is_exempt(role):
    assert state().missing(a_caller(role), [ONE]) == (None if role is Role.INSTANCE_ADMIN else OWN)


@given(strategies.licence_states(), st.lists(st.sampled_from([ONE, TWO]), unique=True))
def test_the_anonymous_user_has_accepted_nothing(found, datasets):
    anonymous = a_caller(Role.PUBLIC)
    forged = tuple(an_acceptance(licence, anonymous.email) for licence in (*found.dataset_licences, WHOLE, OWN))

    missing = found.missing(anonymous, datasets)

    assert attrs.evolve(found, acceptances=(*found.acceptances, *forged)).missing(anonymous, datasets) == missing


def test_the_anonymous_user_cannot_accept():
    with pytest.raises(Forbidden):
        accept(a_caller(Role.PUBLIC), WHOLE, NOW)


def test_a_licence_of_another_tenant_cannot_be_accepted():
    with pytest.raises(Forbidden):
        accept(a_caller(tenant="other"), WHOLE, NOW)


@given(strategies.licence_states(), st.lists(st.sampled_from([ONE, TWO]), unique=True))
def test_accepting_one_after_the_other_comes_to_an_end(found, datasets):
    found = attrs.evolve(found, tenant_licence=WHOLE)
    caller = a_caller()

    for _ in range(len(datasets) + 1):
        if (licence := found.missing(caller, datasets)) is None:
            break
        if licence.tenant != TENANT:
            return
        found = attrs.evolve(found, acceptances=(*found.acceptances, accept(caller, licence, NOW)))

    assert found.missing(caller, datasets) is None


def test_an_acceptance_says_who_what_and_when():
    at = NOW + timedelta(days=1)

    accepted = accept(a_caller(), OWN, at)

    assert accepted.is_of(OWN)
    assert (accepted.email, accepted.link, accepted.accepted_at) == (a_caller().email, OWN.link, at)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("link", ""),
        ("link", "licence.html"),
        ("link", "javascript:alert(1)"),
        ("link", "https://host/a b"),
        ("link", "https://host/" + "a" * 2048),
        ("text_sha256", "0" * 63),
        ("text_sha256", "A" * 64),
        ("dataset", a_dataset_urn(1)),
        ("dataset", a_dataset_urn(1, tenant="other").virtual_id),
    ],
)
def test_what_is_no_licence(field, value):
    with pytest.raises(InvalidValue):
        attrs.evolve(OWN, **{field: value})
