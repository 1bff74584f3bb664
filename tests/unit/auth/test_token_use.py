"""When the use of a token is reported, and when it is not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from rolecall import telemetry
from rolecall.auth import token_use
from rolecall.clock import rfc3339
from rolecall.config import config

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Queue:
    """Stands in for SQS."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.works = True

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 (as boto3 names it)
        if not self.works:
            raise EndpointConnectionError(endpoint_url="here")
        self.sent.append((QueueUrl, json.loads(MessageBody)))


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    made = Queue()
    monkeypatch.setattr(token_use, "_sqs_client_without_retries", lambda: made)
    monkeypatch.setattr(token_use, "_reported", {})
    for name in ("TABLE_NAME", "TOKEN_USE_QUEUE_URL"):
        monkeypatch.setenv(name, f"the {name}")
    config.cache_clear()
    telemetry.metrics.clear_metrics()
    yield made
    config.cache_clear()


def test_a_report_says_which_token_was_used_and_when(queue: Queue) -> None:
    token_use.queue_use_at_most_hourly("ab12", None, AT)
    assert queue.sent == [("the TOKEN_USE_QUEUE_URL", {"token_hash": "ab12", "used_at": "2026-06-15T12:00:00Z"})]


@pytest.mark.parametrize(("saved", "reports"), [(AT - HOUR + SECOND, 0), (AT - HOUR, 1), (AT - 2 * HOUR, 1)])
def test_a_use_is_reported_when_the_saved_one_is_an_hour_old(queue: Queue, saved: datetime, reports: int) -> None:
    token_use.queue_use_at_most_hourly("ab12", rfc3339(saved), AT)
    assert len(queue.sent) == reports


@pytest.mark.parametrize(
    ("later", "reports"), [(timedelta(0), 1), (HOUR - SECOND, 1), (HOUR, 2), (-SECOND, 2)], ids=str
)
def test_a_process_reports_a_token_once_an_hour_unless_the_clock_was_set_back(
    queue: Queue, later: timedelta, reports: int
) -> None:
    token_use.queue_use_at_most_hourly("ab12", None, AT)
    token_use.queue_use_at_most_hourly("ab12", None, AT + later)
    assert len(queue.sent) == reports


def test_a_process_remembers_a_limited_number_of_reports(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_use, "_MOST_REMEMBERED", 2)
    for token_hash in ("a", "b", "a", "b"):
        token_use.queue_use_at_most_hourly(token_hash, None, AT)
    assert [message["token_hash"] for _, message in queue.sent] == ["a", "b"]
    for token_hash in ("c", "a"):
        token_use.queue_use_at_most_hourly(token_hash, None, AT)
    assert [message["token_hash"] for _, message in queue.sent] == ["a", "b", "c", "a"]


def test_a_report_that_is_lost_is_counted_at_once(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    queue.works = False
    token_use.queue_use_at_most_hourly("ab12", None, AT)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["TokenUseLost"] for line in lines if "TokenUseLost" in line] == [[1.0]]
