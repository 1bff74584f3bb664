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
        self.sent: list[tuple[Any, ...]] = []
        self.accepts = 100
        self.failure: Exception = ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "SendMessage")

    def send_message(self, QueueUrl: str, MessageBody: str, **options: Any) -> None:  # noqa: N803 (as boto3 names it)
        if len(self.sent) == self.accepts:
            raise self.failure
        self.sent.append((QueueUrl, json.loads(MessageBody), *([options] if options else [])))


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


def test_each_message_has_its_delay_and_its_group_if_it_has_one(sqs: Sqs) -> None:
    queues.send_all("url", [queues.OutgoingMessage("1", 7, "t1"), queues.OutgoingMessage("2")])
    assert sqs.sent == [("url", 1, {"DelaySeconds": 7, "MessageGroupId": "t1"}), ("url", 2, {"DelaySeconds": 0})]


def test_the_first_message_that_is_not_accepted_ends_the_sending(sqs: Sqs) -> None:
    sqs.accepts = 1
    with pytest.raises(ServiceUnavailable):
        queues.send_all("url", [queues.OutgoingMessage(str(number)) for number in range(3)])
    assert len(sqs.sent) == 1


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
