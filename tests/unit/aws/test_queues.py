"""What is sent to the queues, and what a worker tells SQS about the messages that it was given."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from rolecall.aws import clients, queues
from rolecall.config import config
from rolecall.errors import ServiceUnavailable


class Sqs:
    """Stands in for SQS: accepts messages until it is told to fail."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.accepts = 100
        self.failure: Exception = ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "SendMessage")

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 (as boto3 names it)
        if len(self.sent) == self.accepts:
            raise self.failure
        self.sent.append((QueueUrl, json.loads(MessageBody)))

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Accept a whole batch, or all but its last message once `accepts` is reached."""
        if self.accepts == 0:
            raise self.failure
        self.sent.append((QueueUrl, Entries))
        return {"Failed": [{"Id": Entries[-1]["Id"]}]} if len(self.sent) > self.accepts else {"Successful": []}


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sqs]:
    made = Sqs()
    monkeypatch.setattr(clients, "create_client", lambda service, **_: made if service == "sqs" else None)
    for name in ("TABLE_NAME", "SWEEP_QUEUE_URL", "DEAD_LETTERS_QUEUE_URL"):
        monkeypatch.setenv(name, f"the {name}")
    config.cache_clear()
    queues._sqs_client.cache_clear()
    yield made
    config.cache_clear()
    queues._sqs_client.cache_clear()


def _event(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]}


def test_each_slice_gets_a_message(sqs: Sqs) -> None:
    queues.enqueue_slices("t", ["0", "tenant"])
    assert sqs.sent == [
        ("the SWEEP_QUEUE_URL", {"tenant_id": "t", "slice": "0"}),
        ("the SWEEP_QUEUE_URL", {"tenant_id": "t", "slice": "tenant"}),
    ]


def test_a_failure_is_named_in_the_dead_letter_queue(sqs: Sqs) -> None:
    queues.send_dead_letter({"event_id": "e1", "sequence_number": "42"})
    assert sqs.sent == [("the DEAD_LETTERS_QUEUE_URL", {"event_id": "e1", "sequence_number": "42"})]


def test_messages_are_sent_ten_at_a_time_each_with_its_delay_and_group(sqs: Sqs) -> None:
    queues.send_batch("url", [queues.OutgoingMessage(str(number), number, "t1") for number in range(11)])
    (first_url, first), (_, second) = sqs.sent

    assert first_url == "url"
    assert [entry["MessageBody"] for entry in first + second] == [str(number) for number in range(11)]
    assert len({entry["Id"] for entry in first}) == 10
    assert second == [{"Id": "0", "MessageBody": "10", "DelaySeconds": 10, "MessageGroupId": "t1"}]


def test_a_message_without_a_group_belongs_to_none(sqs: Sqs) -> None:
    queues.send_batch("url", [queues.OutgoingMessage("body")])
    assert sqs.sent == [("url", [{"Id": "0", "MessageBody": "body", "DelaySeconds": 0}])]


def test_no_message_needs_no_request(sqs: Sqs) -> None:
    queues.send_batch("url", [])
    assert sqs.sent == []


@pytest.mark.parametrize("accepts", [0, 1])
def test_a_batch_of_which_one_message_is_not_accepted_is_a_failure(sqs: Sqs, accepts: int) -> None:
    sqs.accepts = accepts
    with pytest.raises(ServiceUnavailable):
        queues.send_batch("url", [queues.OutgoingMessage(str(number)) for number in range(20)])
    assert len(sqs.sent) == accepts * 2


@pytest.mark.parametrize("out_of_reach", [True, False])
def test_a_queue_that_does_not_accept_a_message_is_unavailable(sqs: Sqs, out_of_reach: bool) -> None:
    sqs.accepts = 1
    if out_of_reach:
        sqs.failure = EndpointConnectionError(endpoint_url="here")
    with pytest.raises(ServiceUnavailable):
        queues.enqueue_slices("t", ["0", "1", "2"])
    assert len(sqs.sent) == 1
    with pytest.raises(ServiceUnavailable):
        queues.send_dead_letter({})


def test_only_the_messages_that_failed_come_again() -> None:
    worked: list[tuple[str, str]] = []

    def work(tenant_id: str, name: str) -> None:
        if name == "1":
            raise LookupError
        worked.append((tenant_id, name))

    bodies = [json.dumps({"tenant_id": "t", "slice": name}) for name in ("0", "1", "2")]
    answer = queues.handle_slice_messages(_event(*bodies, "no JSON", '{"slice": "3"}'), work)

    assert worked == [("t", "0"), ("t", "2")]
    assert answer == {"batchItemFailures": [{"itemIdentifier": name} for name in ("m1", "m3", "m4")]}
