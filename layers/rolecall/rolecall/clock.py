"""Time: UTC, and RFC 3339 with a `Z` wherever it is written down."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """To the second, as in `2026-06-15T12:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_seconds(at: datetime) -> int:
    """Whole seconds since 1970, which is what DynamoDB's TTL and JWTs count in."""
    return int(at.timestamp())
