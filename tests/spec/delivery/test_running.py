"""Leases of running transfers: renewed together, fenced when lost, ended when asked."""

from datetime import timedelta

import pytest

from application.delivery.running import TransferEnded
from application.errors import DatabaseUnavailable
from tests import factories
from tests.spec.delivery.service import Service, read

pytestmark = pytest.mark.anyio

DATA = b"y" * 1000


@pytest.fixture
def service() -> Service:
    made = Service()
    made.add_file(DATA)
    return made


async def test_a_renewed_lease_lets_a_slow_transfer_go_on(service: Service) -> None:
    opened = await service.opened()
    for _ in range(9):
        await read(opened.delivery, 100)
        service.pass_time(seconds=20)
        await service.renew.execute()

    data, is_complete = await read(opened.delivery)

    assert (len(data), is_complete) == (100, True)
    await service.finish(opened)


async def test_progress_is_recorded_with_the_lease(service: Service) -> None:
    opened = await service.opened()
    await read(opened.delivery, 300)

    await service.renew.execute()

    (transfer,) = await service.ledger.transfers(factories.TENANT)
    assert transfer.progress_bytes == 300
    await service.finish(opened)


async def test_a_transfer_that_was_settled_elsewhere_sends_nothing_more(service: Service) -> None:
    opened = await service.opened()
    await read(opened.delivery, 300)
    service.clock.step(timedelta(minutes=5))
    await service.ledger.sweep(service.clock.now())

    await service.renew.execute()

    with pytest.raises(TransferEnded):
        await opened.delivery.next_piece(zero_copy=False)
    await service.finish(opened)
    assert service.active() == 0


async def test_a_transfer_whose_end_was_asked_for_stops_even_when_nothing_moves(service: Service) -> None:
    stopped: list[bool] = []
    opened = await service.opened()
    opened.delivery.running.on_end(lambda: stopped.append(True))
    await service.ledger.request_end(factories.TENANT, opened.transfer.id)

    await service.renew.execute()

    assert stopped == [True]
    await service.finish(opened)


async def test_an_end_that_came_first_is_told_to_whoever_listens_later(service: Service) -> None:
    stopped: list[bool] = []
    opened = await service.opened()
    service.running.end([opened.transfer.id, "nobody"], "a test asked for it")
    service.running.end([opened.transfer.id], "again")

    opened.delivery.running.on_end(lambda: stopped.append(True))

    assert stopped == [True]
    assert opened.delivery.running.ended_because == "a test asked for it"
    await service.finish(opened)


async def test_without_a_database_the_lease_runs_out_and_the_transfer_stops(service: Service) -> None:
    opened = await service.opened()
    stopped: list[bool] = []
    opened.delivery.running.on_end(lambda: stopped.append(True))
    service.database.is_down = True
    for seconds in (20, 20):
        service.pass_time(seconds=seconds)
        with pytest.raises(DatabaseUnavailable):
            await service.renew.execute()

    assert stopped == [True]
    service.database.is_down = False
    await service.finish(opened)


async def test_a_settlement_that_the_database_refused_is_made_later(service: Service) -> None:
    opened = await service.opened()
    await read(opened.delivery)
    service.database.is_down = True
    await service.finish(opened)
    assert service.active() == 1
    service.database.is_down = False

    await service.renew.execute()

    assert (service.active(), service.units_used(), len(service.running)) == (0, 1, 0)
    assert "DownloadCompleted" in service.events()


async def test_nothing_running_asks_nothing(service: Service) -> None:
    service.database.is_down = True

    await service.renew.execute()


async def test_a_transfer_that_ended_while_its_lease_was_renewed_is_no_news(service: Service) -> None:
    service.running.renewed(["gone"], renewed_at=0.0)
    service.running.finished("gone")

    assert len(service.running) == 0
