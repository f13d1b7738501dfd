"""Who may have a file of a product: every combination against the words of DESIGN 8, and what never happens."""

import itertools

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Caller, Role
from domain.file import DataType
from domain.licence import LicenceState
from domain.product_access import Allowed, Locked, NoDataRight, NotInProduct, NotVisible, listed_files, may_download
from domain.rights import FileLevel, MetadataLevel, has_data_right, sees
from domain.urn import EntityType
from tests import catalogue_strategies as strategies
from tests.catalogue_factories import (
    a_caller,
    a_dataset_urn,
    a_licence,
    a_product,
    a_right,
    a_urn,
    an_acceptance,
    an_entry,
)
from tests.factories import TENANT

DATASET = a_dataset_urn(1)
LICENCE = a_licence(DATASET)
ADMINISTRATORS = {Role.ADMIN, Role.PROJECT_ADMIN, Role.INSTANCE_ADMIN, Role.SYSTEM}
PUBLIC = {
    DataType.QUICKLOOK_SD,
    DataType.QUICKLOOK_MD,
    DataType.QUICKLOOK_HD,
    DataType.THUMBNAIL,
    DataType.DESCRIPTION,
}

LICENCES = {
    "none": LicenceState(),
    "accepted": LicenceState(dataset_licences=(LICENCE,), acceptances=(an_acceptance(LICENCE),)),
    "not accepted": LicenceState(dataset_licences=(LICENCE,)),
    "accepted before it changed": LicenceState(
        dataset_licences=(LICENCE,), acceptances=(an_acceptance(a_licence(DATASET, text="old")),)
    ),
}
ENTITIES = {
    EntityType.DATA: a_product(a_urn(), datasets=[DATASET]),
    EntityType.COLLECTION: a_product(a_urn(entity_type=EntityType.COLLECTION), datasets=[DATASET]),
    EntityType.DATASET: a_product(DATASET),
}

COMBINATIONS = list(
    itertools.product(Role, EntityType, MetadataLevel, FileLevel, [True, False], [*DataType, None], LICENCES)
)


def expected(role, entity, metadata, files, is_member, data_type, licence) -> type:
    """The rules once more, in the order and the words of the contract."""
    is_admin = role in ADMINISTRATORS
    if entity is EntityType.DATASET:
        granted_metadata = metadata is not MetadataLevel.NO_ACCESS
    else:
        granted_metadata = metadata in {MetadataLevel.CUSTOM_ACCESS, MetadataLevel.FULL_ACCESS}
    if not is_admin and not (is_member and granted_metadata):
        return NotVisible
    if data_type is None:
        return NotInProduct
    if data_type in PUBLIC:
        return Allowed
    is_unlocked = licence == "none" or (licence == "accepted" and role is not Role.PUBLIC)
    if not is_unlocked and role is not Role.INSTANCE_ADMIN:
        return Locked
    granted_files = (
        metadata in {MetadataLevel.CUSTOM_ACCESS, MetadataLevel.FULL_ACCESS} and files is not FileLevel.NO_ACCESS
    )
    return Allowed if is_admin or granted_files else NoDataRight


def test_every_combination_of_role_kind_levels_membership_type_and_licence():
    seen = set()
    for combination in COMBINATIONS:
        role, entity, metadata, files, is_member, data_type, licence = combination
        listed = [an_entry("other", DataType.THUMBNAIL), *([an_entry("c1", data_type)] if data_type else [])]
        product = attrs.evolve(ENTITIES[entity], files=tuple(listed))
        caller = a_caller(role, groups=["readers"] if is_member else ["strangers"])
        rights = [a_right("readers", DATASET, metadata, files)]

        decision = may_download(caller, product, "c1", LICENCES[licence], rights)

        assert type(decision) is expected(*combination), combination
        seen.add(type(decision))

    assert seen == {Allowed, NotVisible, NotInProduct, Locked, NoDataRight}
    assert len(COMBINATIONS) == 7 * 3 * 4 * 3 * 2 * 10 * 4


@given(
    strategies.callers,
    strategies.products,
    strategies.CHECKSUMS | strategies.TEXTS,
    strategies.licence_states(),
    st.lists(strategies.rights, max_size=6),
)
def test_nobody_without_a_data_right_ever_gets_rawdata(caller, product, checksum, licences, rights):
    decision = may_download(caller, product, checksum, licences, rights)

    if isinstance(decision, Allowed):
        assert product.tenant == caller.tenant
        assert decision.entry in product.files
        assert decision.entry.checksum == checksum
        if any(entry.checksum == checksum and entry.data_type is DataType.RAWDATA for entry in product.files):
            assert decision.entry.data_type is DataType.RAWDATA
            assert has_data_right(caller, product, rights)


@given(
    strategies.callers,
    strategies.products,
    strategies.CHECKSUMS,
    strategies.licence_states(),
    st.lists(strategies.rights, max_size=6),
)
def test_a_product_of_another_tenant_is_not_there(caller, product, checksum, licences, rights):
    decision = may_download(caller, product, checksum, licences, rights)

    if product.tenant != caller.tenant:
        assert decision == NotVisible()
        assert listed_files(caller, product, rights) == tuple(
            entry for entry in product.files if entry.data_type is not DataType.RAWDATA
        )


@given(strategies.callers, strategies.products, strategies.licence_states(), st.lists(strategies.rights, max_size=6))
def test_whatever_is_allowed_is_also_listed(caller, product, licences, rights):
    for entry in product.files:
        if entry.checksum is None:
            continue
        decision = may_download(caller, product, entry.checksum, licences, rights)
        if isinstance(decision, Allowed):
            assert sees(caller, product, rights)
            assert decision.entry in listed_files(caller, product, rights)


@given(strategies.callers, strategies.CHECKSUMS, strategies.licence_states())
def test_what_does_not_exist_looks_like_what_is_not_visible(caller, checksum, licences):
    assert may_download(caller, None, checksum, licences, []) == NotVisible()


@pytest.mark.parametrize("order", [1, -1])
def test_bytes_that_are_listed_twice_are_as_protected_as_their_most_protected_entry(order):
    listed = [an_entry("c1", DataType.THUMBNAIL), an_entry("c1", DataType.DOCUMENT), an_entry("c1")][::order]
    product = a_product(datasets=[DATASET], files=listed)
    caller = a_caller(groups=["readers"])

    refused = may_download(caller, product, "c1", LicenceState(), [a_right(files=FileLevel.NO_ACCESS)])
    allowed = may_download(caller, product, "c1", LicenceState(), [a_right()])

    assert refused == NoDataRight()
    assert allowed == Allowed(an_entry("c1"))


def test_a_file_without_a_checksum_is_no_obstacle():
    nameless = an_entry(None, is_reference=True, uri="https://elsewhere.example.org/")
    product = a_product(datasets=[DATASET], files=[nameless, an_entry("c1")])

    decision = may_download(a_caller(groups=["readers"]), product, "c1", LicenceState(), [a_right()])

    assert decision == Allowed(an_entry("c1"))


def test_of_two_public_entries_the_first_one_names_the_file():
    listed = [an_entry("c1", DataType.THUMBNAIL, file_name="a.png"), an_entry("c1", DataType.QUICKLOOK_SD)]
    product = a_product(datasets=[DATASET], files=listed)

    decision = may_download(a_caller(groups=["readers"]), product, "c1", LicenceState(), [a_right()])

    assert decision == Allowed(listed[0])


def test_who_sees_a_product_without_a_right_to_its_data_is_told_of_everything_but_rawdata():
    listed = [an_entry("c1"), an_entry("c2", DataType.DOCUMENT), an_entry("c3", DataType.THUMBNAIL)]
    product = a_product(datasets=[DATASET], files=listed)
    caller = a_caller(groups=["readers"])

    assert listed_files(caller, product, [a_right()]) == tuple(listed)
    assert listed_files(caller, product, [a_right(files=FileLevel.NO_ACCESS)]) == tuple(listed[1:])


@pytest.mark.parametrize(
    ("role", "email"), [(Role.PUBLIC, "somebody@example.org"), (Role.REGISTERED_USER, "public@regards.com")]
)
def test_neither_the_public_role_nor_the_public_address_has_ever_accepted_a_licence(role, email):
    state = LicenceState(dataset_licences=(LICENCE,), acceptances=(an_acceptance(LICENCE, email),))
    caller = Caller(TENANT, email, role, frozenset({"readers"}))
    product = a_product(datasets=[DATASET], files=[an_entry("c1")])

    assert may_download(caller, product, "c1", state, [a_right()]) == Locked(LICENCE)


def test_a_right_on_a_dataset_of_another_tenant_gives_nothing():
    theirs = a_dataset_urn(1, tenant="other")
    product = a_product(datasets=[DATASET, theirs], files=[an_entry("c1")])

    decision = may_download(a_caller(groups=["readers"]), product, "c1", LicenceState(), [a_right("readers", theirs)])

    assert decision == NotVisible()


def test_the_same_bytes_are_as_protected_as_the_product_says_through_which_they_are_asked_for():
    """What an archive publishes as a quicklook is public there, whatever another product calls the same bytes."""
    data, open_dataset = a_product(datasets=[DATASET], files=[an_entry("c1")]), a_dataset_urn(2)
    quicklook = a_product(a_urn(2), datasets=[open_dataset], files=[an_entry("c1", DataType.QUICKLOOK_SD)])
    caller = a_caller(groups=["readers"])
    rights = [a_right(files=FileLevel.NO_ACCESS), a_right("readers", open_dataset, files=FileLevel.NO_ACCESS)]

    assert may_download(caller, data, "c1", LicenceState(), rights) == NoDataRight()
    assert may_download(caller, quicklook, "c1", LicenceState(), rights) == Allowed(quicklook.files[0])
