"""The SQS queues: deletion slices, deliveries to webhooks, and failures that a person must review.

A message about a slice can be lost or arrive twice. Neither does harm: the state of each slice is in the table, and
maintenance sends a new message for a slice that makes no progress.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from rolecall.aws import clients
from rolecall.config import config
from rolecall.errors import ServiceUnavailable
from rolecall.telemetry import logger

#: The longest delay of a message. A message that must wait longer is sent again when it arrives.
LONGEST_DELAY_SECONDS = 900

#: Lambda's answer to SQS, with the ids of the messages that failed. SQS delivers only these messages again.
type PartialBatchResponse = dict[str, list[dict[str, str]]]


class OutgoingMessage(NamedTuple):
    """A message to be sent. It arrives after the delay. The queue is fair between groups: a large one waits."""

    body: str
    delay_seconds: int = 0
    group: str = ""


def send_all(queue_url: str, messages: Iterable[OutgoingMessage]) -> None:
    """Send messages one after the other. Raises `ServiceUnavailable` at the first one that SQS does not accept."""
    # One request for several messages would be cheaper. But the local engine asks for another permission than AWS.
    for one in messages:
        group = {"MessageGroupId": one.group} if one.group else {}
        try:
            _sqs_client().send_message(
                QueueUrl=queue_url, MessageBody=one.body, DelaySeconds=one.delay_seconds, **group
            )
        except (ClientError, BotoCoreError) as error:
            raise ServiceUnavailable from error


def enqueue_slices(tenant_id: str, slice_names: Iterable[str]) -> None:
    """Send one message for each slice. Raises `ServiceUnavailable` at the first message that SQS does not accept."""
    for name in slice_names:
        body = json.dumps({"tenant_id": tenant_id, "slice": name})
        try:
            _sqs_client().send_message(QueueUrl=config().sweep_queue_url, MessageBody=body)
        except (ClientError, BotoCoreError) as error:
            raise ServiceUnavailable from error


def send_dead_letter(content: Mapping[str, Any]) -> None:
    """Send a message to the queue of failures that a person must review. Raises `ServiceUnavailable`."""
    try:
        _sqs_client().send_message(QueueUrl=config().dead_letters_queue_url, MessageBody=json.dumps(content))
    except (ClientError, BotoCoreError) as error:
        raise ServiceUnavailable from error


def handle_slice_messages(
    sqs_event: Mapping[str, Any], handle_slice: Callable[[str, str], None]
) -> PartialBatchResponse:
    """Call `handle_slice(tenant_id, slice_name)` for each message; return the ids of the failed messages to SQS.

    SQS delivers a failed message again. After the last attempt it moves to the dead-letter queue.
    """
    failed = []
    for record in sqs_event["Records"]:
        try:
            message = json.loads(record["body"])
            handle_slice(message["tenant_id"], message["slice"])
        except Exception:  # noqa: BLE001 (one bad message must not fail the other messages)
            logger.exception("message failed", message_id=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


@cache
def _sqs_client() -> Any:
    return clients.create_client("sqs", connect_timeout=1, read_timeout=3)
