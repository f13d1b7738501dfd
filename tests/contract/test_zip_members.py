"""A member of an archive is read as the archive's own writer would read it, or not at all."""

import io
import random
import struct
import zipfile

import anyio
import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.storage.conformance import read_all
from adapters.storage.zip_member import open_member
from application.errors import CopyChanged, CopyMisread, CopyMissing, LocationRefused, StorageUnavailable
from application.ports.storage import ByteSource
from tests.contract.byte_sources import BytesSource

pytestmark = pytest.mark.anyio

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
LARGE = random.Random(1).randbytes(60_000) + bytes(200_000) + random.Random(2).randbytes(60_000)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\\"), min_size=1, max_size=12)
"""What ``zipfile`` writes as it is given."""


@attrs.frozen(kw_only=True)
class Content:
    name: str
    data: bytes
    method: int
    zip64: bool


CONTENTS = st.builds(
    Content,
    name=NAMES,
    data=st.one_of(
        st.binary(max_size=200),
        st.builds(lambda seed, n: random.Random(seed).randbytes(n // 2) + bytes(n // 2), st.integers(), st.integers(0, 200_000)),  # noqa: E501
    ),
    method=st.sampled_from(METHODS),
    zip64=st.booleans(),
)  # fmt: skip


def archive_of(contents: list[Content], *, comment: bytes = b"", prefix: bytes = b"") -> bytes:
    """An archive as ``zipfile`` writes it behind ``prefix``, its offsets counted from where the archive begins."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = comment
        for content in contents:
            info = zipfile.ZipInfo(content.name)
            info.compress_type = content.method
            with archive.open(info, "w", force_zip64=content.zip64) as member:
                member.write(content.data)
    return prefix + out.getvalue()


def one(data: bytes, method: int = zipfile.ZIP_STORED, **options: bytes) -> bytes:
    return archive_of([Content(name="a", data=data, method=method, zip64=False)], **options)


def with_zip64_end(archive: bytes) -> bytes:
    """The same archive with a ZIP64 end, its old end filled with what stands for "see there"."""
    at = archive.rfind(b"PK\x05\x06")
    _, _, _, here, total, size, start, comment = struct.unpack("<4s4H2LH", archive[at : at + 22])
    end_64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, here, total, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, comment)
    return archive[:at] + end_64 + locator + end + archive[at + 22 :]


@given(
    contents=st.lists(CONTENTS, min_size=1, max_size=5),
    comment=st.binary(max_size=40).filter(lambda text: b"PK\x05\x06" not in text),
    prefix=st.binary(max_size=40),
    zip64_end=st.booleans(),
    largest_read=st.sampled_from([1000, 70_000, 2**30]),
    ranges=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 80_000)), max_size=6),
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
async def test_every_range_of_every_member_is_what_zipfile_reads(
    contents: list[Content],
    comment: bytes,
    prefix: bytes,
    zip64_end: bool,
    largest_read: int,
    ranges: list[tuple[float, int]],
) -> None:
    written = archive_of(contents, comment=comment)
    data = prefix + (with_zip64_end(written) if zip64_end else written)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        expected = {name: archive.read(name) for name in archive.namelist()}

    for name, whole in expected.items():
        member = await open_member(BytesSource(data, largest_read), name, len(whole))
        assert member.status.size_bytes == len(whole)
        for place, length in ranges:
            offset = int(place * len(whole))
            if offset < len(whole):
                end = min(offset + length, len(whole))
                assert await read_all(member, offset, end - offset) == whole[offset:end]
        assert await read_all(member, 0, len(whole)) == whole
        await member.check_unchanged()
        await member.aclose()


@given(
    contents=st.lists(CONTENTS, min_size=1, max_size=3, unique_by=lambda content: content.name),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4),
    near_end=st.booleans(),
    cut=st.one_of(st.none(), st.floats(0, 1)),
)
async def test_a_damaged_archive_gives_the_right_bytes_or_an_error_of_the_port(
    contents: list[Content], changes: list[tuple[float, int]], near_end: bool, cut: float | None
) -> None:
    data = bytearray(archive_of(contents))
    for place, value in changes:
        start = max(0, len(data) - 200) if near_end else 0
        data[min(len(data) - 1, start + int(place * (len(data) - start)))] = value
    if cut is not None:
        del data[int(cut * len(data)) :]

    for content in contents:
        source = BytesSource(bytes(data))
        try:
            member = await open_member(source, content.name, len(content.data))
            read = await read_all(member, 0, len(content.data))
        except (StorageUnavailable, LocationRefused):
            continue
        # Another member may have got this name; it has a version of its own then, and was never registered.
        assert read == content.data or member.status.version != (await intact(contents, content)).status.version


async def intact(contents: list[Content], content: Content) -> ByteSource:
    return await open_member(BytesSource(archive_of(contents)), content.name, None)


@given(data=st.binary(max_size=300))
@example(b"PK\x05\x06" + bytes(18))
@example(b"PK\x05\x06" + bytes(4) + b"\x01\x00\x01\x00" + b"\xff" * 8 + bytes(2))
async def test_what_is_no_archive_is_an_error_of_the_port(data: bytes) -> None:
    source = BytesSource(data)

    with pytest.raises(StorageUnavailable):
        await open_member(source, "a", None)

    assert source.is_closed


@pytest.mark.parametrize("method", METHODS)
async def test_wrong_bytes_do_not_come_out_whole(method: int) -> None:
    data = bytearray(one(LARGE, method))
    data[data.find(LARGE[1000:1010]) if method == zipfile.ZIP_STORED else 5000] ^= 1
    member = await open_member(BytesSource(bytes(data)), "a", len(LARGE))

    with pytest.raises(CopyChanged):
        await read_all(member, 0, len(LARGE))


async def test_a_member_that_is_not_there_is_missing() -> None:
    source = BytesSource(one(b"x"))

    with pytest.raises(CopyMissing):
        await open_member(source, "b", None)

    assert source.is_closed


async def test_a_member_of_another_size_has_changed() -> None:
    source = BytesSource(one(b"x"))

    with pytest.raises(CopyChanged):
        await open_member(source, "a", 2)

    assert source.is_closed


async def test_closing_a_member_closes_its_archive() -> None:
    source = BytesSource(one(b"x"))
    member = await open_member(source, "a", 1)
    assert not source.is_closed

    await member.aclose()
    await member.aclose()

    assert source.is_closed


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
async def test_of_two_members_of_one_name_the_last_counts() -> None:
    contents = [Content(name="a", data=data, method=zipfile.ZIP_STORED, zip64=False) for data in (b"old", b"newer")]

    member = await open_member(BytesSource(archive_of(contents)), "a", None)

    assert await read_all(member, 0, 5) == b"newer"


async def test_names_are_read_in_the_encoding_that_their_flag_says() -> None:
    written = archive_of([Content(name="qqq", data=b"x", method=zipfile.ZIP_STORED, zip64=False)])
    data = written.replace(b"qqq", "üß²".encode("cp437"))

    member = await open_member(BytesSource(data), "üß²", 1)

    assert await read_all(member, 0, 1) == b"x"


async def test_the_version_of_a_member_stays_when_the_archive_grows() -> None:
    first = Content(name="a", data=b"first", method=zipfile.ZIP_DEFLATED, zip64=False)
    second = attrs.evolve(first, name="b", data=b"second")
    before = await open_member(BytesSource(archive_of([first])), "a", None)

    after = await open_member(BytesSource(archive_of([first, second])), "a", None)

    assert after.status == before.status
    assert after.status.version != (await open_member(BytesSource(archive_of([second])), "b", None)).status.version


@pytest.mark.parametrize("method", METHODS)
async def test_an_archive_that_grew_is_no_harm_to_a_member_that_stayed(method: int) -> None:
    source = BytesSource(one(LARGE, method))
    member = await open_member(source, "a", None)
    await read_all(member, 100_000, 10)
    source.grown = True

    await member.check_unchanged()


@pytest.mark.parametrize("method", METHODS)
async def test_an_archive_that_was_overwritten_is_noticed_after_a_range(method: int) -> None:
    source = BytesSource(one(LARGE, method))
    member = await open_member(source, "a", None)
    await read_all(member, 100_000, 10)
    source.grown, source.data = True, one(LARGE[::-1], method)

    with pytest.raises(CopyChanged):
        await member.check_unchanged()


@pytest.mark.parametrize("method", METHODS)
async def test_ranges_are_read_at_once(method: int) -> None:
    member = await open_member(BytesSource(one(LARGE, method)), "a", None)
    found: dict[int, bytes] = {}

    async def reader(offset: int) -> None:
        found[offset] = await read_all(member, offset, 30_000)

    async with anyio.create_task_group() as group:
        for offset in range(0, 300_000, 30_000):
            group.start_soon(reader, offset)

    assert found == {offset: LARGE[offset : offset + 30_000] for offset in range(0, 300_000, 30_000)}


async def test_inflating_holds_little_however_much_comes_out() -> None:
    zeros = bytes(20_000_000)
    source = BytesSource(one(zeros, zipfile.ZIP_DEFLATED))
    member = await open_member(source, "a", len(zeros))
    sizes = []
    offset = 0
    while offset < len(zeros):
        sizes.append(len(await member.read(offset, 100_000)))
        offset += sizes[-1]

    assert offset == len(zeros)
    assert max(sizes) <= 100_000
    assert source.most_asked <= 70_000


async def test_a_reading_given_up_half_way_leaves_the_next_one_right() -> None:
    member = await open_member(BytesSource(one(LARGE, zipfile.ZIP_DEFLATED), largest_read=500), "a", None)
    for seconds in (0.0, 0.001, 0.002, 0.005):
        with anyio.move_on_after(seconds):
            await read_all(member, 0, len(LARGE))

    assert await read_all(member, 0, len(LARGE)) == LARGE


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_other_compressions_are_refused(method: int) -> None:
    source = BytesSource(one(b"x" * 100, method))

    with pytest.raises(LocationRefused, match=f"method {method}"):
        await open_member(source, "a", None)

    assert source.is_closed


async def test_encrypted_members_are_refused() -> None:
    data = bytearray(one(b"x"))
    data[data.rfind(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(LocationRefused, match="encrypted"):
        await open_member(BytesSource(bytes(data)), "a", None)


async def test_a_member_may_not_reach_into_the_next() -> None:
    contents = [Content(name=name, data=b"x" * 50, method=zipfile.ZIP_STORED, zip64=False) for name in "ab"]
    data = bytearray(archive_of(contents))
    entry = data.find(b"PK\x01\x02")
    data[entry + 20], data[entry + 24] = 90, 90

    with pytest.raises(CopyMisread):
        await open_member(BytesSource(bytes(data)), "a", None)


async def test_a_directory_of_an_absurd_size_is_not_read() -> None:
    stated = 65 * 1024 * 1024
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, stated, 0, 0)

    with pytest.raises(CopyMisread, match="larger"):
        await open_member(BytesSource(bytes(stated) + end), "a", None)


async def test_a_comment_that_looks_like_an_end_misleads_nobody() -> None:
    member = await open_member(BytesSource(one(b"x", comment=b"PK\x05\x06" + bytes(30))), "a", 1)

    assert await read_all(member, 0, 1) == b"x"
