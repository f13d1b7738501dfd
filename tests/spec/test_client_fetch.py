"""What the client does next with one file, whatever the server says."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.client import actions, pauses
from entrypoints.client import fetch as steps
from entrypoints.client.answers import QUOTA_EXCEEDED, RESTORING, Answer
from entrypoints.client.fetch import Fetch, Policy
from entrypoints.client.folder import Folder, safe_name
from entrypoints.client.outcome import Failure

POLICY = Policy(tries=4, seconds=600.0)
HALF = Fetch.of_part(received=50, e_tag='"a"', size=100)

ANSWERS = st.builds(
    Answer,
    status=st.sampled_from([200, 202, 206, 302, 400, 401, 403, 404, 410, 412, 416, 423, 429, 500, 503]),
    e_tag=st.sampled_from([None, '"a"', '"b"', 'W/"a"']),
    length=st.none() | st.integers(0, 100),
    first=st.none() | st.integers(0, 100),
    total=st.none() | st.integers(0, 100),
    retry_after=st.none() | st.floats(0, 1000),
    code=st.sampled_from([None, RESTORING, QUOTA_EXCEEDED]),
)
POLICIES = st.builds(
    Policy,
    tries=st.integers(1, 6),
    seconds=st.floats(0, 2000),
    can_log_in=st.booleans(),
    accepts_licence=st.booleans(),
    restores=st.booleans(),
)


@given(POLICIES, st.data())
def test_every_fetch_ends_and_waits_no_longer_than_its_policy(policy, data):
    fetch, action = Fetch(), steps.first_step(Fetch())
    asked, honoured = 0, 0.0
    # Each new byte allows as many tries again, each wait that is asked for is at least half a second.
    most = 2 * (policy.tries * 102 + 4 * int(policy.seconds) + 50)
    while not isinstance(action, actions.Keep | actions.Stop):
        asked += 1
        assert asked < most
        match action:
            case actions.Receive(start):
                assert start in {0, fetch.received}
                if data.draw(st.booleans(), label="whole"):
                    fetch, action = steps.ended(fetch, fetch.size or 0, policy, jitter=0.5)
                else:
                    received = data.draw(st.integers(start, max(start, fetch.size or 100)), label="received")
                    fetch, action = steps.cut(fetch, received, "cut", policy, jitter=0.5)
            case actions.Check():
                assert fetch.size == fetch.received
                fetch, action = steps.checked(fetch, is_right=data.draw(st.booleans(), label="right"))
            case _:
                if fetch.resumes_from:
                    assert fetch.e_tag is not None
                    assert not fetch.e_tag.startswith("W/")
                answer = data.draw(ANSWERS, label="answer") if asked < 30 else Answer(status=500)
                before = fetch.waited
                fetch, action = steps.answered(fetch, answer, policy, jitter=0.5)
                honoured += fetch.waited - before
                if isinstance(action, actions.Pause) and answer.retry_after is not None and fetch.waited > before:
                    assert action.seconds >= answer.retry_after
    assert honoured <= policy.seconds + 1e-6


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=206, first=50, total=101, e_tag='"a"'),
        Answer(status=206, first=51, total=100, e_tag='"a"'),
        Answer(status=206, first=50, total=100, e_tag='"b"'),
        Answer(status=206, first=None, total=100, e_tag='"a"'),
        Answer(status=412),
        Answer(status=416, total=70),
    ],
)
def test_what_does_not_continue_the_part_empties_it(answer):
    fetch, action = steps.answered(HALF, answer, POLICY, jitter=1.0)

    assert isinstance(action, actions.Pause)
    assert (fetch.received, fetch.resumes_from) == (0, 0)


def test_the_rest_is_written_behind_the_part_and_a_whole_file_over_it():
    rest = steps.answered(HALF, Answer(status=206, first=50, total=100, e_tag='"a"'), POLICY, jitter=1.0)
    whole = steps.answered(HALF, Answer(status=200, length=120, e_tag='"b"'), POLICY, jitter=1.0)

    assert rest[1] == actions.Receive(50)
    assert (whole[1], whole[0].size, whole[0].e_tag) == (actions.Receive(0), 120, '"b"')


@pytest.mark.parametrize("e_tag", [None, 'W/"a"'])
def test_a_part_without_a_strong_entity_tag_is_not_continued(e_tag):
    assert Fetch.of_part(received=50, e_tag=e_tag, size=100).resumes_from == 0


def test_a_part_that_is_complete_is_only_checked():
    assert steps.first_step(attrs.evolve(HALF, received=100, is_complete=True)) == actions.Check()
    assert steps.first_step(Fetch.of_part(received=100, e_tag='"a"', size=100)) == actions.Check()
    assert steps.first_step(Fetch.of_part(received=101, e_tag='"a"', size=100)) == actions.Ask()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answer(status=401), Failure.UNAUTHENTICATED),
        (Answer(status=403), Failure.REFUSED),
        (Answer(status=404), Failure.NOT_FOUND),
        (Answer(status=423), Failure.LICENCE),
        (Answer(status=429, code=QUOTA_EXCEEDED, retry_after=1.0), Failure.QUOTA),
        (Answer(status=302), Failure.UNUSABLE),
        (Answer(status=503, retry_after=601.0), Failure.BUSY),
    ],
)
def test_what_waiting_does_not_help_with_ends_at_once(answer, failure):
    _, action = steps.answered(Fetch(), answer, POLICY, jitter=0.0)

    assert isinstance(action, actions.Stop)
    assert action.failure is failure


def test_pauses_grow_up_to_a_limit_and_differ_between_clients():
    fetch, longest, shortest = Fetch(), [], []
    for _ in range(12):
        patient = attrs.evolve(POLICY, tries=99)
        shortest.append(steps.cut(fetch, 0, "cut", patient, jitter=0.0)[1].seconds)
        fetch, action = steps.cut(fetch, 0, "cut", patient, jitter=1.0)
        longest.append(action.seconds)

    assert longest == sorted(longest)
    assert longest[-1] == pauses.LONGEST_PAUSE_SECONDS
    assert all(low < high for low, high in zip(shortest, longest, strict=True))


@given(st.text(max_size=300))
def test_a_safe_name_is_one_segment_that_any_system_can_write(name):
    safe = safe_name(name, otherwise="download")

    assert safe not in {"", ".", ".."}
    assert not set(safe) & set('/\\:*?"<>|\0\n')
    assert len(safe.encode()) <= 240


@given(st.lists(st.tuples(st.sampled_from(["a.tif", "A.tif", "b", "a"]), st.sampled_from("123")), max_size=12))
def test_different_files_never_share_a_name_and_the_same_file_keeps_its_own(tmp_path_factory, claims):
    folder = Folder(tmp_path_factory.getbasetemp())

    paths = [(identity, name, folder.claim(name, identity)) for name, identity in claims]

    for identity, name, path in paths:
        for other, other_name, other_path in paths:
            if str(path).casefold() == str(other_path).casefold():
                assert identity == other
            if (identity, name) == (other, other_name):
                assert path == other_path
