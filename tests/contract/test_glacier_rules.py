"""What a server's answer to HEAD says of an object that may sleep."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.storage.conformance import PluginContract
from adapters.storage.glacier.restore_state import READ_AT_ONCE, ReadableClasses, days_for, lasts
from domain.availability import Availability, CopyAvailability
from tests.factories import NOW

CLASSES = ReadableClasses("COLD_BUT_QUICK")
LATER = NOW + timedelta(days=2)


def a_head(storage_class: str | None = "GLACIER", restore: str | None = None, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(NOW, usegmt=True)}}, **more}
    if storage_class is not None:
        answer["StorageClass"] = storage_class
    if restore is not None:
        answer["Restore"] = restore
    return answer


def restored(date: str) -> str:
    return f'ongoing-request="false", expiry-date="{date}"'


def state(answer: dict[str, Any]) -> Availability:
    return CLASSES.availability(answer).state


@pytest.mark.parametrize("name", [None, "", "COLD_BUT_QUICK", *sorted(READ_AT_ONCE)])
def test_a_class_that_never_sleeps_is_available_whatever_else_is_said(name):
    for restore in (None, 'ongoing-request="true"', "nonsense"):
        assert CLASSES.availability(a_head(name, restore)) == CopyAvailability(state=Availability.AVAILABLE)


@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE", "TAPE"])
def test_any_other_class_sleeps_until_it_is_restored(name):
    assert state(a_head(name)) is Availability.UNAVAILABLE
    assert state(a_head(name, 'ongoing-request="true"')) is Availability.RESTORING


def test_an_object_that_was_moved_to_an_archive_sleeps_in_any_class():
    assert state(a_head("INTELLIGENT_TIERING", ArchiveStatus="ARCHIVE_ACCESS")) is Availability.UNAVAILABLE


@pytest.mark.parametrize("date", [format_datetime(LATER, usegmt=True), LATER.strftime("%Y-%m-%dT%H:%M:%S.000+00:00")])
def test_a_restored_object_is_available_until_the_servers_date(date):
    assert CLASSES.availability(a_head(restore=restored(date))) == CopyAvailability(
        state=Availability.AVAILABLE, until=LATER
    )


def test_by_the_servers_own_clock_it_sleeps_again_from_that_date_on():
    assert state(a_head(restore=restored(format_datetime(NOW, usegmt=True)))) is Availability.UNAVAILABLE


def test_a_restoration_without_a_date_is_for_good():
    assert CLASSES.availability(a_head(restore='ongoing-request="false"')) == CopyAvailability(
        state=Availability.AVAILABLE
    )


@pytest.mark.parametrize("restore", ["yes", "ongoing-request=maybe", restored("some day"), restored("")])
def test_what_cannot_be_understood_is_an_error_and_no_answer(restore):
    assert state(a_head(restore=restore)) is Availability.ERROR


@given(st.text(), st.sampled_from([None, "GLACIER", "STANDARD"]), st.text())
def test_no_answer_of_a_server_makes_it_fail(restore, name, date):
    said = CLASSES.availability({"StorageClass": name, "Restore": restore, "ResponseMetadata": {"HTTPHeaders": {}}})
    dated = CLASSES.availability(a_head(name, restored(date)))

    assert isinstance(said.state, Availability)
    assert dated.until is None or dated.until > NOW


@given(st.integers(1, 24 * 3650))
def test_hours_are_rounded_up_to_whole_days(hours):
    assert 24 * (days_for(hours) - 1) < hours <= 24 * days_for(hours)


@pytest.mark.parametrize(
    ("until", "hours", "expected"), [(None, 1000, True), (LATER, 48, True), (LATER, 49, False), (NOW, 1, False)]
)
def test_whether_an_object_stays_readable_for_long_enough(until, hours, expected):
    assert lasts(CopyAvailability(state=Availability.AVAILABLE, until=until), hours, NOW) is expected


@pytest.mark.parametrize("other", [Availability.RESTORING, Availability.UNAVAILABLE, Availability.ERROR])
def test_what_is_not_available_does_not_last(other):
    assert not lasts(CopyAvailability(state=other), 1, NOW)


def test_without_the_servers_date_nothing_is_said_to_last():
    said = CopyAvailability(state=Availability.AVAILABLE, until=datetime.max.replace(tzinfo=UTC))

    assert not lasts(said, 1, None)


class TestGlacierPlugin(PluginContract):
    plugin_id = "S3Glacier"
