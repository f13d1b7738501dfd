"""What other services say of licences and products takes effect as a request would, once, and never out of order."""

from datetime import datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.messages import (
    LicenceAcceptedElsewhere,
    LicenceResetElsewhere,
    PartlyRefused,
    ProductsSaid,
    UserDeleted,
)
from application.use_cases.manage_licences import AcceptLicence, PutLicence, ResetLicence
from application.use_cases.manage_users import SaveUser, SaveUserRequest
from application.use_cases.read_licence import ReadLicence
from application.use_cases.read_products import RemoveProducts
from application.use_cases.register_products import RegisterProducts, RegisterProductsRequest
from domain.access import ANONYMOUS_EMAIL, Caller, Role
from domain.errors import Forbidden, InvalidValue
from domain.restoration import RestorationGroup
from domain.urn import Urn
from tests.catalogue_factories import a_caller, a_dataset_urn, a_group, a_licence, a_urn, an_acceptance
from tests.factories import ALICE, NOW, TENANT
from tests.fakes.in_memory_users import PlainPasswords
from tests.spec.use_cases.test_messages_in import a_message, a_world, handler
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
LINK = a_licence().link
ACCEPTED = LicenceAcceptedElsewhere(email=ALICE.email, link=LINK)
RESET = LicenceResetElsewhere()


async def with_licence(world: World | None = None) -> World:
    world = world or a_world()
    await PutLicence(world.unit_of_work, world.clock).execute(a_licence())
    world.clock.advance(SECOND)
    return world


async def is_accepted(world: World) -> bool:
    return (await ReadLicence(world.unit_of_work).execute(a_caller(), None)).is_accepted


async def test_an_acceptance_elsewhere_counts_here_and_is_told_to_nobody():
    world = await with_licence()

    assert await handler(world).execute(a_message(ACCEPTED, sent_at=world.clock.now()))

    assert await is_accepted(world)
    assert world.events == []


async def test_a_reset_elsewhere_asks_everybody_anew_and_is_told_to_nobody():
    world = await with_licence()
    await handler(world).execute(a_message(ACCEPTED, sent_at=world.clock.now()))
    world.clock.advance(SECOND)

    assert await handler(world).execute(a_message(RESET, "m2", sent_at=world.clock.now()))

    assert not await is_accepted(world)
    assert world.events == []


async def test_an_acceptance_that_a_reset_has_overtaken_counts_for_nothing():
    world = await with_licence()
    accepted_at, reset_at = world.clock.now(), world.clock.now() + SECOND
    world.clock.advance(2 * SECOND)

    await handler(world).execute(a_message(RESET, "m2", sent_at=reset_at))
    await handler(world).execute(a_message(ACCEPTED, "m1", sent_at=accepted_at))

    assert not await is_accepted(world)
    assert (TENANT, "m1") in world.tables.inbox


async def test_a_reset_that_something_newer_has_overtaken_is_over():
    world = await with_licence()
    late = world.clock.now()
    world.clock.advance(SECOND)
    await ResetLicence(world.unit_of_work, world.clock).execute(TENANT, None)
    await AcceptLicence(world.unit_of_work, world.clock).execute(a_caller(), None)

    await handler(world).execute(a_message(RESET, sent_at=late))

    assert await is_accepted(world)


async def test_a_reset_from_a_clock_that_is_ahead_does_not_spoil_what_is_accepted_then():
    world = await with_licence()
    await handler(world).execute(a_message(RESET, sent_at=world.clock.now() + timedelta(days=1)))
    world.clock.advance(SECOND)

    await handler(world).execute(a_message(ACCEPTED, "m2", sent_at=world.clock.now()))

    assert await is_accepted(world)


async def test_messages_without_an_instant_count_when_they_arrive():
    world = await with_licence()
    await handler(world).execute(a_message(RESET))
    await handler(world).execute(a_message(ACCEPTED, "m2"))

    assert await is_accepted(world)


@pytest.mark.parametrize(
    "fact",
    [
        attrs.evolve(ACCEPTED, link="https://archive.example.org/another.html"),
        attrs.evolve(ACCEPTED, email=ANONYMOUS_EMAIL),
        attrs.evolve(ACCEPTED, email="x" * 129),
    ],
    ids=["another text", "nobody", "no address"],
)
async def test_an_acceptance_of_something_else_or_by_nobody_is_refused(fact):
    world = await with_licence()

    with pytest.raises(InvalidValue):
        await handler(world).execute(a_message(fact, sent_at=world.clock.now()))

    assert (world.tables.acceptances, world.tables.inbox) == ({}, {})


@pytest.mark.parametrize("fact", [ACCEPTED, RESET], ids=["accepted", "reset"])
async def test_where_no_licence_is_in_force_there_is_nothing_to_do(fact):
    world = a_world()

    assert await handler(world).execute(a_message(fact))

    assert (world.tables.acceptances, world.tables.licences) == ({}, {})


async def test_others_hear_of_the_tenants_licence_and_of_no_other():
    world = await with_licence()
    accept = AcceptLicence(world.unit_of_work, world.clock)
    reset = ResetLicence(world.unit_of_work, world.clock)
    put = PutLicence(world.unit_of_work, world.clock)
    dataset = a_dataset_urn()

    await accept.execute(a_caller(), None)
    await accept.execute(a_caller(), None)
    await put.execute(a_licence(dataset))
    await accept.execute(a_caller(), dataset)
    await reset.execute(TENANT, dataset)
    await put.execute(a_licence(dataset, text="2"))
    await put.execute(a_licence())
    await reset.execute(TENANT, None)
    await put.execute(a_licence(text="2"))

    told = [(event.type, event.payload["link"]) for event in world.tables.outbox.values()]
    assert told == [("LicenceAccepted", LINK), ("LicenceReset", LINK), ("LicenceReset", a_licence(text="2").link)]


def a_feature(number: int = 1, label: str = "A scene") -> dict[str, object]:
    return {"type": "Feature", "id": str(a_urn(number)), "label": label, "properties": {}, "geometry": None}


def labels(world: World) -> dict[Urn, str]:
    return {urn: row.label for (_, urn), row in world.tables.products.items()}


async def test_products_come_change_and_go_by_message():
    world = a_world()
    await handler(world).execute(a_message(ProductsSaid(documents=(a_feature(1), a_feature(2)))))
    world.clock.advance(SECOND)
    await handler(world).execute(a_message(ProductsSaid(documents=(a_feature(1, "changed"),)), "m2"))
    assert labels(world) == {a_urn(1): "changed", a_urn(2): "A scene"}

    gone = ProductsSaid(documents=(str(a_urn(1)), a_feature(2), str(a_urn(9))), is_removal=True)
    assert await handler(world).execute(a_message(gone, "m3"))

    assert labels(world) == {}


async def test_an_item_of_stac_goes_by_its_own_name():
    world = a_world()
    item = {
        "type": "Feature", "stac_version": "1.1.0", "id": "s1", "collection": "c", "geometry": None, "assets": {},
        "properties": {"datetime": "2026-01-31T12:00:00Z"},
    }  # fmt: skip
    await handler(world).execute(a_message(ProductsSaid(documents=(item,))))
    assert len(labels(world)) == 1

    name = {"stac_version": "1.1.0", "id": "s1", "collection": "c"}
    await handler(world).execute(a_message(ProductsSaid(documents=(name,), is_removal=True), "m2"))

    assert labels(world) == {}


BROKEN = a_feature(3) | {"files": {"PICTURE": [{"filename": "x", "checksum": "c"}]}}


async def test_what_is_refused_is_told_again_with_every_delivery_and_the_rest_is_taken_once():
    world = a_world()
    message = a_message(ProductsSaid(documents=(a_feature(1), BROKEN, a_feature(2), 5)))

    with pytest.raises(PartlyRefused) as first:
        await handler(world).execute(message)
    taken = labels(world)
    await RemoveProducts(world.unit_of_work, world.clock).execute(TENANT, (a_urn(1),))
    with pytest.raises(PartlyRefused) as again:
        await handler(world).execute(message)

    assert taken.keys() == {a_urn(1), a_urn(2)}
    assert labels(world).keys() == {a_urn(2)}
    assert [(item.index, item.name) for item in first.value.items] == [(1, str(a_urn(3))), (3, "")]
    assert "'PICTURE' is no data type" in first.value.items[0].reason
    assert again.value.items == first.value.items


@pytest.mark.parametrize(
    "name",
    [str(a_urn().virtual_id), str(a_urn(tenant="other")), "hello", 5, {"id": "hello"}],
    ids=["LAST", "another tenant's", "no URN", "a number", "a document without"],
)
async def test_a_name_that_cannot_be_removed_is_refused(name):
    world = a_world()
    await handler(world).execute(a_message(ProductsSaid(documents=(a_feature(),))))
    world.clock.advance(SECOND)

    with pytest.raises(PartlyRefused) as refusal:
        await handler(world).execute(a_message(ProductsSaid(documents=(name,), is_removal=True), "m2"))

    assert [item.index for item in refusal.value.items] == [0]
    assert labels(world).keys() == {a_urn()}
    assert (TENANT, "m2") in world.tables.inbox


async def test_too_many_at_once_are_refused_as_a_whole():
    world = a_world()

    for is_removal in (False, True):
        many = ProductsSaid(documents=(a_feature(),) * 1001, is_removal=is_removal)
        with pytest.raises(InvalidValue):
            await handler(world).execute(a_message(many))

    assert (world.tables.products, world.tables.inbox) == ({}, {})


@settings(max_examples=60)
@given(
    statements=st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
    repeats=st.booleans(),
)
async def test_in_whatever_order_messages_arrive_the_newest_counts(statements, order, repeats):
    """Each statement is of one product, at a later instant than the one before: it is there, or it is gone."""
    world = a_world()
    world.clock.advance(timedelta(hours=1))
    expected: dict[Urn, str] = {}
    messages = []
    for number, (which, is_removal) in enumerate(statements):
        said_at = NOW + timedelta(microseconds=number + 1)
        document = str(a_urn(which)) if is_removal else a_feature(which, f"version {number}")
        said = ProductsSaid(documents=(document,), is_removal=is_removal, said_at=said_at)
        messages.append(a_message(said, f"m{number}", is_id_certain=False))
        expected.pop(a_urn(which), None)
        if not is_removal:
            expected[a_urn(which)] = f"version {number}"
    if repeats:
        messages *= 2
    order.shuffle(messages)

    for message in messages:
        await handler(world).execute(message)

    assert labels(world) == expected


@pytest.mark.parametrize("is_removal", [False, True])
async def test_a_message_from_before_a_request_changes_nothing(is_removal):
    world = a_world()
    early: datetime = world.clock.now()
    world.clock.advance(SECOND)
    register = RegisterProducts(world.unit_of_work, handler(world).hear_products.formats, world.clock)
    await register.execute(RegisterProductsRequest(tenant=TENANT, documents=(a_feature(1, "asked"), a_feature(2))))
    await RemoveProducts(world.unit_of_work, world.clock).execute(TENANT, (a_urn(2),))

    documents = (a_feature(1, "heard"), a_feature(2))
    await handler(world).execute(a_message(ProductsSaid(documents=documents, is_removal=is_removal), sent_at=early))

    assert labels(world) == {a_urn(1): "asked"}


async def a_world_with_everything_of_alice() -> World:
    world = await with_licence()
    await AcceptLicence(world.unit_of_work, world.clock).execute(a_caller(), None)
    save = SaveUser(unit_of_work=world.unit_of_work, hasher=PlainPasswords(), clock=world.clock)
    root = Caller(TENANT, "root@x.org", Role.INSTANCE_ADMIN)
    await save.execute(root, SaveUserRequest(email=ALICE.email, password="a long password"))
    await world.ledger.set_limits(ALICE, None)
    world.tables.groups[TENANT, "readers"] = a_group()
    world.tables.user_groups[TENANT, ALICE.email] = frozenset({"readers"})
    world.tables.restoration_groups[TENANT, "g"] = RestorationGroup(
        tenant=TENANT, group_id="g", requested_at=NOW, available_hours=1, requested_by=ALICE.email
    )
    bob = an_acceptance(a_licence(), "bob@x.org")
    world.tables.acceptances[TENANT, bob.email, None, bob.text_id, 0] = bob
    return world


async def test_nothing_is_left_of_a_user_who_was_removed_elsewhere():
    world = await a_world_with_everything_of_alice()

    assert await handler(world).execute(a_message(UserDeleted(ALICE.email)))

    tables = world.tables
    assert (tables.users, tables.accounts, tables.user_groups) == ({}, {}, {})
    assert [row.email for row in tables.acceptances.values()] == ["bob@x.org"]
    assert [row.requested_by for row in tables.restoration_groups.values()] == [None]


async def test_a_message_removes_nobody_whom_no_manager_of_users_could():
    world = await a_world_with_everything_of_alice()
    user = world.tables.users[TENANT, ALICE.email]
    world.tables.users[TENANT, ALICE.email] = attrs.evolve(user, role=Role.INSTANCE_ADMIN)

    with pytest.raises(Forbidden):
        await handler(world).execute(a_message(UserDeleted(ALICE.email)))

    assert ALICE in world.tables.accounts
    assert (TENANT, ALICE.email) in world.tables.user_groups
