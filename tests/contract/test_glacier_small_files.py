"""Small files on S3Glacier: members of archives that sleep, and those that are still on their way there."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import attrs
import pytest

from adapters.storage.conformance import read_all
from adapters.storage.fence import Fence
from adapters.storage.glacier.storage import GlacierPlugin, GlacierStorage
from application.errors import CopyChanged, CopyMissing, CopyNotRestored, LocationRefused
from domain.availability import Availability
from tests import factories
from tests.contract.glacier import (
    AVAILABLE,
    DATE,
    SMALL,
    GlacierBench,
    RecordedBucket,
    read_small,
    storage_of,
)
from tests.glacier_servers import GlacierServer, ministack
from tests.tools import needs_tools

pytestmark = [pytest.mark.anyio, *needs_tools]


@pytest.fixture(scope="module")
def server() -> Iterator[GlacierServer]:
    with ministack() as running:
        yield running


@pytest.fixture
async def bench(server: GlacierServer) -> AsyncIterator[GlacierBench]:
    bucket = server.new_bucket()
    made = GlacierBench(server, bucket, storage_of(bucket))
    yield made
    await made.storage.aclose()


@pytest.fixture
async def recorded(bench: GlacierBench) -> RecordedBucket:
    bucket = RecordedBucket(bench.storage.glacier)
    await bench.storage.aclose()
    bench.storage = attrs.evolve(bench.storage, bucket=bucket)
    return bucket


def archive(**members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return data.getvalue()


class TestArchives:
    """Small files in zip archives: the archive is restored once and serves its members."""

    async def test_all_members_are_one_question_and_one_restoration(
        self, bench: GlacierBench, recorded: RecordedBucket
    ) -> None:
        zipped = bench.put_asleep(f"small/{DATE}.zip", archive(**{f"m{i}": SMALL for i in range(20)}))
        urls = [f"{zipped}?fileName=m{i}" for i in range(20)]

        asleep = await bench.storage.availability(urls)
        questions = recorded.count("head_object")
        for url in urls:
            await bench.storage.restore(url, hours=1)
        restoring = await bench.storage.availability(urls)
        bench.finish(f"small/{DATE}.zip")
        restored = await bench.storage.availability(urls)

        assert questions == 1
        assert len(recorded.restorations) == 1
        states = [{answers[url].state for url in urls} for answers in (asleep, restoring, restored)]
        assert states == [{Availability.UNAVAILABLE}, {Availability.RESTORING}, {Availability.AVAILABLE}]
        assert [await read_small(bench.storage, url) for url in urls] == [SMALL] * 20

    async def test_a_member_of_an_archive_that_sleeps_is_not_opened(self, bench: GlacierBench) -> None:
        url = bench.put_asleep(f"{DATE}.zip", archive(m=SMALL)) + "?fileName=m"

        with pytest.raises(CopyNotRestored):
            await read_small(bench.storage, url)
        with pytest.raises(CopyNotRestored):
            await bench.storage.check(url)

    async def test_a_member_that_is_not_there_is_missing(self, bench: GlacierBench) -> None:
        url = bench.put(f"{DATE}.zip", archive(m=SMALL)) + "?fileName=other"

        with pytest.raises(CopyMissing):
            await read_small(bench.storage, url)


class TestWorkspace:
    """Small files whose archive was not sent yet lie on a disk, in upstream's layout."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "workspace"

    @pytest.fixture
    async def storage(self, bench: GlacierBench, folder: Path) -> AsyncIterator[GlacierStorage]:
        storage = storage_of(bench.bucket, Glacier_Workspace_Path=str(folder))
        yield storage
        await storage.aclose()

    @pytest.mark.parametrize("state", ["", "_current"])
    @pytest.mark.parametrize("parent", ["small", "archive/small"])
    async def test_a_pending_file_is_read_from_its_building_directory(
        self, bench: GlacierBench, storage: GlacierStorage, folder: Path, parent: str, state: str
    ) -> None:
        building = folder / factories.TENANT / "zip" / parent / f"rs_zip_{DATE}{state}"
        building.mkdir(parents=True)
        (building / "m").write_bytes(SMALL)
        url = bench.url(f"small/{DATE}.zip?fileName=m")

        assert await read_small(storage, url) == SMALL
        assert (await storage.availability([url]))[url] == AVAILABLE
        assert (await storage.check(url)).size_bytes == len(SMALL)
        await storage.restore(url, hours=1)

    async def test_its_place_is_not_its_identity(
        self, bench: GlacierBench, storage: GlacierStorage, folder: Path
    ) -> None:
        building = folder / factories.TENANT / "zip" / f"rs_zip_{DATE}"
        building.mkdir(parents=True)
        (building / "m").write_bytes(SMALL)
        url = bench.url(f"{DATE}.zip?fileName=m")
        status = await storage.check(url)
        bench.put(f"{DATE}.zip", archive(m=SMALL))
        (building / "m").unlink()

        location = attrs.evolve(factories.a_location(url=url), version=status.version)
        source = await storage.open(location, len(SMALL))

        assert await read_all(source, 0, len(SMALL)) == SMALL
        await source.aclose()

    async def test_a_pending_file_of_another_size_is_not_opened(
        self, bench: GlacierBench, storage: GlacierStorage, folder: Path
    ) -> None:
        building = folder / factories.TENANT / "zip" / f"rs_zip_{DATE}"
        building.mkdir(parents=True)
        (building / "m").write_bytes(SMALL + b"more")

        with pytest.raises(CopyChanged):
            await read_small(storage, bench.url(f"{DATE}.zip?fileName=m"))

    async def test_a_pending_file_that_changes_while_it_is_read_is_noticed(
        self, bench: GlacierBench, storage: GlacierStorage, folder: Path
    ) -> None:
        building = folder / factories.TENANT / "zip" / f"rs_zip_{DATE}"
        building.mkdir(parents=True)
        (building / "m").write_bytes(SMALL)
        location = attrs.evolve(factories.a_location(url=bench.url(f"{DATE}.zip?fileName=m")), version=None)
        source = await storage.open(location, len(SMALL))
        await source.check_unchanged()
        (building / "m").write_bytes(SMALL + b"more")

        with pytest.raises(CopyChanged):
            await source.check_unchanged()
        await source.aclose()

    async def test_files_of_other_tenants_and_other_places_are_not_read(
        self, bench: GlacierBench, storage: GlacierStorage, folder: Path
    ) -> None:
        own = folder / factories.TENANT / "zip"
        (own / f"rs_zip_{DATE}").mkdir(parents=True)
        for secret in (folder / "other" / "zip" / f"rs_zip_{DATE}" / "m", folder / "secret", own / "m"):
            secret.parent.mkdir(parents=True, exist_ok=True)
            secret.write_bytes(SMALL)

        for member in ("m", "../m", "%2e%2e/m", "..%2Fm", "../../../secret", "/etc/passwd", ".", ".."):
            url = bench.url(f"{DATE}.zip?fileName={member}")
            with pytest.raises((CopyMissing, LocationRefused)):
                await read_small(storage, url)

    async def test_a_link_may_not_lead_out_of_the_workspace(
        self, bench: GlacierBench, storage: GlacierStorage, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "outside").write_bytes(SMALL)
        building = folder / factories.TENANT / "zip" / f"rs_zip_{DATE}"
        building.mkdir(parents=True)
        (building / "m").symlink_to(tmp_path / "outside")
        url = bench.url(f"{DATE}.zip?fileName=m")

        with pytest.raises(LocationRefused):
            await read_small(storage, url)
        assert (await storage.availability([url]))[url].state is Availability.ERROR

    async def test_what_is_behind_the_fence_stays_there(self, bench: GlacierBench, folder: Path) -> None:
        building = folder / factories.TENANT / "zip" / f"rs_zip_{DATE}"
        building.mkdir(parents=True)
        (building / "m").write_bytes(SMALL)
        storage = storage_of(bench.bucket, fence=Fence(private=(str(folder),)), Small_File_Workspace_Path=str(folder))

        with pytest.raises(LocationRefused):
            await read_small(storage, bench.url(f"{DATE}.zip?fileName=m"))
        await storage.aclose()

    async def test_the_workspace_is_a_folder_of_this_machine(self, bench: GlacierBench, folder: Path) -> None:
        parameters = storage_of(bench.bucket, Glacier_Workspace_Path=str(folder)).glacier

        assert GlacierPlugin.local_folders(parameters) == (str(folder),)
        assert GlacierPlugin.local_folders(bench.storage.glacier) == ()
