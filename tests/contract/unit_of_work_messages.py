"""The inbox, what was told of quotas, jobs, and events on their way out."""

from datetime import timedelta

from application.ports.jobs import Backlog, JobRun
from application.ports.published_quotas import UsedUnits
from domain.account import AccountKey
from domain.events import DownloadsRefused, FileAvailabilityKnown, QuotaUsed
from domain.settlement import Outcome
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import ALICE, BOB, NOW, SIZE, TENANT, a_request, limits

HOUR = timedelta(hours=1)
OURS, THEIRS = "worker-1", "worker-2"


class InboxContract(UnitOfWorkSuite):
    async def test_a_message_is_new_once(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            assert await unit.inbox.add(TENANT, "m1", NOW)
            assert not await unit.inbox.add(TENANT, "m1", NOW)
            assert await unit.inbox.add(OTHER, "m1", NOW)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert not await unit.inbox.add(TENANT, "m1", NOW)
            assert await unit.inbox.knows(TENANT, "m1")
            assert not await unit.inbox.knows(TENANT, "m2")

    async def test_a_message_whose_effect_is_undone_is_new_again(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.inbox.add(TENANT, "m1", NOW)

        async with env.unit_of_work() as unit:
            assert not await unit.inbox.knows(TENANT, "m1")

    async def test_old_message_ids_are_purged(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.inbox.add(TENANT, "old", NOW)
            await unit.inbox.add(TENANT, "new", NOW + HOUR)
            assert await unit.inbox.purge(NOW + HOUR) == 1
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert not await unit.inbox.knows(TENANT, "old")
            assert await unit.inbox.knows(TENANT, "new")


class PublishedQuotasContract(UnitOfWorkSuite):
    async def test_only_users_who_used_something_are_news(self, env: UnitOfWorkEnvironment) -> None:
        await env.ledger.set_limits(BOB, limits(5, 5))
        await self.use_a_unit(env, ALICE, "t1")

        assert await self.changed(env) == (UsedUnits(key=ALICE, units=1),)

    async def test_what_was_told_is_no_news_until_it_changes(self, env: UnitOfWorkEnvironment) -> None:
        await self.use_a_unit(env, ALICE, "t1")
        await self.use_a_unit(env, BOB, "t2")
        await self.tell(env)
        assert await self.changed(env) == ()

        await self.use_a_unit(env, BOB, "t3")

        assert await self.changed(env) == (UsedUnits(key=BOB, units=2),)

    async def test_a_forgotten_user_has_used_nothing(self, env: UnitOfWorkEnvironment) -> None:
        await self.use_a_unit(env, ALICE, "t1")
        await self.tell(env)
        await env.ledger.forget(ALICE)

        assert await self.changed(env) == (UsedUnits(key=ALICE, units=0),)
        await self.tell(env)
        assert await self.changed(env) == ()

    async def test_news_comes_in_parts_by_tenant_and_user(self, env: UnitOfWorkEnvironment) -> None:
        keys = [AccountKey(TENANT, "b@x.org"), AccountKey(OTHER, "a@x.org"), AccountKey(TENANT, "a@x.org")]
        for index, key in enumerate(keys):
            await self.use_a_unit(env, key, f"t{index}")

        assert [item.key for item in await self.changed(env, limit=2)] == [keys[2], keys[0]]

    async def use_a_unit(self, env: UnitOfWorkEnvironment, key: AccountKey, transfer_id: str) -> None:
        await env.ledger.admit(a_request(transfer_id, account=key), NOW)
        await env.ledger.settle(transfer_id, Outcome(delivered_bytes=SIZE, is_completed=True), NOW)

    async def changed(self, env: UnitOfWorkEnvironment, limit: int = 10) -> tuple[UsedUnits, ...]:
        async with env.unit_of_work() as unit:
            return await unit.published_quotas.changed(limit)

    async def tell(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.published_quotas.record(await unit.published_quotas.changed(10))
            await unit.commit()


class JobsContract(UnitOfWorkSuite):
    async def test_one_at_a_time_does_a_job(self, env: UnitOfWorkEnvironment) -> None:
        assert await self.claim(env, OURS)
        assert not await self.claim(env, THEIRS)
        assert await self.claim(env, OURS, name="sweep")
        assert await self.claim(env, OURS)

    async def test_a_job_is_free_again_when_it_is_done_or_its_holder_is_gone(self, env: UnitOfWorkEnvironment) -> None:
        await self.claim(env, OURS)
        async with env.unit_of_work() as unit:
            await unit.jobs.record("relay", OURS, NOW)
            await unit.commit()
        assert await self.claim(env, THEIRS)
        assert not await self.claim(env, OURS, after=timedelta(seconds=59))
        assert await self.claim(env, OURS, after=timedelta(seconds=60))

    async def test_how_a_job_went_is_kept(self, env: UnitOfWorkEnvironment) -> None:
        await self.claim(env, OURS)
        async with env.unit_of_work() as unit:
            await unit.jobs.record("relay", OURS, NOW, backlog=Backlog(count=2, oldest_at=NOW - HOUR))
            await unit.jobs.record("relay", OURS, NOW + HOUR, error="The broker does not answer.")
            await unit.jobs.record("relay", THEIRS, NOW + 2 * HOUR, error="Not theirs to say.")
            await unit.jobs.record("never claimed", OURS, NOW)
            await unit.commit()

        async with env.unit_of_work() as unit:
            (job,) = await unit.jobs.all()
        assert job.name == "relay"
        assert job.interval == timedelta(seconds=10)
        assert job.holder == OURS
        assert job.last_run_at == NOW + HOUR
        assert job.last_success_at == NOW
        assert job.last_error == "The broker does not answer."
        assert job.backlog == Backlog(count=2, oldest_at=NOW - HOUR)
        assert job.lag(NOW) == HOUR

    async def test_how_a_job_went_that_nobody_claims_is_kept(self, env: UnitOfWorkEnvironment) -> None:
        minute, some = timedelta(minutes=1), Backlog(count=2, oldest_at=NOW)
        async with env.unit_of_work() as unit:
            assert await unit.jobs.get("copies") is None
            await unit.jobs.note("copies", OURS, interval=minute, now=NOW, backlog=some)
            await unit.jobs.note("copies", THEIRS, interval=2 * minute, now=NOW + HOUR, error="The disk is full.")
            await unit.commit()

        async with env.unit_of_work() as unit:
            job = await unit.jobs.get("copies")
            assert (job,) == await unit.jobs.all()
        assert job == JobRun(
            name="copies",
            interval=2 * minute,
            holder=THEIRS,
            last_run_at=NOW + HOUR,
            last_success_at=NOW,
            last_error="The disk is full.",
            backlog=some,
        )

    async def claim(
        self, env: UnitOfWorkEnvironment, holder: str, *, name: str = "relay", after: timedelta = timedelta(0)
    ) -> bool:
        now = NOW + after
        async with env.unit_of_work() as unit:
            is_ours = await unit.jobs.claim(
                name, holder, interval=timedelta(seconds=10), now=now, until=now + timedelta(minutes=1)
            )
            await unit.commit()
            return is_ours


class PublishingContract(UnitOfWorkSuite):
    async def test_events_wait_in_order_until_they_are_published_or_refused(self, env: UnitOfWorkEnvironment) -> None:
        events = [
            QuotaUsed(tenant=TENANT, units_by_email={"é@x.org": 2**40}, occurred_at=NOW + HOUR),
            DownloadsRefused(tenant=OTHER, email="a", message="1\n2", occurred_at=NOW),
            FileAvailabilityKnown(tenant=TENANT, checksum="c", is_available=True, until=NOW, occurred_at=NOW + HOUR),
        ]
        async with env.unit_of_work() as unit:
            assert await unit.outbox.backlog() == Backlog(count=0, oldest_at=None)
            await unit.outbox.add(*events)
            await unit.commit()

        async with env.unit_of_work() as unit:
            waiting = await unit.outbox.unpublished(10)
            assert [event.type for event in waiting] == [type(event).__name__ for event in events]
            assert waiting[0].payload["units_by_email"] == {"é@x.org": 2**40}
            assert waiting[2].payload["until"] == NOW.isoformat()
            assert await unit.outbox.unpublished(1) == waiting[:1]
            assert await unit.outbox.backlog() == Backlog(count=3, oldest_at=NOW)

            await unit.outbox.mark_published([waiting[1].id], NOW)
            await unit.outbox.mark_refused(waiting[0].id, "too large", NOW)
            await unit.outbox.mark_published([], NOW)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.outbox.unpublished(10) == waiting[2:]
            assert await unit.outbox.backlog() == Backlog(count=1, oldest_at=NOW + HOUR)
