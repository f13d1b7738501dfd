"""Tenants, storages, settings and the outbox."""

import asyncio
from datetime import timedelta

import attrs
import pytest

from application.errors import Conflict
from application.ports.secrets import SecretPlace
from application.use_cases.add_storage import AddStorage
from application.use_cases.change_storage import ChangeStorage
from application.use_cases.configured_storage import StorageRequest
from domain.events import DownloadAbandoned, FileLocationSuspected, TicketIssued, TicketRevoked
from domain.settings import TenantSettings
from domain.storage_location import StorageType
from domain.stored_secret import MASK, sealed_in
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import NOW, TENANT, a_file, a_location, a_storage
from tests.spec.use_cases.world import World


class TenantsContract(UnitOfWorkSuite):
    async def test_a_tenant_is_added_once(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            assert await unit.tenants.add("third", NOW)
            assert not await unit.tenants.add("third", NOW)
            assert not await unit.tenants.add(TENANT, NOW + timedelta(days=1))
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.tenants.exists("third")
            assert not await unit.tenants.exists("THIRD")
            assert await unit.tenants.names() == (TENANT, OTHER, "third")


class StorageLocationsContract(UnitOfWorkSuite):
    async def test_every_field_of_a_storage_is_kept(self, env: UnitOfWorkEnvironment) -> None:
        storage = attrs.evolve(
            a_storage(active=False, verify=True, priority=3),
            parameters={"root": "/é", "depth": 2, "ratio": 0.5, "on": True, "nested": {"list": [1, None]}},
            allocated_size_kb=2**40,
        )
        offline = a_storage("shelf", storage_type=StorageType.OFFLINE)
        await env.save(storages=[storage, offline])

        async with env.unit_of_work() as unit:
            assert await unit.storages.get(TENANT, "disk") == storage
            assert await unit.storages.get(TENANT, "shelf") == offline
            assert await unit.storages.get(TENANT, "DISK") is None
            assert await unit.storages.get(OTHER, "disk") is None

    async def test_storages_are_listed_by_type_and_priority(self, env: UnitOfWorkEnvironment) -> None:
        await env.save(
            storages=[
                a_storage("a", priority=2),
                a_storage("b", priority=0),
                a_storage("c", priority=1),
                a_storage("t", storage_type=StorageType.NEARLINE, priority=0),
                a_storage("s", storage_type=StorageType.NEARLINE, priority=1),
                a_storage("z", tenant=OTHER),
            ]
        )

        async with env.unit_of_work() as unit:
            names = [storage.name for storage in await unit.storages.all(TENANT)]

        assert [name for name in names if name in "abc"] == ["b", "c", "a"]
        assert [name for name in names if name in "ts"] == ["t", "s"]
        assert "".join(names) in {"bcats", "tsbca"}

    async def test_a_whole_reordering_is_saved_in_one_call(self, env: UnitOfWorkEnvironment) -> None:
        await env.save(storages=[a_storage("a", priority=0), a_storage("b", priority=1), a_storage("c", priority=2)])
        await env.save(storages=[a_storage("b", priority=0), a_storage("c", priority=1), a_storage("a", priority=2)])

        async with env.unit_of_work() as unit:
            assert [storage.name for storage in await unit.storages.all(TENANT)] == ["b", "c", "a"]

    async def test_changes_of_storages_happen_one_after_another(self, env: UnitOfWorkEnvironment) -> None:
        await env.save(storages=[a_storage()])

        async def change(name: str) -> None:
            async with env.unit_of_work() as unit:
                (found,) = await unit.storages.all_to_change(TENANT)
                await unit.storages.save([attrs.evolve(found, parameters={**found.parameters, name: name})])
                await unit.commit()

        names = [f"p{number}" for number in range(10)]
        await asyncio.gather(*map(change, names))

        async with env.unit_of_work() as unit:
            (found,) = await unit.storages.all(TENANT)
        assert sorted(found.parameters.keys() & set(names)) == names

    async def test_a_new_secret_outlives_changes_of_those_who_do_not_see_it(self, env: UnitOfWorkEnvironment) -> None:
        world = World()
        request = StorageRequest(tenant=TENANT, name="disk", plugin_id="Memory", parameters={"password": "old"})
        await AddStorage(env.unit_of_work, world.configurations).execute(request)
        change = ChangeStorage(env.unit_of_work, world.configurations)

        masked = attrs.evolve(request, parameters={"password": MASK})
        others = [change.execute(attrs.evolve(masked, allocated_size_kb=number)) for number in range(6)]
        new = change.execute(attrs.evolve(request, parameters={"password": "new"}))
        await asyncio.gather(*others[:2], new, *others[2:])

        async with env.unit_of_work() as unit:
            (found,) = await unit.storages.all(TENANT)
        sealed = sealed_in(found.parameters["password"])
        assert sealed is not None
        place = SecretPlace(tenant=TENANT, storage="disk", parameter="password")
        assert world.secrets.open(sealed, place) == "new"

    async def test_two_storages_of_a_type_never_share_a_priority(self, env: UnitOfWorkEnvironment) -> None:
        await env.save(storages=[a_storage("a"), a_storage("t", storage_type=StorageType.NEARLINE)])
        await env.save(storages=[a_storage("a", tenant=OTHER)])

        with pytest.raises(Conflict):
            await env.save(storages=[a_storage("b")])

    async def test_a_removed_storage_is_gone(self, env: UnitOfWorkEnvironment) -> None:
        await env.save(storages=[a_storage(), a_storage(tenant=OTHER)])

        async with env.unit_of_work() as unit:
            assert await unit.storages.remove(TENANT, "disk")
            assert not await unit.storages.remove(TENANT, "disk")
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.storages.get(TENANT, "disk") is None
            assert await unit.storages.get(OTHER, "disk") is not None

    async def test_whether_a_storage_holds_files(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file()], [a_location()], [a_storage(), a_storage("empty", priority=1)])

        async with env.unit_of_work() as unit:
            assert await unit.storages.holds_files(TENANT, "disk")
            assert not await unit.storages.holds_files(TENANT, "empty")
            assert not await unit.storages.holds_files(OTHER, "disk")


class SettingsContract(UnitOfWorkSuite):
    async def test_what_is_not_stored_has_its_default(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            assert await unit.settings.values(TENANT) == {}
            assert await unit.settings.current(TENANT) == TenantSettings.DEFAULTS

    async def test_a_value_is_stored_replaced_and_reset(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.settings.put(TENANT, "maxQuota", 5)
            await unit.settings.put(TENANT, "maxQuota", 2**53 - 1)
            await unit.settings.put(TENANT, "rateLimit", -1)
            await unit.settings.put(OTHER, "rateLimit", 3)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.settings.values(TENANT) == {"maxQuota": 2**53 - 1, "rateLimit": -1}
            assert (await unit.settings.current(OTHER)).limits.rate_limit == 3
            await unit.settings.reset(TENANT, "maxQuota")
            await unit.settings.reset(TENANT, "ticketLifetime")
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.settings.values(TENANT) == {"rateLimit": -1}


class OutboxContract(UnitOfWorkSuite):
    async def test_events_are_kept_in_order_with_their_fields(self, env: UnitOfWorkEnvironment) -> None:
        when = NOW + timedelta(microseconds=1)
        issued = TicketIssued(tenant=TENANT, ticket_id="k1", checksum="c1", issued_by="é", occurred_at=when)
        revoked = TicketRevoked(tenant=TENANT, ticket_id="k1", occurred_at=NOW)
        foreign = TicketRevoked(tenant=OTHER, ticket_id="k1", occurred_at=NOW)
        suspected = FileLocationSuspected(
            tenant=TENANT, checksum="c1", storage="disk", reason="The digest differs.", occurred_at=NOW
        )
        async with env.unit_of_work() as unit:
            await unit.outbox.add(issued, foreign, revoked)
            await unit.outbox.add()
            await unit.outbox.add(suspected)
            await unit.commit()

        async with env.unit_of_work() as unit:
            first = await unit.outbox.page(TENANT, after=0, limit=2)
            second = await unit.outbox.page(TENANT, after=first[-1].id, limit=2)
            third = await unit.outbox.page(TENANT, after=second[-1].id, limit=2)

        assert [event.type for event in (*first, *second)] == ["TicketIssued", "TicketRevoked", "FileLocationSuspected"]
        assert third == ()
        assert first[0].occurred_at == when
        assert first[0].tenant == TENANT
        assert first[0].payload == attrs.asdict(issued) | {"occurred_at": when.isoformat()}

    async def test_old_events_are_purged(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            for days, tenant in ((0, TENANT), (1, TENANT), (0, OTHER)):
                await unit.outbox.add(
                    DownloadAbandoned(
                        tenant=tenant,
                        email="e",
                        checksum="c",
                        download_id="d",
                        occurred_at=NOW + timedelta(days=days),
                    )
                )
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.outbox.purge(NOW + timedelta(days=1), with_waiting=True) == 2
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert len(await unit.outbox.page(TENANT, after=0, limit=10)) == 1
            assert await unit.outbox.page(OTHER, after=0, limit=10) == ()

    async def test_old_events_that_somebody_is_still_to_be_told_of_are_kept(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            for name in ("published", "refused", "waiting"):
                await unit.outbox.add(
                    DownloadAbandoned(tenant=TENANT, email=name, checksum="c", download_id="d", occurred_at=NOW)
                )
            await unit.commit()
        async with env.unit_of_work() as unit:
            published, refused, waiting = await unit.outbox.page(TENANT, after=0, limit=10)
            await unit.outbox.mark_published([published.id], NOW)
            await unit.outbox.mark_refused(refused.id, "too large", NOW)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.outbox.purge(NOW + timedelta(days=1), with_waiting=False) == 2
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.outbox.page(TENANT, after=0, limit=10) == (waiting,)
