"""The internal cache on a real disk: layout, verification, atomic publication, and nothing outside its folder."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.storage.cache import DiskCache
from adapters.storage.fence import Fence
from adapters.storage.local import LocalStorage
from application.errors import CopyChanged, CopyMissing, LocationRefused, StorageUnavailable
from application.ports.cache import Filled
from application.ports.storage import ByteSource
from application.use_cases.check_cache import CacheChecked, CheckCache
from application.use_cases.expire_copies import ExpireCopies
from domain.cached_copy import INTERNAL_CACHE, CachedCopy
from domain.file import ArchiveFile, FileLocation
from tests.factories import NOW, TENANT, a_file
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_storage import InMemoryStorage, Misbehaviour
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork

pytestmark = pytest.mark.anyio

DATA = bytes(range(256)) * 5000
MARK = ".rs-downloader-cache"
MD5 = hashlib.md5(DATA).hexdigest()


def the_file(checksum: str = MD5, algorithm: str = "MD5") -> ArchiveFile:
    return attrs.evolve(a_file(checksum, size=len(DATA)), algorithm=algorithm)


async def source_of(data: bytes = DATA, **misbehaviour: object) -> ByteSource:
    storage = InMemoryStorage()
    storage.put("memory:///a", data)
    if misbehaviour:
        storage.misbehave(Misbehaviour(**misbehaviour))
    location = FileLocation(tenant=TENANT, checksum="c", storage="tape", url="memory:///a", stored_at=NOW)
    return await storage.open(location, len(data))


async def filled(cache: DiskCache, file: ArchiveFile, data: bytes = DATA, **misbehaviour: object) -> Filled:
    return await cache.fill(file, await source_of(data, **misbehaviour), lambda _count: None)


def lying_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != MARK)


def located(url: str) -> FileLocation:
    return FileLocation(tenant=TENANT, checksum=MD5, storage=INTERNAL_CACHE, url=url, stored_at=NOW)


async def test_a_copy_lies_where_upstream_would_put_it_and_is_served_by_its_descriptor(tmp_path):
    cache = DiskCache(str(tmp_path))
    counts: list[int] = []

    copy = await cache.fill(the_file(), await source_of(), counts.append)
    assert lying_in(tmp_path) == [f"{TENANT}/{MD5[:2]}/{MD5[2:4]}/{MD5[4:6]}/{Path(copy.temporary).name}"]
    await cache.publish(copy)

    assert lying_in(tmp_path) == [f"{TENANT}/{MD5[:2]}/{MD5[2:4]}/{MD5[4:6]}/{MD5}"]
    assert counts[-1] == len(DATA)
    assert await cache.size_of(copy.url) == len(DATA)
    source = await cache.storage().open(located(copy.url), len(DATA))
    assert source.file_descriptor is not None
    assert await source.read(10, 5) == DATA[10:15]
    await source.aclose()


@pytest.mark.parametrize(
    "misbehaviour",
    [{"corrupt_at": 700_000}, {"dies_after": 700_000}, {"changes_at": 0}],
    ids=["wrong byte", "died", "changed"],
)
async def test_what_is_not_the_file_leaves_nothing_behind(tmp_path, misbehaviour):
    cache = DiskCache(str(tmp_path))

    with pytest.raises(StorageUnavailable):
        await filled(cache, the_file(), **misbehaviour)

    assert lying_in(tmp_path) == []


async def test_a_wrong_digest_is_a_changed_copy(tmp_path):
    with pytest.raises(CopyChanged, match="checksum"):
        await filled(DiskCache(str(tmp_path)), the_file(), bytes(len(DATA)))


async def test_of_an_algorithm_that_nobody_knows_only_the_size_is_checked(tmp_path):
    cache = DiskCache(str(tmp_path))

    copy = await filled(cache, the_file("whatever", "TIGER"), bytes(len(DATA)))
    await cache.publish(copy)

    assert await cache.size_of(copy.url) == len(DATA)


async def test_what_an_earlier_attempt_left_goes_and_can_never_be_published(tmp_path):
    cache = DiskCache(str(tmp_path))
    earlier = await filled(cache, the_file())

    later = await filled(cache, the_file())

    assert len(lying_in(tmp_path)) == 1
    with pytest.raises(StorageUnavailable):
        await cache.publish(earlier)
    await cache.publish(later)
    await cache.discard(later)
    assert await cache.size_of(later.url) == len(DATA)


async def test_a_download_goes_on_when_the_copy_is_removed(tmp_path):
    cache = DiskCache(str(tmp_path))
    copy = await filled(cache, the_file())
    await cache.publish(copy)
    source = await cache.storage().open(located(copy.url), len(DATA))

    await cache.remove(copy.url)
    await cache.remove(copy.url)

    assert lying_in(tmp_path) == []
    assert await source.read(len(DATA) - 3, 3) == DATA[-3:]
    await source.aclose()
    with pytest.raises(CopyMissing):
        await cache.storage().open(located(copy.url), len(DATA))


@given(checksum=st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=128))
async def test_every_checksum_has_a_place_of_its_own_inside_the_folder(tmp_path_factory, checksum):
    if checksum in {".", ".."}:
        return
    root = tmp_path_factory.mktemp("cache")
    cache = DiskCache(str(root / "inside"))
    file = attrs.evolve(a_file(checksum, size=1), algorithm="none")

    copy = await cache.fill(file, await source_of(b"x"), lambda _count: None)
    await cache.publish(copy)

    (place,) = lying_in(root)
    assert place.startswith(f"inside/{TENANT}/")
    assert await cache.size_of(copy.url) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "file:///cache/../etc/passwd", "http://x/", "file:relative"])
async def test_nothing_outside_the_folder_is_removed_or_looked_at(tmp_path, url):
    cache = DiskCache(str(tmp_path))

    await cache.remove(url)
    assert await cache.size_of(url) is None
    with pytest.raises(LocationRefused):
        await cache.storage().open(located(url), 1)


async def test_a_folder_of_somebody_else_is_neither_filled_nor_tidied_up(tmp_path):
    archived = tmp_path / TENANT / MD5[:2] / MD5[2:4] / MD5[4:6] / MD5
    archived.parent.mkdir(parents=True)
    archived.write_bytes(DATA)
    cache, database = DiskCache(str(tmp_path)), InMemoryDatabase()
    database.tables.tenants[TENANT] = NOW

    with pytest.raises(StorageUnavailable, match="RS_DOWNLOADER_CACHE_DIR"):
        await filled(cache, the_file())
    check = CheckCache(lambda: InMemoryUnitOfWork(database), cache, FixedClock(datetime.now(UTC)))
    assert await check.execute() == CacheChecked(removed_rows=0, removed_files=0)

    assert archived.read_bytes() == DATA
    assert lying_in(tmp_path) == [str(archived.relative_to(tmp_path))]


async def test_an_empty_file_system_and_a_marked_folder_are_the_caches(tmp_path):
    (tmp_path / "disk" / "lost+found").mkdir(parents=True)
    (tmp_path / "adopted" / "something").mkdir(parents=True)
    (tmp_path / "adopted" / MARK).touch()

    for name in ("disk", "adopted"):
        cache = DiskCache(str(tmp_path / name))
        copy = await filled(cache, the_file())
        await cache.publish(copy)
        assert [lying.url async for lying in cache.scan()] == [copy.url]


async def test_what_lay_in_the_cache_goes_with_its_tenant(tmp_path):
    cache, database = DiskCache(str(tmp_path)), InMemoryDatabase()
    await cache.publish(await filled(cache, the_file()))
    clock = FixedClock(datetime.now(UTC))
    assert TENANT not in database.tables.tenants

    checked = await CheckCache(lambda: InMemoryUnitOfWork(database), cache, clock).execute()

    assert checked == CacheChecked(removed_rows=0, removed_files=1)
    assert lying_in(tmp_path) == []


async def test_copies_expire_although_the_cache_was_moved_to_another_folder(tmp_path):
    old, database, clock = DiskCache(str(tmp_path / "old")), InMemoryDatabase(), FixedClock(datetime.now(UTC))
    copy = await filled(old, the_file())
    await old.publish(copy)
    database.tables.tenants[TENANT] = NOW
    database.tables.cached_copies[TENANT, MD5] = CachedCopy(
        tenant=TENANT,
        checksum=MD5,
        storage=INTERNAL_CACHE,
        url=copy.url,
        size_bytes=len(DATA),
        published_at=NOW,
        expires_at=clock.now() - timedelta(hours=1),
    )

    assert await ExpireCopies(lambda: InMemoryUnitOfWork(database), DiskCache(str(tmp_path / "new")), clock).execute()

    assert database.tables.cached_copies == {}
    assert await old.size_of(copy.url) == len(DATA)


async def test_no_other_storage_reads_the_cache(tmp_path):
    cache = DiskCache(str(tmp_path))
    copy = await filled(cache, the_file())
    await cache.publish(copy)

    with pytest.raises(LocationRefused):
        await LocalStorage(str(tmp_path), Fence(private=(str(tmp_path),))).open(located(copy.url), len(DATA))


async def test_a_disk_that_refuses_is_an_unavailable_storage(tmp_path):
    (tmp_path / "cache").write_text("this is no folder")

    with pytest.raises(StorageUnavailable):
        await filled(DiskCache(str(tmp_path / "cache")), the_file())


async def test_folder_and_records_agree_after_a_check(tmp_path):
    cache, database = DiskCache(str(tmp_path)), InMemoryDatabase()
    clock = FixedClock(datetime.now(UTC))
    database.tables.tenants[TENANT] = NOW
    urls = {}
    for name in ("kept", "gone", "short", "stray"):
        file = the_file(f"checksum-{name}", "none")
        copy = await filled(cache, file)
        await cache.publish(copy)
        urls[name] = copy.url
    for name in ("kept", "gone", "short"):
        database.tables.cached_copies[TENANT, f"checksum-{name}"] = CachedCopy(
            tenant=TENANT,
            checksum=f"checksum-{name}",
            storage=INTERNAL_CACHE,
            url=urls[name],
            size_bytes=len(DATA),
            published_at=NOW,
            expires_at=clock.now() + timedelta(hours=1),
        )
    await cache.remove(urls["gone"])
    os.truncate(urls["short"].removeprefix("file://"), 3)
    fresh, old = [await filled(cache, the_file(f"checksum-{name}", "none")) for name in ("fresh", "old")]
    long_ago = (clock.now() - timedelta(days=1)).timestamp()
    os.utime(old.temporary, (long_ago, long_ago))
    check = CheckCache(lambda: InMemoryUnitOfWork(database), cache, clock)

    assert await check.execute() == CacheChecked(removed_rows=2, removed_files=2)

    assert list(database.tables.cached_copies) == [(TENANT, "checksum-kept")]
    assert {Path(name).name for name in lying_in(tmp_path)} == {"checksum-kept", Path(fresh.temporary).name}
    assert await check.execute() == CacheChecked(removed_rows=0, removed_files=0)
