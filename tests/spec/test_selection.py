"""Which copy is tried first, and why none is."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CopiesUnreachable, FileNotReadable, RestorationNeeded
from domain.selection import Copy, Readiness, in_order_of_choice, readiness, why_none_is_readable
from domain.storage_location import StorageType
from tests.factories import NOW, a_location, a_storage

ONLINE, NEARLINE, OFFLINE = StorageType.ONLINE, StorageType.NEARLINE, StorageType.OFFLINE


def a_copy(
    name: str = "disk",
    storage_type: StorageType = ONLINE,
    *,
    priority: int = 0,
    active: bool = True,
    suspect: bool = False,
    configured: bool = True,
) -> Copy:
    location = a_location(storage=name, suspect_since=NOW if suspect else None)
    storage = a_storage(name, storage_type=storage_type, priority=priority, active=active)
    return Copy(location, storage if configured else None)


copies = st.lists(
    st.builds(
        a_copy,
        st.sampled_from("abc"),
        st.sampled_from(list(StorageType)),
        priority=st.integers(0, 3),
        active=st.booleans(),
        suspect=st.booleans(),
        configured=st.booleans(),
    ),
    max_size=5,
)


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        (a_copy(), Readiness.READABLE),
        (a_copy(active=False), Readiness.DOWN),
        (a_copy(suspect=True), Readiness.DOWN),
        (a_copy(storage_type=NEARLINE), Readiness.RESTORABLE),
        (a_copy(storage_type=NEARLINE, active=False), Readiness.DOWN),
        (a_copy(storage_type=NEARLINE, suspect=True), Readiness.DOWN),
        (a_copy(storage_type=OFFLINE), Readiness.NEVER),
        (a_copy(storage_type=OFFLINE, active=False), Readiness.NEVER),
        (a_copy(configured=False), Readiness.NEVER),
    ],
)
def test_how_near_a_copy_is_to_being_read(copy, expected):
    assert readiness(copy, NOW) is expected


@given(copies)
def test_every_readable_copy_is_tried_and_no_other(found):
    assert sorted(map(repr, in_order_of_choice(found, NOW))) == sorted(
        repr(copy) for copy in found if readiness(copy, NOW) is Readiness.READABLE
    )


@given(copies)
def test_the_order_depends_on_priority_then_name_and_not_on_the_order_of_the_records(found):
    ordered = in_order_of_choice(found, NOW)
    keys = [(copy.storage.priority, copy.storage.name) for copy in ordered if copy.storage]

    assert keys == sorted(keys)
    assert [(c.storage.priority, c.storage.name) for c in in_order_of_choice(found[::-1], NOW) if c.storage] == keys


def test_the_best_priority_comes_first():
    slow, fast = a_copy("a", priority=1), a_copy("b", priority=0)

    assert in_order_of_choice([slow, fast], NOW) == (fast, slow)


@pytest.mark.parametrize(
    ("found", "refusal"),
    [
        ([], FileNotReadable),
        ([a_copy(configured=False)], FileNotReadable),
        ([a_copy(storage_type=OFFLINE)], FileNotReadable),
        ([a_copy(storage_type=OFFLINE), a_copy(storage_type=NEARLINE)], RestorationNeeded),
        ([a_copy(storage_type=NEARLINE), a_copy(active=False)], CopiesUnreachable),
        ([a_copy(suspect=True), a_copy(configured=False)], CopiesUnreachable),
        ([a_copy()], CopiesUnreachable),
    ],
)
def test_the_refusal_says_what_may_help(found, refusal):
    for order in itertools.permutations(found):
        assert type(why_none_is_readable(order, NOW)) is refusal
