"""Copies by the time of their last verification."""

from datetime import datetime, timedelta

import attrs

from domain.file import FileLocation
from domain.scrub import ScrubState
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import NOW, TENANT, a_file, a_location

DAY = timedelta(days=1)


def verified(checksum: str, days_ago: float | None, storage: str = "disk", *, tenant: str = TENANT) -> FileLocation:
    at: datetime | None = None if days_ago is None else NOW - days_ago * DAY
    return attrs.evolve(a_location(checksum, storage, tenant=tenant), verified_at=at)


class ScrubContract(UnitOfWorkSuite):
    async def test_never_verified_copies_are_due_first_then_the_oldest(self, env: UnitOfWorkEnvironment) -> None:
        copies = [
            verified("c1", 10),
            verified("c2", None),
            verified("c3", 30),
            verified("c4", 2),
            verified("c0", None),
            attrs.evolve(verified("c5", None), suspect_since=NOW, suspect_reason="Wrong."),
            verified("c6", None),
        ]
        files = [a_file(copy.checksum) for copy in copies[:-1]]
        unknown = attrs.evolve(a_file("c6"), algorithm="WHIRLPOOL")
        await env.save([*files, unknown], copies)
        await env.save([a_file("c1", tenant=OTHER)], [verified("c1", None, tenant=OTHER), verified("c1", None, "tape")])

        async with env.unit_of_work() as unit:
            due = await unit.scrub.due(TENANT, "disk", verified_before=NOW - 5 * DAY, limit=10)
            first = await unit.scrub.due(TENANT, "disk", verified_before=NOW - 5 * DAY, limit=1)
            three = await unit.scrub.due(TENANT, "disk", verified_before=NOW - 5 * DAY, limit=3)
            nothing = await unit.scrub.due(TENANT, "unknown", verified_before=NOW, limit=10)

        assert due == (copies[4], copies[1], copies[2], copies[0])
        assert first == due[:1]
        assert three == due[:3]
        assert nothing == ()

    async def test_spellings_of_an_algorithm_are_one(self, env: UnitOfWorkEnvironment) -> None:
        spellings = ["SHA-256", "sha256", "Sha_256", "CRC32", "SHA-3", "adler-32"]
        files = [attrs.evolve(a_file(f"c{n}"), algorithm=name) for n, name in enumerate(spellings)]
        await env.save(files, [verified(file.checksum, None) for file in files])

        async with env.unit_of_work() as unit:
            due = await unit.scrub.due(TENANT, "disk", verified_before=NOW, limit=10)

        assert [copy.checksum for copy in due] == ["c0", "c1", "c2", "c3", "c5"]

    async def test_a_verified_copy_has_its_time_and_its_present_version(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file()], [a_location(suspect_since=NOW), a_location(storage="second")])

        async with env.unit_of_work() as unit:
            await unit.files.mark_verified(a_location(suspect_since=NOW), version="v9", at=NOW + DAY)
            await unit.files.mark_verified(a_location("unknown"), version="v9", at=NOW)
            await unit.commit()

        assert await env.location() == attrs.evolve(a_location(version="v9"), verified_at=NOW + DAY)
        assert (await env.location(storage="second")).verified_at is None

    async def test_a_copy_that_was_registered_elsewhere_meanwhile_is_not_verified(
        self, env: UnitOfWorkEnvironment
    ) -> None:
        await env.save([a_file()], [a_location(url="memory:///new")])

        async with env.unit_of_work() as unit:
            await unit.files.mark_verified(a_location(url="memory:///old"), version="v9", at=NOW)
            await unit.commit()

        assert await env.location() == a_location(url="memory:///new")

    async def test_the_state_of_each_storage_is_counted(self, env: UnitOfWorkEnvironment) -> None:
        suspect = attrs.evolve(verified("c3", 30), suspect_since=NOW, suspect_reason="Wrong.")
        await env.save(
            [a_file("c1"), attrs.evolve(a_file("c2"), algorithm="WHIRLPOOL"), a_file("c3")],
            [verified("c1", 10), verified("c2", None), suspect, verified("c1", None, "attic")],
        )
        await env.save([a_file(tenant=OTHER)], [verified("c1", 1, tenant=OTHER)])

        async with env.unit_of_work() as unit:
            states = await unit.scrub.states(TENANT)

        assert states == (
            ScrubState(
                storage="attic", copies=1, never_verified=1, unverifiable=0, suspects=0, oldest_verified_at=None
            ),
            ScrubState(
                storage="disk",
                copies=3,
                never_verified=1,
                unverifiable=1,
                suspects=1,
                oldest_verified_at=NOW - 30 * DAY,
            ),
        )
