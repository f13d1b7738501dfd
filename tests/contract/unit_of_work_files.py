"""Files and their copies."""

from datetime import timedelta

import attrs
import pytest

from domain.file import DataType
from domain.selection import Copy
from domain.statement import Statement
from domain.storage_location import StorageType
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import NOW, TENANT, a_file, a_location, a_storage


class FilesContract(UnitOfWorkSuite):
    async def test_a_file_is_found_with_all_its_copies_and_their_storages(self, env: UnitOfWorkEnvironment) -> None:
        disk, tape = a_storage("disk"), a_storage("tape", storage_type=StorageType.NEARLINE)
        await env.save(
            [a_file()],
            [a_location(storage="disk"), a_location(storage="tape"), a_location(storage="gone")],
            [disk, tape],
        )

        for found in (await env.found(), await env.finder.find(TENANT, "c1")):
            assert found is not None
            assert found.file == a_file()
            assert sorted(found.copies, key=lambda copy: copy.location.storage) == [
                Copy(a_location(storage="disk"), disk),
                Copy(a_location(storage="gone"), None),
                Copy(a_location(storage="tape"), tape),
            ]

    async def test_every_field_of_a_file_and_a_copy_is_kept(self, env: UnitOfWorkEnvironment) -> None:
        file = attrs.evolve(
            a_file(size=2**53, data_type=DataType.QUICKLOOK_HD, file_name='été "1".tif'),
            media_type="application/x-test; charset=utf-8",
            registered_at=NOW + timedelta(microseconds=123456),
            height=480,
            width=640,
        )
        location = attrs.evolve(
            a_location(url="file:///data/é%20x?fileName=a"),
            stored_at=NOW - timedelta(days=4000, microseconds=1),
            version=None,
            referenced=False,
            pending=True,
            nearline_confirmed=True,
            suspect_since=NOW,
            suspect_reason="The digest differs.",
        )
        await env.save([file], [location])

        found = await env.found()

        assert found is not None
        assert (found.file, found.copies) == (file, (Copy(location, None),))

    async def test_checksums_are_exact_and_case_sensitive(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file("abc"), a_file("ABC", size=1)], [a_location("abc"), a_location("ABC")])

        found = await env.finder.find(TENANT, "ABC")

        assert found is not None
        assert found.file.size_bytes == 1
        assert await env.finder.find(TENANT, "Abc") is None
        assert await env.finder.find(TENANT, "abc ") is None

    async def test_the_same_checksum_in_two_tenants_is_two_files(self, env: UnitOfWorkEnvironment) -> None:
        await env.save(
            [a_file(size=1), a_file(tenant=OTHER, size=2)],
            [a_location(url="memory:///mine"), a_location(tenant=OTHER, url="memory:///theirs")],
            [a_storage(), a_storage(tenant=OTHER, verify=True)],
        )

        mine, theirs = await env.found(), await env.found(tenant=OTHER)

        assert mine is not None
        assert theirs is not None
        assert (mine.file.size_bytes, theirs.file.size_bytes) == (1, 2)
        assert [copy.location.url for copy in mine.copies] == ["memory:///mine"]
        assert [copy.storage for copy in theirs.copies] == [a_storage(tenant=OTHER, verify=True)]

    async def test_removing_in_one_tenant_leaves_the_other(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file(), a_file(tenant=OTHER)], [a_location(), a_location(tenant=OTHER)])

        async with env.unit_of_work() as unit:
            assert await unit.files.remove_location(TENANT, "c1", "disk")
            await unit.commit()

        assert await env.found() is None
        assert await env.found(tenant=OTHER) is not None

    async def test_saving_again_replaces(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file()], [a_location()])
        await env.save([a_file(file_name="new.tif")], [a_location(version="v2"), a_location(storage="second")])

        found = await env.found()

        assert found is not None
        assert found.file.file_name == "new.tif"
        assert {(copy.location.storage, copy.location.version) for copy in found.copies} == {
            ("disk", "v2"),
            ("second", "v1"),
        }

    async def test_two_thousand_checksums_are_looked_up_in_one_read(self, env: UnitOfWorkEnvironment) -> None:
        existing = [f"c{number:04d}" for number in range(0, 2000, 2)]
        await env.save([a_file(checksum) for checksum in existing], [a_location(checksum) for checksum in existing])

        async with env.unit_of_work() as unit:
            known = await unit.files.known(TENANT, [f"c{number:04d}" for number in range(2000)])
            nothing = await unit.files.known(TENANT, [])
            foreign = await unit.files.known(OTHER, existing)

        assert sorted(known) == existing
        assert known["c0002"].file == a_file("c0002")
        assert [copy.location for copy in known["c0002"].copies] == [a_location("c0002")]
        assert (nothing, foreign) == ({}, {})

    async def test_pages_follow_each_other_in_checksum_order(self, env: UnitOfWorkEnvironment) -> None:
        names = [f"c{number}" for number in range(5)]
        await env.save([a_file(name) for name in reversed(names)], [a_location(name) for name in names])
        await env.save([a_file("c00", tenant=OTHER)], [a_location("c00", tenant=OTHER)])

        seen: list[list[str]] = []
        after: str | None = None
        async with env.unit_of_work() as unit:
            while True:
                page = await unit.files.page(TENANT, storage=None, after=after, limit=2)
                seen.append([row.file.checksum for row in page.files])
                after = page.next_after
                if after is None:
                    break

        assert seen == [["c0", "c1"], ["c2", "c3"], ["c4"]]

    async def test_a_page_that_ends_exactly_at_the_end_has_no_next(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file("c1"), a_file("c2")], [a_location("c1"), a_location("c2")])

        async with env.unit_of_work() as unit:
            page = await unit.files.page(TENANT, storage=None, after=None, limit=2)
            empty = await unit.files.page(TENANT, storage="unknown", after=None, limit=2)

        assert (len(page.files), page.next_after) == (2, None)
        assert (empty.files, empty.next_after) == ((), None)

    async def test_a_page_of_one_storage_holds_only_its_files_with_all_their_copies(
        self, env: UnitOfWorkEnvironment
    ) -> None:
        await env.save(
            [a_file("c1"), a_file("c2"), a_file("c3")],
            [a_location("c1", "disk"), a_location("c2", "tape"), a_location("c3", "disk"), a_location("c3", "tape")],
        )

        async with env.unit_of_work() as unit:
            first = await unit.files.page(TENANT, storage="tape", after=None, limit=1)
            second = await unit.files.page(TENANT, storage="tape", after=first.next_after, limit=1)

        assert [row.file.checksum for row in first.files] == ["c2"]
        assert [row.file.checksum for row in second.files] == ["c3"]
        assert {copy.location.storage for copy in second.files[0].copies} == {"disk", "tape"}
        assert second.next_after is None

    async def test_a_file_goes_with_its_last_copy(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file()], [a_location(storage="disk"), a_location(storage="tape")])

        async with env.unit_of_work() as unit:
            assert await unit.files.remove_location(TENANT, "c1", "disk")
            assert not await unit.files.remove_location(TENANT, "c1", "disk")
            await unit.commit()
        left = await env.found()
        assert left is not None
        assert [copy.location.storage for copy in left.copies] == ["tape"]

        async with env.unit_of_work() as unit:
            assert await unit.files.remove_location(TENANT, "c1", "tape")
            await unit.commit()
        assert await env.found() is None

    async def test_a_copy_is_marked_suspect_once(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file()], [a_location(), a_location(storage="second")])

        async with env.unit_of_work() as unit:
            assert await unit.files.mark_suspect(a_location(), since=NOW, reason="The digest differs.")
            assert not await unit.files.mark_suspect(a_location(), since=NOW + timedelta(1), reason="Again.")
            await unit.commit()

        marked = await env.location()
        assert (marked.suspect_since, marked.suspect_reason) == (NOW, "The digest differs.")
        assert not (await env.location(storage="second")).is_suspect
        async with env.unit_of_work() as unit:
            assert await unit.files.suspects(TENANT) == (marked,)
            assert await unit.files.suspects(OTHER) == ()

    @pytest.mark.parametrize(
        "seen",
        [
            a_location("unknown"),
            a_location(storage="unknown"),
            a_location(tenant=OTHER),
            a_location(url="memory:///elsewhere"),
            a_location(version="v0"),
            a_location(version=None),
        ],
        ids=["file", "storage", "tenant", "url", "version", "no version"],
    )
    async def test_a_copy_that_was_registered_anew_is_not_marked(
        self, env: UnitOfWorkEnvironment, seen: object
    ) -> None:
        await env.save([a_file()], [a_location()])

        async with env.unit_of_work() as unit:
            assert not await unit.files.mark_suspect(seen, since=NOW, reason="The digest differs.")
            await unit.commit()

        assert not (await env.location()).is_suspect

    async def test_a_copy_without_a_version_can_be_marked(self, env: UnitOfWorkEnvironment) -> None:
        await env.save([a_file()], [a_location(version=None)])

        async with env.unit_of_work() as unit:
            assert await unit.files.mark_suspect(a_location(version=None), since=NOW, reason="The digest differs.")

    async def test_what_is_said_of_a_copy_counts_unless_something_newer_was_said(
        self, env: UnitOfWorkEnvironment
    ) -> None:
        second, late = timedelta(seconds=1), NOW + timedelta(hours=1)

        async def said(statement: Statement, checksum: str = "c9", tenant: str = TENANT) -> bool:
            async with env.unit_of_work() as unit:
                is_news = await unit.files.say(tenant, checksum, "disk", statement)
                await unit.commit()
            return is_news

        assert await said(Statement.heard(NOW, late))
        assert await said(Statement.heard(NOW, late))
        assert not await said(Statement.heard(NOW - second, late))
        assert await said(Statement.heard(NOW - second, late), "c8")
        assert await said(Statement.heard(NOW - second, late), tenant=OTHER)
        assert await said(Statement.heard(NOW, late).of_what_is_missing())
        assert not await said(Statement.heard(NOW, late))
        assert await said(Statement.heard(NOW + second, late))
        async with env.unit_of_work() as unit:
            assert await unit.files.purge_statements(NOW) == 2
            await unit.commit()
        assert not await said(Statement.heard(NOW, late))
