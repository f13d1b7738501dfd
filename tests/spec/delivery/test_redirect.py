"""Clients that are sent to the storage itself: what that costs, and when it does not happen."""

import attrs
import pytest

from application.delivery.redirect import Redirected, Redirects
from application.errors import StorageUnavailable
from application.use_cases.download_answers import Described, Opened, Refused
from domain.quota import QuotaExceeded
from domain.storage_location import Delivery
from tests import factories
from tests.fakes.in_memory_storage import InMemoryStorage
from tests.fakes.signing_storage import SigningInMemoryStorage
from tests.spec.delivery.service import Service

pytestmark = pytest.mark.anyio

DATA = b"0123456789" * 20


def redirecting(*, verify: bool = False, data: bytes = DATA, **changes: object) -> Service:
    service = Service()
    service.registry.storages["s3"] = SigningInMemoryStorage()
    service.add_file(data, "s3", verify=verify)
    tables = service.database.tables
    key = factories.TENANT, "s3"
    tables.storages[key] = attrs.evolve(tables.storages[key], delivery=Delivery.REDIRECT)
    service.open = attrs.evolve(
        service.open, redirects=Redirects(registry=service.registry, log=service._report, **changes)
    )
    return service


async def test_a_whole_file_is_one_unit_and_no_slot() -> None:
    service = redirecting()

    answer = await service.ask()

    assert isinstance(answer, Redirected)
    assert answer.url == "https://signed.example.org/c1?name=product.tif&type=image/tiff&seconds=60"
    assert (service.units_used(), service.active()) == (1, 0)
    assert service.events() == ["DownloadCompleted"]


async def test_a_range_costs_a_complete_copy_too() -> None:
    service = redirecting()

    assert isinstance(await service.ask(byte_range="bytes=10-19"), Redirected)
    assert isinstance(await service.ask(byte_range="bytes=20-"), Redirected)

    assert service.units_used() == 2


async def test_an_empty_file_is_one_unit() -> None:
    service = redirecting(data=b"")

    assert isinstance(await service.ask(), Redirected)
    assert service.units_used() == 1


async def test_nobody_is_redirected_beyond_the_quota() -> None:
    service = redirecting()
    await service.limit(max_quota=1)
    await service.ask()

    answer = await service.ask()

    assert isinstance(answer, Refused)
    assert isinstance(answer.refusal, QuotaExceeded)
    assert service.units_used() == 1


async def test_a_description_costs_nothing_and_is_ours() -> None:
    service = redirecting()

    assert isinstance(await service.ask(is_head=True), Described)
    assert service.units_used() == 0


async def test_several_ranges_are_streamed() -> None:
    service = redirecting()

    answer = await service.ask(byte_range="bytes=0-9,50-59")

    assert isinstance(answer, Opened)
    await service.finish(answer)


async def test_a_storage_whose_bytes_are_verified_is_streamed() -> None:
    service = redirecting(verify=True)

    answer = await service.ask()

    assert isinstance(answer, Opened)
    await service.finish(answer)


@pytest.mark.parametrize("includes", [False, True])
async def test_tickets_with_a_number_of_uses_are_streamed_unless_the_operator_says_otherwise(includes: bool) -> None:
    service = redirecting(includes_limited_tickets=includes)

    answer = await service.ask(has_limited_ticket=True)

    assert isinstance(answer, Redirected) == includes
    if isinstance(answer, Opened):
        await service.finish(answer)


@pytest.mark.parametrize("refusal", [StorageUnavailable("no"), RuntimeError("The plugin is broken.")])
async def test_where_nothing_can_be_signed_the_client_is_served_for_the_same_unit(refusal: Exception) -> None:
    service = redirecting()
    storage = service.storage("s3")
    assert isinstance(storage, SigningInMemoryStorage)
    storage.refusal = refusal

    received = await service.fetch("bytes=10-19")

    assert received.data == DATA[10:20]
    assert service.units_used() == 1
    assert service.reports == [("copy-not-signed", "s3")]


async def test_a_storage_that_cannot_sign_is_streamed() -> None:
    service = redirecting()
    plain = InMemoryStorage()
    service.registry.storages["s3"] = plain
    location = service.database.tables.locations[factories.TENANT, "c1", "s3"]
    version = plain.put(location.url, DATA)
    service.database.tables.locations[factories.TENANT, "c1", "s3"] = attrs.evolve(location, version=version)

    assert (await service.fetch()).data == DATA


async def test_the_url_is_not_shown() -> None:
    answer = await redirecting().ask()

    assert "signed.example.org" not in repr(answer)
