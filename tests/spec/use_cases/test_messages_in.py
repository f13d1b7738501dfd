"""What received messages do, and that they do it once."""

from datetime import timedelta

import attrs
import pytest

from adapters.formats.products import JsonProductFormats
from application.errors import DatabaseUnavailable
from application.ports.messages import (
    FileDeleted,
    FileStored,
    NotForUs,
    Received,
    RestorationRequested,
    StorageChanged,
    TenantCreated,
    TenantDeleted,
    UserDeleted,
)
from application.use_cases.add_tenant import AddTenant
from application.use_cases.handle_message import HandleMessage
from application.use_cases.hear_licence import HearAcceptance, HearReset
from application.use_cases.hear_products import HearProducts
from application.use_cases.manage_users import RemoveUser
from application.use_cases.read_products import RemoveProducts
from application.use_cases.register_files import RegisterFiles
from application.use_cases.register_products import RegisterProducts
from application.use_cases.remove_file_location import RemoveFileLocation
from application.use_cases.request_restoration import RequestRestoration
from domain.errors import InvalidValue, NotFound
from domain.restoration import RequestState
from domain.storage_location import StorageType
from tests.catalogue_factories import a_group
from tests.factories import ALICE, NOW, SIZE, TENANT, a_file, a_location, a_request, a_storage, limits
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

STORED = FileStored(
    checksum="c1",
    algorithm="MD5",
    file_name="product.tif",
    size_bytes=SIZE,
    media_type="image/tiff",
    data_type="RAWDATA",
    storage="disk",
    url="memory:///disk/c1",
)


def a_world() -> World:
    world = World().holds(a_storage())
    world.tables.tenants[TENANT] = world.clock.now()
    world.disk.put(STORED.url, bytes(SIZE))
    return world


def a_message(fact, message_id: str = "m1", **changes) -> Received:
    return Received(**{"tenant": TENANT, "fact": fact, "message_id": message_id, "is_id_certain": True, **changes})


def handler(world: World) -> HandleMessage:
    async def remove_tenant(tenant: str) -> bool:
        return world.tables.tenants.pop(tenant, None) is not None

    formats = JsonProductFormats()
    return HandleMessage(
        unit_of_work=world.unit_of_work,
        clock=world.clock,
        register_files=RegisterFiles(world.unit_of_work, world.registry, world.clock),
        remove_file_location=RemoveFileLocation(world.unit_of_work),
        request_restoration=RequestRestoration(world.unit_of_work, world.clock, world.ids),
        add_tenant=AddTenant(world.unit_of_work, world.clock),
        remove_tenant=remove_tenant,
        remove_user=RemoveUser(world.unit_of_work, world.ledger),
        hear_acceptance=HearAcceptance(world.unit_of_work, world.clock),
        hear_reset=HearReset(world.unit_of_work, world.clock),
        hear_products=HearProducts(
            register_products=RegisterProducts(world.unit_of_work, formats, world.clock),
            remove_products=RemoveProducts(world.unit_of_work, world.clock),
            formats=formats,
            clock=world.clock,
        ),
    )


async def test_a_deleted_user_is_forgotten():
    world = a_world()
    await world.ledger.admit(a_request(), world.clock.now())

    assert await handler(world).execute(a_message(UserDeleted(ALICE.email)))

    assert world.tables.accounts == {}


async def test_a_deleted_user_is_in_no_group_any_more():
    world = a_world()
    world.tables.groups[TENANT, "readers"] = a_group()
    world.tables.user_groups |= {(TENANT, email): frozenset({"readers"}) for email in (ALICE.email, "bob@x.org")}

    assert await handler(world).execute(a_message(UserDeleted(ALICE.email)))

    assert world.tables.user_groups == {(TENANT, "bob@x.org"): frozenset({"readers"})}


async def test_a_deleted_user_without_an_account_is_as_it_should_be():
    assert await handler(a_world()).execute(a_message(UserDeleted("nobody@x.org")))


async def test_a_message_that_comes_again_does_nothing():
    world = a_world()
    await handler(world).execute(a_message(UserDeleted(ALICE.email)))
    await world.ledger.set_limits(ALICE, limits(5, 5))

    assert not await handler(world).execute(a_message(UserDeleted(ALICE.email)))

    assert ALICE in world.tables.accounts


async def test_messages_that_look_alike_are_all_done_unless_they_come_again():
    world = a_world()
    alike = a_message(UserDeleted(ALICE.email), is_id_certain=False)
    await handler(world).execute(alike)
    await world.ledger.set_limits(ALICE, limits(5, 5))

    assert not await handler(world).execute(attrs.evolve(alike, is_redelivered=True))
    assert ALICE in world.tables.accounts
    assert await handler(world).execute(alike)
    assert ALICE not in world.tables.accounts


async def test_the_same_id_in_another_tenant_is_another_message():
    world = a_world()
    world.tables.tenants["other"] = world.clock.now()
    await handler(world).execute(a_message(UserDeleted(ALICE.email)))

    assert await handler(world).execute(a_message(UserDeleted(ALICE.email), tenant="other"))


async def test_a_tenant_that_is_not_served_is_refused():
    world = a_world()

    with pytest.raises(NotFound):
        await handler(world).execute(a_message(UserDeleted(ALICE.email), tenant="unknown"))

    assert world.tables.inbox == {}


async def test_a_stored_file_is_registered_with_the_message():
    world = a_world()

    assert await handler(world).execute(a_message(STORED))

    assert world.tables.files[TENANT, "c1"].file_name == "product.tif"
    assert (TENANT, "m1") in world.tables.inbox


async def test_a_stored_file_that_is_not_there_is_refused():
    world = a_world()

    with pytest.raises(InvalidValue):
        await handler(world).execute(a_message(attrs.evolve(STORED, url="memory:///disk/gone")))

    assert world.tables.inbox == {}


async def test_a_deleted_copy_is_removed_and_a_second_time_is_no_failure():
    world = a_world().holds(a_file(), a_location())

    assert await handler(world).execute(a_message(FileDeleted(checksum="c1", storage="disk")))
    assert world.tables.files == {}
    assert await handler(world).execute(a_message(FileDeleted(checksum="c1", storage="disk"), "m2"))


async def test_a_deletion_that_overtakes_the_storing_leaves_no_record_of_a_file_that_is_gone():
    world = a_world()
    world.disk.remove(STORED.url)

    # Neither says when it was sent.
    assert await handler(world).execute(a_message(FileDeleted(checksum="c1", storage="disk"), "m2"))
    world.clock.advance(timedelta(seconds=1))
    with pytest.raises(InvalidValue):
        await handler(world).execute(a_message(STORED))

    assert world.tables.files == {}


@pytest.mark.parametrize(
    ("first", "second", "remains"),
    [
        (("stored", 0), ("deleted", 0), False),
        (("stored", 0), ("deleted", 1), False),
        # One has overtaken the other.
        (("deleted", 0), ("stored", 0), False),
        (("deleted", 1), ("stored", 0), False),
        (("stored", 2), ("deleted", 1), True),
        # It came back.
        (("deleted", 0), ("stored", 1), True),
    ],
)
async def test_of_a_storing_and_a_deletion_the_later_one_counts_whichever_arrives_first(first, second, remains):
    world = a_world()
    world.clock.advance(timedelta(hours=1))
    facts = {"stored": STORED, "deleted": FileDeleted(checksum="c1", storage="disk")}
    for kind, seconds in (first, second):
        sent_at = NOW + timedelta(seconds=seconds)
        assert await handler(world).execute(a_message(facts[kind], f"{kind} {seconds}", sent_at=sent_at))

    assert (world.tables.files != {}) is remains
    assert len(world.tables.inbox) == 2


async def test_a_copy_that_was_removed_by_message_may_come_back_in_the_same_second():
    world = a_world().holds(a_file(), a_location())
    world.clock.advance(timedelta(hours=1))

    assert await handler(world).execute(a_message(FileDeleted(checksum="c1", storage="disk"), sent_at=NOW))
    assert await handler(world).execute(a_message(STORED, "m2", sent_at=NOW))

    assert len(world.tables.files) == 1


async def test_files_to_restore_are_recorded_and_the_others_answered():
    world = a_world().holds(
        a_file("c1"),
        a_location("c1"),
        a_storage("tape", storage_type=StorageType.NEARLINE),
        a_file("c2"),
        a_location("c2", "tape"),
    )
    wanted = RestorationRequested(group_id="g", checksums=("c1", "c2", "c3"), available_hours=48)

    assert await handler(world).execute(a_message(wanted))
    assert await handler(world).execute(a_message(wanted, "m2"))

    waiting = [row for row in world.tables.restoration_requests.values() if row.state is RequestState.REQUESTED]
    assert [(row.checksum, row.available_hours) for row in waiting] == [("c2", 48)]
    assert list(world.tables.restorations) == [(TENANT, "c2")]
    known = [row.payload for row in world.tables.outbox.values() if row.type == "FileAvailabilityKnown"]
    assert [(row["checksum"], row["is_available"]) for row in known] == [("c1", True), ("c3", False)]


async def test_a_restoration_for_no_time_is_refused():
    wanted = RestorationRequested(group_id="g", checksums=("c1",), available_hours=0)

    with pytest.raises(InvalidValue):
        await handler(a_world()).execute(a_message(wanted))


async def test_tenants_come_and_go():
    world = a_world()

    assert await handler(world).execute(a_message(TenantCreated(), tenant="new"))
    assert await handler(world).execute(a_message(TenantDeleted(), tenant=TENANT))

    assert set(world.tables.tenants) == {"new"}


async def test_what_changes_nothing_here_is_not_recorded():
    world = a_world()

    assert not await handler(world).execute(a_message(NotForUs()))
    assert world.tables.inbox == {}
    assert await handler(world).execute(a_message(StorageChanged("disk")))


async def test_a_database_that_is_down_leaves_the_message_to_be_tried_again():
    world = a_world()
    world.database.is_down = True

    with pytest.raises(DatabaseUnavailable):
        await handler(world).execute(a_message(STORED))
    world.database.is_down = False

    assert await handler(world).execute(a_message(STORED))
