"""Restorations and cached copies: what groups ask for, who has what in hand, and how much room is taken."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import attrs

from application.ports.jobs import Backlog
from application.ports.restorations import Counts
from domain.cached_copy import INTERNAL_CACHE, CachedCopy
from domain.restoration import (
    GroupState,
    RequestState,
    Restoration,
    RestorationGroup,
    RestorationRequest,
    RestorationState,
)
from domain.restoration_estimate import Queue
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import NOW, TENANT

HOUR = timedelta(hours=1)
OURS, THEIRS = "worker-1", "worker-2"


def a_group(group_id: str = "g1", **changes: Any) -> RestorationGroup:
    group = RestorationGroup(tenant=TENANT, group_id=group_id, requested_at=NOW, available_hours=24)
    return attrs.evolve(group, **changes)


def a_request(checksum: str = "c1", group: str = "g1", **changes: Any) -> RestorationRequest:
    request = RestorationRequest(
        tenant=TENANT,
        group_id=group,
        checksum=checksum,
        available_hours=24,
        requested_at=NOW + timedelta(microseconds=1),
    )
    return attrs.evolve(request, **changes)


def a_restoration(checksum: str = "c1", **changes: Any) -> Restoration:
    restoration = Restoration(
        tenant=TENANT,
        checksum=checksum,
        storage="tape",
        size_bytes=1000,
        available_hours=24,
        requested_at=NOW,
        next_attempt_at=NOW,
    )
    return attrs.evolve(restoration, **changes)


def a_copy(checksum: str = "c1", **changes: Any) -> CachedCopy:
    copy = CachedCopy(
        tenant=TENANT,
        checksum=checksum,
        storage=INTERNAL_CACHE,
        url=f"file:///cache/{checksum}",
        size_bytes=1000,
        published_at=NOW,
        expires_at=NOW + HOUR,
    )
    return attrs.evolve(copy, **changes)


async def saved(env: UnitOfWorkEnvironment, *rows: Any) -> None:
    async with env.unit_of_work() as unit:
        await unit.restorations.lock(TENANT)
        for row in rows:
            match row:
                case RestorationGroup():
                    await unit.restorations.save_group(row)
                case RestorationRequest():
                    await unit.restorations.save_requests([row])
                case Restoration():
                    await unit.restorations.save([row])
                case CachedCopy():
                    await unit.cached_copies.save([row])
        await unit.commit()


class RestorationsContract(UnitOfWorkSuite):
    async def test_groups_and_requests_are_kept_as_they_are(self, env: UnitOfWorkEnvironment) -> None:
        ended = a_group(requested_by="é@x.org", state=GroupState.ERROR, ended_at=NOW + HOUR)
        failed = a_request("c2").ended(RequestState.FAILED, NOW + HOUR, "The tape is torn.")
        await saved(env, a_group(), a_request("c2"), a_request("c1"), a_request("c1", "g2"), a_request(tenant=OTHER))
        await saved(env, ended, failed, a_group("g2"), a_group(tenant=OTHER))

        async with env.unit_of_work() as unit:
            assert await unit.restorations.group(TENANT, "g1") == ended
            assert await unit.restorations.group(TENANT, "g3") is None
            assert await unit.restorations.of_group(TENANT, "g1") == (a_request("c1"), failed)
            assert await unit.restorations.of_group(TENANT, "g3") == ()
            assert await unit.restorations.groups(TENANT, after=None, limit=1) == (ended,)
            assert await unit.restorations.groups(TENANT, after="g1", limit=9) == (a_group("g2"),)

    async def test_what_a_removed_user_asked_for_is_nobodys(self, env: UnitOfWorkEnvironment) -> None:
        emails = ("a@x.org", "b@x.org", "a@x.org", None)
        groups = [a_group(f"g{number}", requested_by=email) for number, email in enumerate(emails)]
        await saved(env, *groups, a_group("g0", tenant=OTHER, requested_by="a@x.org"))

        async with env.unit_of_work() as unit:
            assert await unit.restorations.disown(TENANT, "a@x.org") == 2
            assert await unit.restorations.disown(TENANT, "a@x.org") == 0
            await unit.commit()

        async with env.unit_of_work() as unit:
            ours = await unit.restorations.groups(TENANT, after=None, limit=10)
            others = await unit.restorations.groups(OTHER, after=None, limit=10)
        assert [group.requested_by for group in ours] == [None, "b@x.org", None, None]
        assert [group.requested_by for group in others] == ["a@x.org"]

    async def test_requests_are_counted_by_group(self, env: UnitOfWorkEnvironment) -> None:
        states = [RequestState.AVAILABLE, RequestState.FAILED, RequestState.CANCELLED, RequestState.RELEASED]
        ended = [a_request(f"c{i}").ended(state, NOW) for i, state in enumerate(states)]
        await saved(env, a_request("c9"), a_request("c8"), *ended, a_request("c1", "g2"))

        async with env.unit_of_work() as unit:
            counts = await unit.restorations.counts(TENANT, ["g1", "g2", "g3"])

        assert counts == {"g1": Counts(waiting=2, available=1, failed=1, others=2), "g2": Counts(waiting=1)}

    async def test_live_requests_are_those_that_wait_or_count_on_a_file(self, env: UnitOfWorkEnvironment) -> None:
        available = a_request("c1", "g2").ended(RequestState.AVAILABLE, NOW)
        gone = a_request("c1", "g3").ended(RequestState.RELEASED, NOW)
        await saved(env, a_request("c1"), available, gone, a_request("c2"), a_request("c1", tenant=OTHER))

        async with env.unit_of_work() as unit:
            assert await unit.restorations.live_requests(TENANT, ["c1", "c3"]) == (a_request("c1"), available)
            assert await unit.restorations.live_requests(TENANT, []) == ()

    async def test_a_restoration_is_kept_with_all_it_has(self, env: UnitOfWorkEnvironment) -> None:
        full = a_restoration(
            state=RestorationState.COPYING,
            reserved_bytes=2**40,
            started_at=NOW,
            asked_at=NOW + HOUR,
            progressed_at=NOW + 2 * HOUR,
            restored_bytes=7,
            attempts=2,
            holder=OURS,
            lease_until=NOW + HOUR,
            available_until=NOW + 3 * HOUR,
            ended_at=NOW + 4 * HOUR,
            reason="é",
        )
        await saved(env, a_restoration("c2"), a_restoration("c1"), full, a_restoration("c1", tenant=OTHER))

        async with env.unit_of_work() as unit:
            found = await unit.restorations.of_files(TENANT, ["c1", "c2", "c3"])
        assert found == {"c1": full, "c2": a_restoration("c2")}

    async def test_attempts_are_due_in_the_order_of_asking(self, env: UnitOfWorkEnvironment) -> None:
        await saved(
            env,
            a_restoration("late", requested_at=NOW + HOUR),
            a_restoration("b"),
            a_restoration("a"),
            a_restoration("pausing", next_attempt_at=NOW + HOUR),
            a_restoration("running", state=RestorationState.RESTORING),
            a_restoration("old", storage="vault", requested_at=NOW - HOUR),
        )

        async with env.unit_of_work() as unit:
            assert await unit.restorations.storages_due(NOW) == ((TENANT, "vault"), (TENANT, "tape"))
            assert await unit.restorations.storages_due(NOW - HOUR) == ()
            due = await unit.restorations.due(TENANT, "tape", NOW, 10)
            assert [row.checksum for row in due] == ["a", "b", "late"]
            assert await unit.restorations.due(TENANT, "tape", NOW, 1) == due[:1]

    async def test_what_is_in_hand_is_taken_by_nobody_else_before_its_lease_ends(
        self, env: UnitOfWorkEnvironment
    ) -> None:
        running = [a_restoration(name, state=RestorationState.RESTORING) for name in ("a", "b", "c")]
        later = a_restoration("d", state=RestorationState.RESTORING, next_attempt_at=NOW + HOUR)
        await saved(env, *running, later, a_restoration("e", state=RestorationState.COPYING))

        assert await self.taken(env, OURS, limit=2) == ["a", "b"]
        assert await self.taken(env, THEIRS) == ["c"]
        assert await self.taken(env, THEIRS, after=timedelta(seconds=59)) == []
        assert await self.taken(env, THEIRS, after=timedelta(seconds=60)) == ["a", "b", "c"]
        assert await self.taken(env, OURS, after=HOUR) == ["a", "b", "c", "d"]

    async def test_only_the_holder_can_hold_on(self, env: UnitOfWorkEnvironment) -> None:
        await saved(env, a_restoration(state=RestorationState.COPYING))
        await self.taken(env, OURS, state=RestorationState.COPYING)

        assert await self.renewed(env, OURS)
        assert not await self.renewed(env, THEIRS)
        async with env.unit_of_work() as unit:
            row = (await unit.restorations.of_files(TENANT, ["c1"]))["c1"]
        assert (row.restored_bytes, row.progressed_at, row.lease_until) == (500, NOW + HOUR, NOW + 2 * HOUR)
        await saved(env, row.cancelled(NOW))
        assert not await self.renewed(env, OURS)

    async def test_storages_may_be_passed_over(self, env: UnitOfWorkEnvironment) -> None:
        state = RestorationState.RESTORING
        await saved(
            env,
            a_restoration("a", state=state),
            a_restoration("b", state=state, storage="vault"),
            a_restoration("c", state=state, tenant=OTHER),
        )

        assert await self.taken(env, OURS, besides=[(TENANT, "tape"), (OTHER, "vault")]) == ["b", "c"]
        assert await self.taken(env, OURS, besides=[(TENANT, "vault")]) == ["a"]

    async def test_what_is_due_and_in_nobodys_hands_is_counted(self, env: UnitOfWorkEnvironment) -> None:
        state, other = RestorationState.COPYING, RestorationState.RESTORING
        await saved(
            env,
            a_restoration("a", state=state, next_attempt_at=NOW - HOUR),
            a_restoration("b", state=state, tenant=OTHER),
            a_restoration("c", state=state, next_attempt_at=NOW + HOUR),
            a_restoration("d", state=state, holder=THEIRS, lease_until=NOW + HOUR),
            a_restoration("e", state=other),
        )

        async with env.unit_of_work() as unit:
            assert await unit.restorations.backlog(state, NOW) == Backlog(count=2, oldest_at=NOW - HOUR)
            assert await unit.restorations.backlog(RestorationState.FAILED, NOW) == Backlog(count=0, oldest_at=None)

    async def test_the_queue_of_a_storage_is_counted(self, env: UnitOfWorkEnvironment) -> None:
        await saved(
            env,
            a_restoration("a", state=RestorationState.RESTORING),
            a_restoration("b", state=RestorationState.COPYING),
            a_restoration("c"),
            a_restoration("d", requested_at=NOW + HOUR),
            a_restoration("e", storage="vault"),
            a_restoration("f", state=RestorationState.AVAILABLE),
        )

        async with env.unit_of_work() as unit:
            assert await unit.restorations.queue(TENANT, "tape", NOW + HOUR) == Queue(running=2, ahead=1)
            assert await unit.restorations.queue(OTHER, "tape", NOW + HOUR) == Queue(running=0, ahead=0)

    async def test_the_last_durations_of_a_storage_are_remembered(self, env: UnitOfWorkEnvironment) -> None:
        done = [
            a_restoration(f"c{hours}", started_at=NOW, ended_at=NOW + hours * HOUR, state=RestorationState.AVAILABLE)
            for hours in (1, 2, 3)
        ]
        async with env.unit_of_work() as unit:
            await unit.restorations.record_durations([*done, a_restoration("never ended")])
            await unit.restorations.record_durations([])
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.restorations.durations(TENANT, "tape", 2) == (3 * HOUR, 2 * HOUR)
            assert await unit.restorations.durations(TENANT, "vault", 2) == ()

    async def test_what_ended_long_ago_is_purged(self, env: UnitOfWorkEnvironment) -> None:
        old, new = NOW - HOUR, NOW
        over = RestorationState.AVAILABLE
        await saved(
            env,
            a_group("old", state=GroupState.SUCCESS, ended_at=old),
            a_group("new", state=GroupState.SUCCESS, ended_at=new),
            a_group("pending"),
            *(a_request(group=group) for group in ("old", "new", "pending")),
            a_restoration("old", state=over, ended_at=old),
            a_restoration("new", state=over, ended_at=new),
            a_restoration("waiting"),
        )

        async with env.unit_of_work() as unit:
            assert await unit.restorations.purge(NOW) == 1
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert [g.group_id for g in await unit.restorations.groups(TENANT, after=None, limit=9)] == [
                "new",
                "pending",
            ]
            assert await unit.restorations.of_group(TENANT, "old") == ()
            assert len(await unit.restorations.of_group(TENANT, "new")) == 1
            assert set(await unit.restorations.of_files(TENANT, ["old", "new", "waiting"])) == {"new", "waiting"}

    async def taken(
        self,
        env: UnitOfWorkEnvironment,
        holder: str,
        *,
        after: timedelta = timedelta(0),
        limit: int = 9,
        state: RestorationState = RestorationState.RESTORING,
        besides: Collection[tuple[str, str]] = (),
    ) -> list[str]:
        now = NOW + after
        async with env.unit_of_work() as unit:
            rows = await unit.restorations.claim(
                state, holder, now=now, until=now + timedelta(minutes=1), limit=limit, besides=besides
            )
            await unit.commit()
        assert all(row.holder == holder and row.lease_until == now + timedelta(minutes=1) for row in rows)
        return [row.checksum for row in rows]

    async def renewed(self, env: UnitOfWorkEnvironment, holder: str) -> bool:
        async with env.unit_of_work() as unit:
            is_ours = await unit.restorations.renew(
                a_restoration(), holder, restored_bytes=500, now=NOW + HOUR, until=NOW + 2 * HOUR
            )
            await unit.commit()
        return is_ours


class CachedCopiesContract(UnitOfWorkSuite):
    async def test_copies_are_found_by_file_and_by_place(self, env: UnitOfWorkEnvironment) -> None:
        outside = a_copy("c2", storage="tape", url="s3://b/k")
        await saved(env, a_copy(), outside, a_copy(tenant=OTHER), a_copy(size_bytes=2**40))

        larger = a_copy(size_bytes=2**40)
        async with env.unit_of_work() as unit:
            assert await unit.cached_copies.of_files(TENANT, ["c1", "c2", "c3"]) == {"c1": larger, "c2": outside}
            assert await unit.cached_copies.by_urls(TENANT, [larger.url, outside.url]) == {larger.url: larger}
            assert await unit.cached_copies.internal_page(TENANT, after=None, limit=9) == (larger,)
            assert await unit.cached_copies.internal_page(TENANT, after="c1", limit=9) == ()
            await unit.cached_copies.remove([larger])
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert set(await unit.cached_copies.of_files(TENANT, ["c1", "c2"])) == {"c2"}
            assert set(await unit.cached_copies.of_files(OTHER, ["c1"])) == {"c1"}

    async def test_what_expired_first_comes_first(self, env: UnitOfWorkEnvironment) -> None:
        await saved(
            env,
            a_copy("a", expires_at=NOW),
            a_copy("b", expires_at=NOW - HOUR, storage="tape"),
            a_copy("c", expires_at=NOW + timedelta(microseconds=1)),
        )

        async with env.unit_of_work() as unit:
            assert [c.checksum for c in await unit.cached_copies.expired(TENANT, NOW, 9)] == ["b", "a"]
            assert [c.checksum for c in await unit.cached_copies.expired(TENANT, NOW, 1)] == ["b"]
            assert await unit.cached_copies.tenants_with_expired(NOW) == (TENANT,)
            assert await unit.cached_copies.tenants_with_expired(NOW - 2 * HOUR) == ()

    async def test_what_is_used_is_what_lies_there_and_what_is_reserved(self, env: UnitOfWorkEnvironment) -> None:
        await saved(
            env,
            a_copy("a", size_bytes=3),
            a_copy("b", size_bytes=4, expires_at=NOW - HOUR),
            a_copy("c", size_bytes=100, storage="tape"),
            a_restoration("d", reserved_bytes=20),
            a_restoration("e", reserved_bytes=30, tenant=OTHER),
        )

        async with env.unit_of_work() as unit:
            assert await unit.cached_copies.used_bytes(TENANT) == (7, 20)
            assert await unit.cached_copies.used_bytes("nobody") == (0, 0)
