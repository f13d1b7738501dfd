"""Everything that is settled before the first byte leaves."""

import asyncio
import hashlib

import attrs
import pytest

from application.use_cases.download_answers import Described, NotModified, Refused
from domain.access import ANONYMOUS_EMAIL
from domain.account import AccountKey
from domain.errors import (
    CopiesUnreachable,
    FileChanged,
    FileNotReadable,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    RestorationNeeded,
)
from domain.file import DataType
from domain.preconditions import Conditions
from domain.quota import ConnectionsExceeded, QuotaExceeded, RateExceeded
from domain.storage_location import StorageType
from tests import factories
from tests.fakes.in_memory_storage import Misbehaviour
from tests.spec.delivery.service import Service, until

pytestmark = pytest.mark.anyio

DATA = bytes(range(256)) * 4


@pytest.fixture
def service() -> Service:
    made = Service()
    made.add_file(DATA)
    return made


async def test_the_whole_file_is_delivered_for_one_unit(service: Service) -> None:
    received = await service.fetch()

    assert received.data == DATA
    assert received.is_complete
    assert (service.units_used(), service.active()) == (1, 0)


async def test_a_second_copy_costs_a_second_unit(service: Service) -> None:
    await service.fetch()
    await service.fetch()

    assert service.units_used() == 2


async def test_a_resume_after_a_cut_costs_nothing_more(service: Service) -> None:
    first = await service.fetch(stop_after=300)
    rest = await service.fetch(f"bytes={len(first.data)}-")

    assert first.data + rest.data == DATA
    assert service.units_used() == 1


async def test_parallel_ranges_cost_one_unit(service: Service) -> None:
    opened = [await service.opened(f"bytes={start}-{start + 127}") for start in range(0, 1024, 128)]

    assert service.active() == 1
    for each in opened:
        await service.finish(each)
    assert service.active() == 0


async def test_an_aborted_start_costs_nothing(service: Service) -> None:
    await service.fetch(stop_after=0)

    assert (service.units_used(), service.active()) == (0, 0)


async def test_head_describes_and_costs_nothing(service: Service) -> None:
    result = await service.ask(is_head=True, byte_range="bytes=0-9")

    assert isinstance(result, Described)
    assert service.units_used() == 0
    assert service.storage().sources == []


async def test_an_unmodified_file_costs_nothing(service: Service) -> None:
    result = await service.ask(conditions=Conditions(if_none_match='"c1"'))

    assert isinstance(result, NotModified)
    assert service.units_used() == 0


async def test_a_failed_precondition_costs_nothing(service: Service) -> None:
    with pytest.raises(PreconditionFailed):
        await service.ask(conditions=Conditions(if_match='"other"'))

    assert service.units_used() == 0


async def test_a_range_outside_the_file_costs_nothing(service: Service) -> None:
    with pytest.raises(RangeNotSatisfiable):
        await service.ask(byte_range="bytes=1024-")

    assert service.units_used() == 0


async def test_an_unknown_checksum_is_not_found(service: Service) -> None:
    with pytest.raises(NotFound):
        await service.ask(checksum="nothing")


async def test_another_tenant_does_not_see_the_file(service: Service) -> None:
    with pytest.raises(NotFound):
        await service.ask(account=AccountKey("other", "alice@example.org"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"active": False}, CopiesUnreachable, id="storage switched off"),
        pytest.param({"storage_type": StorageType.NEARLINE}, RestorationNeeded, id="nearline only"),
        pytest.param({"storage_type": StorageType.OFFLINE, "plugin_id": None}, FileNotReadable, id="offline only"),
    ],
)
async def test_a_file_that_cannot_be_read_now_says_why(
    service: Service, change: dict[str, object], expected: type[Exception]
) -> None:
    with service.database.transaction() as tables:
        key = (factories.TENANT, "disk")
        tables.storages[key] = attrs.evolve(tables.storages[key], **change)

    with pytest.raises(expected):
        await service.ask()
    assert service.units_used() == 0


async def test_a_refusal_for_quota_tells_the_numbers_and_no_time(service: Service) -> None:
    await service.limit(max_quota=1)
    await service.fetch()

    result = await service.ask()

    assert result == Refused(refusal=QuotaExceeded(limit=1, current=1), retry_after=None)


async def test_a_refusal_for_rate_says_when_to_come_again(service: Service) -> None:
    await service.limit(rate_limit=1)
    opened = await service.opened()
    piece = await opened.delivery.next_piece(zero_copy=False)
    assert piece is not None
    opened.delivery.handed_over(256)
    service.pass_time(seconds=10)
    await service.renew.execute()

    result = await service.ask()

    assert result == Refused(refusal=RateExceeded(limit=1, current=1), retry_after=30)
    await service.finish(opened)


async def test_the_estimate_is_used_again_for_a_second(service: Service) -> None:
    await service.limit(rate_limit=0)

    first, second = await service.ask(), await service.ask()

    assert isinstance(first, Refused)
    assert first == second
    assert first.retry_after == 5


async def test_a_seventeenth_connection_is_refused(service: Service) -> None:
    opened = [await service.opened(f"bytes={i}-{i}") for i in range(16)]

    result = await service.ask(byte_range="bytes=20-20")

    assert isinstance(result, Refused)
    assert result.refusal == ConnectionsExceeded(limit=16, current=16)
    for each in opened:
        await service.finish(each)


async def test_the_anonymous_user_gets_uncounted_files_only(service: Service) -> None:
    service.add_file(b"quick", checksum="look", data_type=DataType.QUICKLOOK_SD)
    public = AccountKey(factories.TENANT, ANONYMOUS_EMAIL)

    refused = await service.ask(account=public)
    received = await service.fetch(checksum="look", account=public)

    assert isinstance(refused, Refused)
    assert received.data == b"quick"
    assert service.units_used(public) == 0


async def test_a_copy_that_does_not_open_is_skipped_for_the_next() -> None:
    service = Service()
    service.add_file(DATA, "fast", "slow")
    service.storage("fast").misbehave(Misbehaviour(unavailable=True))

    received = await service.fetch()

    assert received.data == DATA
    assert service.reports == [("copy-not-opened", "fast")]
    assert not service.is_suspect("fast")


async def test_no_copy_that_opens_gives_the_unit_back(service: Service) -> None:
    service.storage().misbehave(Misbehaviour(missing=True))

    with pytest.raises(CopiesUnreachable):
        await service.ask()

    assert (service.units_used(), service.active(), len(service.running)) == (0, 0, 0)


async def test_changed_bytes_are_never_sent_and_the_copy_is_marked(service: Service) -> None:
    service.storage().put(factories.a_location().url, bytes(len(DATA)))

    with pytest.raises(CopiesUnreachable):
        await service.ask()

    assert service.is_suspect("disk")
    assert service.events()[0] == "FileLocationSuspected"
    assert service.units_used() == 0


async def test_changed_bytes_are_not_spliced_into_a_resume(service: Service) -> None:
    first = await service.fetch(stop_after=300)
    service.storage().put(factories.a_location().url, bytes(len(DATA)))

    with pytest.raises(FileChanged):
        await service.ask(byte_range=f"bytes={len(first.data)}-")

    assert service.units_used() == 1


async def test_a_file_registered_anew_with_another_size_is_not_spliced(service: Service) -> None:
    await service.fetch(stop_after=300)
    service.add_file(DATA + b"more")

    with pytest.raises(FileChanged):
        await service.ask(byte_range="bytes=300-")


async def test_an_empty_file_is_delivered(service: Service) -> None:
    service.add_file(b"", checksum="empty")

    received = await service.fetch(checksum="empty")

    assert (received.data, received.is_complete) == (b"", True)
    assert service.units_used() == 1


async def test_several_ranges_come_in_order(service: Service) -> None:
    opened = await service.opened("bytes=500-509,0-9,5-19")

    assert opened.ranges is not None
    assert [(r.start, r.length) for r in opened.ranges] == [(0, 20), (500, 10)]
    await service.finish(opened)


async def test_a_range_of_a_verifying_storage_comes_from_a_verified_copy_only() -> None:
    service = Service()
    service.add_file(DATA, "bad", "good", checksum=hashlib.md5(DATA).hexdigest(), verify=True)
    service.storage("bad").misbehave(Misbehaviour(corrupt_at=900))

    received = await service.fetch("bytes=0-99", checksum=hashlib.md5(DATA).hexdigest())

    assert received.data == DATA[:100]
    assert service.is_suspect("bad", hashlib.md5(DATA).hexdigest())
    assert not service.is_suspect("good", hashlib.md5(DATA).hexdigest())
    assert [s for s in service.storage("bad").sources if not s.is_closed] == []


async def test_a_verified_copy_is_not_read_in_full_again() -> None:
    service = Service()
    checksum = hashlib.md5(DATA).hexdigest()
    service.add_file(DATA, checksum=checksum, verify=True)
    await service.fetch(checksum=checksum)
    opened_before = len(service.storage().sources)

    await service.fetch("bytes=0-9", checksum=checksum)

    assert len(service.storage().sources) == opened_before + 1


async def test_a_verification_that_cannot_read_tries_the_next_copy() -> None:
    service = Service()
    checksum = hashlib.md5(DATA).hexdigest()
    service.add_file(DATA, "dying", "good", checksum=checksum, verify=True)
    service.storage("dying").misbehave(Misbehaviour(dies_after=500))

    received = await service.fetch("bytes=0-9", checksum=checksum)

    assert received.data == DATA[:10]
    assert not service.is_suspect("dying", checksum)


async def test_a_long_verification_does_not_lose_the_lease() -> None:
    service = Service()
    checksum = hashlib.md5(DATA).hexdigest()
    service.add_file(DATA, checksum=checksum, verify=True)
    stall = service.storage().misbehave(Misbehaviour(stalls_at=500))
    fetching = asyncio.create_task(service.fetch("bytes=0-9", checksum=checksum))
    await until(lambda: len(service.running) == 1)
    for _ in range(3):
        service.pass_time(seconds=20)
        await service.renew.execute()
        assert await service.ledger.sweep(service.clock.now()) == 0
    stall.released.set()
    received = await fetching

    assert received.is_complete


async def test_a_cancelled_opening_gives_everything_back() -> None:
    service = Service()
    checksum = hashlib.md5(DATA).hexdigest()
    service.add_file(DATA, checksum=checksum, verify=True)
    service.storage().misbehave(Misbehaviour(stalls_at=500))
    asking = asyncio.create_task(service.ask(byte_range="bytes=0-9", checksum=checksum))
    await until(lambda: len(service.running) == 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await service.verified.aclose()

    assert (service.units_used(), service.active(), len(service.running)) == (0, 0, 0)
    assert service.storage().open_sources == []


async def test_a_ticket_of_nobody_charges_nobody(service: Service) -> None:
    ticket = factories.a_ticket(max_uses=1)
    with service.database.transaction() as tables:
        tables.tickets[ticket.tenant, ticket.id] = ticket

    received = await service.fetch(account=ticket.account, ticket_id=ticket.id)
    again = await service.ask(account=ticket.account, ticket_id=ticket.id)

    assert received.is_complete
    assert isinstance(again, Refused)
    assert service.units_used(ticket.account) == 0
