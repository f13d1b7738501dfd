"""Conditional requests, in the order of RFC 9110 section 13.2.2."""

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.byte_range import ByteRange
from domain.errors import PreconditionFailed, RangeNotSatisfiable
from domain.preconditions import Conditions, Unmodified, evaluate

TAG = '"abc,def"'
MODIFIED = datetime(2026, 3, 1, 12, 0, 0, 500000, tzinfo=UTC)
SENT = MODIFIED.replace(microsecond=0)
"""What ``Last-Modified`` says: whole seconds."""
EARLIER, LATER = SENT - timedelta(seconds=1), SENT + timedelta(seconds=1)
PART = (ByteRange(0, 10),)
WHOLE = None
FAILED = "412"
UNSATISFIABLE = "416"
CURRENT = Unmodified.NOT_MODIFIED


def answer(**conditions: object) -> object:
    try:
        return evaluate(Conditions(**conditions), e_tag=TAG, last_modified=MODIFIED, size_bytes=1000)
    except PreconditionFailed:
        return FAILED
    except RangeNotSatisfiable:
        return UNSATISFIABLE


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, WHOLE),
        ({"if_match": TAG}, WHOLE),
        ({"if_match": "*"}, WHOLE),
        ({"if_match": " * "}, WHOLE),
        ({"if_match": f'"x", {TAG} ,"y"'}, WHOLE),
        ({"if_match": '"x"'}, FAILED),
        ({"if_match": ""}, FAILED),
        ({"if_match": "abc,def"}, FAILED),
        ({"if_match": f"W/{TAG}"}, FAILED),
        ({"if_match": TAG.upper()}, FAILED),
        ({"if_match": '"abc'}, FAILED),
        ({"if_unmodified_since": SENT}, WHOLE),
        ({"if_unmodified_since": LATER}, WHOLE),
        ({"if_unmodified_since": EARLIER}, FAILED),
        ({"if_match": TAG, "if_unmodified_since": EARLIER}, WHOLE),
        ({"if_match": '"x"', "if_unmodified_since": LATER}, FAILED),
        ({"if_none_match": TAG}, CURRENT),
        ({"if_none_match": f"W/{TAG}"}, CURRENT),
        ({"if_none_match": "*"}, CURRENT),
        ({"if_none_match": f'"x",{TAG}'}, CURRENT),
        ({"if_none_match": '"x"'}, WHOLE),
        ({"if_none_match": '"abc", "def"'}, WHOLE),
        ({"if_modified_since": SENT}, CURRENT),
        ({"if_modified_since": LATER}, CURRENT),
        ({"if_modified_since": EARLIER}, WHOLE),
        ({"if_none_match": '"x"', "if_modified_since": LATER}, WHOLE),
        ({"if_none_match": TAG, "if_modified_since": EARLIER}, CURRENT),
        ({"if_match": '"x"', "if_none_match": TAG}, FAILED),
        ({"if_match": TAG, "if_none_match": TAG}, CURRENT),
        ({"if_match": '"x"', "range": "bytes=0-9"}, FAILED),
        ({"if_none_match": TAG, "range": "bytes=0-9"}, CURRENT),
        ({"range": "bytes=0-9"}, PART),
        ({"range": "bytes=1000-"}, UNSATISFIABLE),
        ({"if_none_match": TAG, "range": "bytes=1000-"}, CURRENT),
        ({"if_range": TAG, "range": "bytes=0-9"}, PART),
        ({"if_range": f" {TAG} ", "range": "bytes=0-9"}, PART),
        ({"if_range": '"x"', "range": "bytes=0-9"}, WHOLE),
        ({"if_range": f"W/{TAG}", "range": "bytes=0-9"}, WHOLE),
        ({"if_range": '"x"', "range": "bytes=1000-"}, WHOLE),
        ({"if_range": TAG, "range": "bytes=1000-"}, UNSATISFIABLE),
        ({"if_range": SENT, "range": "bytes=0-9"}, PART),
        ({"if_range": LATER, "range": "bytes=0-9"}, WHOLE),
        ({"if_range": EARLIER, "range": "bytes=0-9"}, WHOLE),
        ({"if_range": '"x"'}, WHOLE),
    ],
    ids=str,
)
def test_table(conditions, expected):
    assert answer(**conditions) == expected


TAGS = st.sampled_from([None, "*", TAG, '"x"', f'"x", {TAG}', f"W/{TAG}", '"abc', ""])
DATES = st.sampled_from([None, EARLIER, SENT, LATER])
RANGES = st.sampled_from([None, "bytes=0-9", "bytes=1000-", "lines=1-2"])
CONDITIONS = st.builds(
    Conditions,
    if_match=TAGS,
    if_none_match=TAGS,
    if_modified_since=DATES,
    if_unmodified_since=DATES,
    if_range=TAGS | DATES,
    range=RANGES,
)


@given(CONDITIONS)
def test_a_range_changes_nothing_about_the_other_conditions(conditions):
    with_range = answer(**attrs.asdict(conditions))
    without = answer(**attrs.asdict(attrs.evolve(conditions, range=None)))

    if without in (FAILED, CURRENT):
        assert with_range == without
    else:
        assert with_range in (WHOLE, PART, UNSATISFIABLE)


@given(CONDITIONS)
def test_dates_are_ignored_beside_tags(conditions):
    if conditions.if_match is not None:
        assert answer(**attrs.asdict(conditions)) == answer(
            **attrs.asdict(attrs.evolve(conditions, if_unmodified_since=None))
        )
    if conditions.if_none_match is not None:
        assert answer(**attrs.asdict(conditions)) == answer(
            **attrs.asdict(attrs.evolve(conditions, if_modified_since=None))
        )


@given(CONDITIONS)
def test_a_part_is_sent_only_of_the_version_that_the_client_has(conditions):
    if answer(**attrs.asdict(conditions)) == PART:
        assert conditions.if_range in (None, TAG, SENT)


def test_the_time_zone_of_the_record_does_not_matter():
    paris = timezone(timedelta(hours=1))
    conditions = Conditions(if_modified_since=SENT)

    assert evaluate(conditions, e_tag=TAG, last_modified=MODIFIED.astimezone(paris), size_bytes=1) is CURRENT
