"""Several equal instances take turns, and one that fails is asked last for a while."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rota import LEAST_ATTEMPTS, REST_SECONDS, in_turn, is_worth_asking_another

NAMES = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1)


@given(NAMES, st.integers(0, 100), st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 100)), st.floats(0, 100))
def test_every_instance_is_asked_and_those_that_failed_lately_come_last(names, turn, failed_at, now):
    order = in_turn(names, turn, failed_at, now)
    rests = [name in failed_at and now - failed_at[name] < REST_SECONDS for name in order[: len(names)]]

    assert set(order[: len(names)]) == set(names)
    assert len(order) == max(len(names), LEAST_ATTEMPTS)
    assert rests == sorted(rests)


@given(NAMES)
def test_healthy_instances_are_asked_equally_often(names):
    first = [in_turn(names, turn, {}, 0.0)[0] for turn in range(3 * len(names))]

    assert {name: first.count(name) for name in names} == dict.fromkeys(names, 3)


def test_an_instance_alone_is_asked_again_since_a_kept_connection_may_be_dead():
    assert in_turn(["a"], 5, {"a": 0.0}, 1.0) == ("a", "a")


def test_without_instances_nobody_is_asked():
    assert in_turn([], 1, {}, 0.0) == ()


def test_a_rest_is_over_after_its_time():
    assert in_turn(["a", "b"], 0, {"a": 0.0}, REST_SECONDS - 0.1) == ("b", "a")
    assert in_turn(["a", "b"], 0, {"a": 0.0}, REST_SECONDS) == ("a", "b")


@pytest.mark.parametrize(
    ("status", "is_worth"), [(200, False), (404, False), (429, False), (500, False), (502, True), (503, True)]
)
def test_another_instance_is_asked_only_where_it_may_do_better(status, is_worth):
    assert is_worth_asking_another(status) is is_worth
