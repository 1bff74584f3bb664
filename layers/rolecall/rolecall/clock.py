"""The current time, and its two text and number formats: RFC 3339 in UTC, and seconds since 1970."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """The time as text, with whole seconds and a `Z`, as in `2026-06-15T12:00:00Z`."""
    # `isoformat` is used because `strftime` would take three times as long.
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def epoch_seconds(at: datetime) -> int:
    """Whole seconds since 1970-01-01T00:00:00Z: the format of DynamoDB's TTL and of the times in a JWT."""
    return int(at.timestamp())
