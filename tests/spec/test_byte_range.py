"""Byte ranges (RFC 9110 section 14): compared with a naive parser that lists positions one by one."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.byte_range import MAXIMUM_RANGES, ByteRange, coalesced, parse
from domain.errors import RangeNotSatisfiable

IGNORED = "ignored"
UNSATISFIABLE = "unsatisfiable"


def naive(header: str, size: int) -> str | set[int]:
    """The positions that a header asks for, by reading RFC 9110 section 14.1.2 aloud; for small sizes only."""
    unit, equals, specs = header.partition("=")
    if unit.strip(" \t").lower() != "bytes" or not equals or size == 0:
        return IGNORED
    elements = [element.strip(" \t") for element in specs.split(",")]
    named = [element for element in elements if element]
    if not named or len(elements) > MAXIMUM_RANGES:
        return IGNORED
    asked: set[int] = set()
    for element in named:
        if re.fullmatch("-[0-9]+", element):
            suffix = int(element[1:])
            asked |= {position for position in range(size) if position >= size - suffix}
        elif re.fullmatch("[0-9]+-[0-9]*", element):
            first, last = element.split("-")
            if last and int(last) < int(first):
                return IGNORED
            asked |= {p for p in range(size) if p >= int(first) and (not last or p <= int(last))}
        else:
            return IGNORED
    return asked or UNSATISFIABLE


def outcome(header: str, size: int) -> str | set[int]:
    try:
        ranges = parse(header, size)
    except RangeNotSatisfiable as refused:
        return UNSATISFIABLE if refused.size_bytes == size else "another size"
    if ranges is None:
        return IGNORED
    return {position for part in ranges for position in range(part.start, part.stop)}


POSITIONS = st.integers(0, 70).map(str) | st.sampled_from(["0", "00", "007", "9" * 18, "9" * 30])
SPECS = (
    st.builds("{}-{}".format, POSITIONS, POSITIONS)
    | POSITIONS.map(lambda first: f"{first}-")
    | POSITIONS.map(lambda suffix: f"-{suffix}")
)
GARBAGE = st.text("0123456789-+ ,;=bytes\t\u0663\uff14xX", max_size=12)
HEADERS = st.builds(
    "{}={}".format,
    st.sampled_from(["bytes", "bytes", "bytes", "Bytes", " bytes", "items", "byte", ""]),
    st.lists(st.one_of(SPECS, SPECS, SPECS, GARBAGE), max_size=6).map(",".join),
)


@given(HEADERS | GARBAGE, st.integers(0, 64))
@example("bytes=-0", 10)
@example("bytes=0-", 0)
@example("bytes=-5", 0)
@example("bytes=9-3,0-1", 10)
@example("bytes=0-1,,3-4", 10)
@example("bytes=+1-2", 10)
@example("bytes=\uff11-\uff12", 10)
@example("bytes=99999999999999999999-", 10)
def test_the_positions_are_those_of_a_naive_reader(header, size):
    assert outcome(header, size) == naive(header, size)


@given(HEADERS, st.integers(1, 64))
def test_ranges_are_disjoint_ascending_apart_and_inside_the_file(header, size):
    try:
        ranges = parse(header, size) or ()
    except RangeNotSatisfiable:
        return

    for part in ranges:
        assert part.length > 0
        assert 0 <= part.start < part.stop <= size
    for before, after in pairwise(ranges):
        assert before.stop < after.start


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(1, 2**62))
def test_large_files_are_read_to_the_byte(start, length, size):
    header = f"bytes={start}-{start + length}"

    if start >= size:
        assert outcome_of_large(header, size) == UNSATISFIABLE
    else:
        stop = min(start + length + 1, size)
        assert outcome_of_large(header, size) == (ByteRange(start, stop - start),)


def outcome_of_large(header: str, size: int) -> object:
    try:
        return parse(header, size)
    except RangeNotSatisfiable:
        return UNSATISFIABLE


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (ByteRange(0, 1),)),
        ("bytes=0-", (ByteRange(0, 1000),)),
        ("bytes=500-", (ByteRange(500, 500),)),
        ("bytes=-1", (ByteRange(999, 1),)),
        ("bytes=-5000", (ByteRange(0, 1000),)),
        ("bytes=999-5000", (ByteRange(999, 1),)),
        ("bytes=0-1,2-3", (ByteRange(0, 4),)),
        ("bytes=5-9,0-1", (ByteRange(0, 2), ByteRange(5, 5))),
        ("bytes=0-5,3-9,4-4", (ByteRange(0, 10),)),
        ("bytes=0-1,5000-", (ByteRange(0, 2),)),
        ("bytes=" + "9" * 5000 + "-,0-0", (ByteRange(0, 1),)),
        ("bytes=-" + "9" * 5000, (ByteRange(0, 1000),)),
        (None, None),
        ("", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes=--1", None),
        ("bytes=1-2-3", None),
        ("bytes=a-b", None),
        ("bytes=0x1-2", None),
        ("bytes=1.0-2", None),
        ("bytes=5-4", None),
        ("bytes=0-1,5-4", None),
        ("lines=0-1", None),
        ("bytes 0-1", None),
        ("bytes=" + ",".join(["0-0"] * 51), None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_table(header, expected):
    assert parse(header, 1000) == expected


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=5000-,-0"])
def test_right_syntax_without_a_byte_inside_the_file_is_416(header):
    with pytest.raises(RangeNotSatisfiable) as refused:
        parse(header, 1000)
    assert "1000 bytes" in str(refused.value)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_an_empty_file_has_no_parts(header):
    assert parse(header, 0) is None


def test_fifty_parts_are_not_too_many():
    ranges = parse("bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(50)), 1000)

    assert ranges is not None
    assert len(ranges) == 50


@given(st.lists(st.builds(ByteRange, st.integers(0, 60), st.integers(1, 20)), max_size=12))
def test_coalescing_keeps_the_positions(ranges):
    merged = coalesced(ranges)

    assert {p for r in merged for p in range(r.start, r.stop)} == {p for r in ranges for p in range(r.start, r.stop)}
    assert sum(r.length for r in merged) == len({p for r in ranges for p in range(r.start, r.stop)})
    assert coalesced(merged) == merged


def test_content_range_names_first_and_last_byte_and_the_size():
    assert ByteRange(200, 300).content_range(1000) == "bytes 200-499/1000"
