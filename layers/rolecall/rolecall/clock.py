"""The current time, and its two text and number formats: RFC 3339 in UTC, and seconds since 1970."""

import re
from datetime import UTC, datetime, timedelta

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")

#: `parse_rfc3339` moves a time outside of this range to the nearest time in it.
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)

#: The clocks of two environments may differ by this much without one of them being wrong.
CLOCK_TOLERANCE = timedelta(minutes=1)


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """The time as text in UTC, as in `2026-06-15T12:00:00Z`. A fraction of a second is cut off."""
    # `isoformat` is used because `strftime` would take three times as long.
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def latest_end_of_wait(at: datetime, longest: timedelta) -> datetime:
    """The latest end of a wait of up to `longest` that has begun by now.

    An end after that was computed before a clock went back, or by a wrong clock. The wait counts as over.
    """
    return at + longest + CLOCK_TOLERANCE


def is_waiting(end: datetime, at: datetime, longest: timedelta) -> bool:
    """Whether a wait of up to `longest` with this end still runs. A wait that ends too far ahead counts as over."""
    return at < end <= latest_end_of_wait(at, longest)


def epoch_seconds(at: datetime) -> int:
    """Whole seconds since 1970-01-01T00:00:00Z: the format of DynamoDB's TTL and of the times in a JWT."""
    return int(at.timestamp())


def rfc3339_of_second(second: int) -> str:
    """A second since 1970 as text, as in `2026-06-15T12:00:00Z`."""
    return rfc3339(datetime.fromtimestamp(second, UTC))


def second_of_rfc3339(text: str) -> int:
    """The second since 1970 of a text that `rfc3339` wrote. Raises `ValueError` for a text that is no time."""
    return epoch_seconds(datetime.fromisoformat(text))


def parse_rfc3339(text: str) -> datetime | None:
    """The time in UTC, moved into the years 1971 to 9998; None if the text is no time of RFC 3339.

    A time before 1971 or after 9998 becomes the nearest time in this range.
    """
    try:
        at = datetime.fromisoformat(text.upper()) if _RFC3339.fullmatch(text) else None
    except ValueError:
        return None
    return at and max(_EARLIEST, min(at, _LATEST)).astimezone(UTC)
