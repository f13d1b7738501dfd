"""Groups and rights: who counts as a member, and what follows from the two levels of a right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import ANONYMOUS_EMAIL, Caller, Role
from domain.errors import InvalidValue
from domain.groups import AccessGroup, Memberships, groups_of
from domain.rights import AccessRight, FileLevel, MetadataLevel, derived_access, files_for, has_data_right, sees
from domain.rights import visible_to as groups_that_see
from domain.urn import EntityType
from tests import catalogue_strategies as strategies
from tests.catalogue_factories import a_caller, a_dataset_urn, a_group, a_product, a_right, a_urn
from tests.factories import TENANT

M, F = MetadataLevel, FileLevel


@pytest.mark.parametrize(
    ("metadata", "files", "dataset", "products", "has_files"),
    [
        (M.NO_ACCESS, F.NO_ACCESS, False, False, False),
        (M.NO_ACCESS, F.INHERITED_ACCESS, False, False, False),
        (M.NO_ACCESS, F.CUSTOM_ACCESS, False, False, False),
        (M.RESTRICTED_ACCESS, F.NO_ACCESS, True, False, False),
        (M.RESTRICTED_ACCESS, F.INHERITED_ACCESS, True, False, False),
        (M.RESTRICTED_ACCESS, F.CUSTOM_ACCESS, True, False, False),
        (M.CUSTOM_ACCESS, F.NO_ACCESS, True, True, False),
        (M.CUSTOM_ACCESS, F.INHERITED_ACCESS, True, True, True),
        (M.CUSTOM_ACCESS, F.CUSTOM_ACCESS, True, True, True),
        (M.FULL_ACCESS, F.NO_ACCESS, True, True, False),
        (M.FULL_ACCESS, F.INHERITED_ACCESS, True, True, True),
        (M.FULL_ACCESS, F.CUSTOM_ACCESS, True, True, True),
    ],
)
def test_what_follows_from_the_levels(metadata, files, dataset, products, has_files):
    access = derived_access(metadata, files)

    assert (access.dataset, access.products, access.files) == (dataset, products, has_files)


@pytest.mark.parametrize("name", ["abc", "_ab", "A1_", "a" * 32])
def test_names_of_groups(name):
    assert a_group(name).name == name


@pytest.mark.parametrize("name", ["", "ab", "a" * 33, "1ab", "a-b", "a b", "äbc", "abc\n"])
def test_what_cannot_name_a_group(name):
    with pytest.raises(InvalidValue):
        a_group(name)


def test_a_member_has_their_groups_those_of_their_token_and_the_public_ones():
    memberships = Memberships.of(
        ["readers", "gone"], [a_group(), a_group("writers"), a_group("everybody", is_public=True)]
    )

    assert groups_of(a_caller(groups=["stated"]), memberships) == {"readers", "stated", "everybody"}


def test_the_anonymous_user_has_the_public_groups_only():
    memberships = Memberships.of(["readers"], [a_group(), a_group("everybody", is_public=True)])
    caller = Caller(TENANT, ANONYMOUS_EMAIL, Role.PUBLIC, frozenset({"readers"}))

    assert groups_of(caller, memberships) == {"everybody"}


def test_a_group_is_shown_as_it_was_made():
    group = AccessGroup(tenant=TENANT, name="services", is_internal=True)

    assert (group.is_public, group.is_internal) == (False, True)


@pytest.mark.parametrize(
    "dataset", [a_urn(version=None), a_dataset_urn(), a_dataset_urn(tenant="other", version=None)], ids=str
)
def test_rights_are_on_datasets_of_the_tenant_in_all_their_versions(dataset):
    with pytest.raises(InvalidValue):
        AccessRight(
            tenant=TENANT, group="readers", dataset=dataset, metadata_level=M.FULL_ACCESS, file_level=F.NO_ACCESS
        )


@pytest.mark.parametrize(("metadata", "files"), [(M.CUSTOM_ACCESS, F.NO_ACCESS), (M.FULL_ACCESS, F.CUSTOM_ACCESS)])
def test_a_right_that_needs_a_plugin_cannot_be_enforced(metadata, files):
    with pytest.raises(InvalidValue, match="plugin"):
        a_right(metadata=metadata, files=files).require_enforceable()


def test_a_product_is_visible_and_readable_by_any_dataset_that_grants_it():
    one, two = a_dataset_urn(1), a_dataset_urn(2)
    product = a_product(datasets=[one, two])
    rights = [
        a_right("readers", one, files=F.NO_ACCESS),
        a_right("readers", two),
        a_right("lookers", one, files=F.NO_ACCESS),
        a_right("strangers", a_dataset_urn(3)),
        a_right("restricted", two, metadata=M.RESTRICTED_ACCESS),
    ]

    assert groups_that_see(product, rights) == {"readers", "lookers"}
    assert files_for(product, rights) == {"readers"}


def test_a_dataset_is_governed_by_its_own_rights_not_by_those_of_datasets_it_is_tagged_with():
    parent = a_dataset_urn(1)
    dataset = a_product(a_dataset_urn(2), datasets=[parent])

    assert groups_that_see(dataset, [a_right("readers", parent)]) == set()
    assert groups_that_see(dataset, [a_right("readers", dataset.urn, metadata=M.RESTRICTED_ACCESS)]) == {"readers"}
    assert files_for(dataset, [a_right("readers", dataset.urn, metadata=M.RESTRICTED_ACCESS)]) == set()


@pytest.mark.parametrize("entity_type", [EntityType.DATA, EntityType.COLLECTION])
def test_what_is_in_no_dataset_is_for_administrators(entity_type):
    product = a_product(a_urn(entity_type=entity_type))
    rights = [a_right("readers", a_dataset_urn(1))]

    assert not sees(a_caller(groups=["readers"]), product, rights)
    assert sees(a_caller(Role.ADMIN), product, rights)


@given(strategies.callers, strategies.products, st.lists(strategies.rights, max_size=6))
def test_who_has_the_files_sees_the_product(caller, product, rights):
    if has_data_right(caller, product, rights):
        assert sees(caller, product, rights)


@given(strategies.callers, strategies.products, st.lists(strategies.rights, max_size=6), strategies.rights)
def test_one_more_right_takes_nothing_away(caller, product, rights, another):
    if sees(caller, product, rights):
        assert sees(caller, product, [*rights, another])
    if has_data_right(caller, product, rights):
        assert has_data_right(caller, product, [*rights, another])
