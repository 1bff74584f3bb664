"""A clock that a test moves."""

from datetime import UTC, datetime, timedelta

from rolecall.clock import rfc3339


class MovedClock:
    """The time that the code sees. It stands still but for a millisecond a reading, so that entries have an order."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 15, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def ahead(self, seconds: float) -> str:
        """The whole second that is so far ahead, as the API takes it."""
        return rfc3339(self.at + timedelta(seconds=seconds))

    def to_second_before(self, moment: str) -> None:
        self.at = datetime.fromisoformat(moment) - timedelta(milliseconds=400)

    def to(self, moment: str) -> None:
        self.at = datetime.fromisoformat(moment)
