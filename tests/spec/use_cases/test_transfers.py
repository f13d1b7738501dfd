"""Seeing and ending running transfers."""

import pytest

from application.use_cases.end_transfer import EndTransfer, EndTransferRequest
from application.use_cases.list_transfers import ListTransfers, ListTransfersRequest, TransferView
from domain.access import Caller, Role
from domain.account import AccountKey
from domain.errors import Forbidden, NotFound
from tests.factories import TENANT, a_request
from tests.spec.use_cases.world import ADMIN, ALICE, BOB, World

pytestmark = pytest.mark.anyio


async def a_world() -> World:
    """Alice and Bob fetch ``c1``; a file that has been removed since is fetched by Bob."""
    world = World().with_one_file()
    bob = AccountKey.of_user(TENANT, BOB.email)
    now = world.clock.now()
    await world.ledger.admit(a_request("t1"), now)
    await world.ledger.admit(a_request("t2", account=bob), now)
    await world.ledger.admit(a_request("t3", account=bob, checksum="removed"), now)
    return world


async def listed(world: World, caller: Caller, email: str | None) -> tuple[TransferView, ...]:
    request = ListTransfersRequest(caller=caller, email=email)
    return await ListTransfers(world.ledger, world.unit_of_work).execute(request)


async def end(world: World, caller: Caller, transfer_id: str) -> None:
    await EndTransfer(world.ledger).execute(EndTransferRequest(caller=caller, transfer_id=transfer_id))


async def test_a_user_sees_own_transfers_with_their_progress():
    world = await a_world()
    await world.ledger.renew("i1", {"t1": 400}, world.clock.now())

    (view,) = await listed(world, ALICE, ALICE.email)

    assert (view.id, view.file_name, view.delivered_bytes, view.reserved_bytes) == ("t1", "product.tif", 400, 1000)
    assert not view.is_ending


async def test_a_file_that_was_removed_since_has_no_name():
    views = await listed(await a_world(), BOB, BOB.email)

    assert [(view.id, view.file_name) for view in views] == [("t2", "product.tif"), ("t3", None)]


async def test_nobody_sees_the_transfers_of_others():
    world = await a_world()

    with pytest.raises(Forbidden):
        await listed(world, ALICE, BOB.email)
    with pytest.raises(Forbidden):
        await listed(world, ALICE, None)


async def test_an_administrator_sees_those_of_one_user_or_of_everybody():
    world = await a_world()

    assert [view.id for view in await listed(world, ADMIN, ALICE.email)] == ["t1"]
    assert [view.id for view in await listed(world, ADMIN, None)] == ["t1", "t2", "t3"]


async def test_an_administrator_of_another_tenant_sees_nothing():
    stranger = Caller("other", ADMIN.email, Role.INSTANCE_ADMIN)

    assert await listed(await a_world(), stranger, None) == ()


async def test_a_user_ends_an_own_transfer():
    world = await a_world()

    await end(world, ALICE, "t1")

    assert (await listed(world, ALICE, ALICE.email))[0].is_ending


async def test_a_transfer_of_somebody_else_does_not_exist():
    world = await a_world()

    with pytest.raises(NotFound):
        await end(world, ALICE, "t2")
    with pytest.raises(NotFound):
        await end(world, Caller("other", ADMIN.email, Role.ADMIN), "t2")
    assert not any(transfer.end_requested for transfer in world.tables.transfers.values())


async def test_an_administrator_ends_any_transfer():
    world = await a_world()

    await end(world, ADMIN, "t2")

    assert world.tables.transfers["t2"].end_requested
