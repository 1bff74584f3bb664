"""Identifiers sort by time where they should, and every time is written in UTC."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall import clock, ids

AT = datetime(2026, 6, 15, 12, 0, 0, 999_999, UTC)
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_a_new_id_is_a_random_uuid() -> None:
    made = [UUID(ids.new_id()) for _ in range(50)]
    assert len(set(made)) == 50
    assert {uuid.version for uuid in made} == {4}


@given(_MOMENTS)
def test_a_time_ordered_id_is_a_uuid_v7_of_its_millisecond(at: datetime) -> None:
    made = UUID(ids.time_ordered_id(at))

    assert (made.version, made.variant) == (7, RFC_4122)
    assert abs((made.int >> 80) / 1000 - at.timestamp()) <= 0.001


@given(_MOMENTS, st.timedeltas(timedelta(milliseconds=2), timedelta(days=3650)))
def test_time_ordered_ids_sort_by_time(at: datetime, later: timedelta) -> None:
    assert ids.time_ordered_id(at) < ids.time_ordered_id(at + later)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({ids.time_ordered_id(AT) for _ in range(100)}) == 100


def test_a_time_is_written_in_utc_to_the_second() -> None:
    assert clock.rfc3339(AT) == "2026-06-15T12:00:00Z"
    assert clock.rfc3339(AT.astimezone(timezone(timedelta(hours=-3)))) == "2026-06-15T12:00:00Z"


@given(_MOMENTS)
def test_the_lowest_id_of_a_millisecond_lies_between_the_ids_of_two_milliseconds(at: datetime) -> None:
    lowest = ids.lowest_time_ordered_id_at(at)

    assert UUID(lowest).int == UUID(ids.time_ordered_id(at)).int >> 80 << 80
    assert ids.time_ordered_id(at - timedelta(milliseconds=1)) < lowest < ids.time_ordered_id(at)


@pytest.fixture
def zone_of_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine is set to another time zone than UTC."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_time_is_written_in_utc_whatever_the_zone_of_the_machine(zone_of_new_york: None) -> None:
    assert AT.astimezone().utcoffset() == timedelta(hours=-4)
    assert clock.rfc3339(AT) == "2026-06-15T12:00:00Z"


def test_the_latest_end_of_a_wait_is_a_minute_after_the_longest_wait() -> None:
    assert clock.latest_end_of_wait(AT, timedelta(hours=2)) == AT + timedelta(hours=2, minutes=1)


def test_a_time_counts_in_whole_seconds() -> None:
    assert clock.epoch_seconds(AT) == 1781524800


def test_now_knows_its_time_zone() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_second_is_written_as_text_and_read_again(zone_of_new_york: None) -> None:
    assert clock.rfc3339_of_second(1781524800) == "2026-06-15T12:00:00Z"
    assert clock.second_of_rfc3339("2026-06-15T12:00:00Z") == 1781524800


@pytest.mark.parametrize(
    ("seconds", "waiting"),
    [(-1, False), (0, False), (0.001, True), (7200, True), (7260, True), (7260.001, False)],
)
def test_a_wait_goes_on_until_its_end_unless_it_ends_too_far_ahead(seconds: float, waiting: bool) -> None:
    assert clock.is_waiting(AT + timedelta(seconds=seconds), AT, timedelta(hours=2)) is waiting


@pytest.mark.parametrize(
    ("text", "time_in_utc"),
    [
        ("2026-06-15T12:00:00Z", "2026-06-15T12:00:00+00:00"),
        ("2026-06-15t12:00:00z", "2026-06-15T12:00:00+00:00"),
        ("2026-06-15T12:00:00.25-03:00", "2026-06-15T15:00:00.250000+00:00"),
        ("1970-12-31T23:59:59Z", "1971-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00+14:00", "1971-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59-14:00", "9998-12-31T00:00:00+00:00"),
    ],
)
def test_a_time_that_a_caller_gives_is_read_in_utc(text: str, time_in_utc: str) -> None:
    found = clock.parse_rfc3339(text)
    assert found
    assert found.isoformat() == time_in_utc


@pytest.mark.parametrize(
    "text", ["", "2026-06-15", "2026-06-15T12:00:00", "2026-13-15T12:00:00Z", "2026-06-15 12:00:00Z"]
)
def test_a_text_that_is_not_a_time_is_not_parsed(text: str) -> None:
    assert clock.parse_rfc3339(text) is None


def test_a_time_ordered_id_is_recognized() -> None:
    assert ids.is_time_ordered_id(ids.time_ordered_id(AT))
    assert not ids.is_time_ordered_id(ids.new_id())
    assert not ids.is_time_ordered_id("x")
