"""The SQS queues: deletion slices that wait to be swept, and failures that a person must review.

A message about a slice can be lost or arrive twice. Neither does harm: the state of each slice is in the table, and
maintenance sends a new message for a slice that makes no progress.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rolecall.aws import clients
from rolecall.config import config
from rolecall.errors import ServiceUnavailable
from rolecall.telemetry import logger


def enqueue_slices(tenant_id: str, names: Iterable[str]) -> None:
    """Send one message for each slice. Raises `ServiceUnavailable` at the first message that SQS does not accept."""
    for name in names:
        body = json.dumps({"tenant_id": tenant_id, "slice": name})
        try:
            _client().send_message(QueueUrl=config().sweep_queue_url, MessageBody=body)
        except (ClientError, BotoCoreError) as error:
            raise ServiceUnavailable from error


def send_dead_letter(content: Mapping[str, Any]) -> None:
    """Send a message to the queue of failures that a person must review. Raises `ServiceUnavailable`."""
    try:
        _client().send_message(QueueUrl=config().dead_letters_queue_url, MessageBody=json.dumps(content))
    except (ClientError, BotoCoreError) as error:
        raise ServiceUnavailable from error


def handle_slice_messages(event: Mapping[str, Any], work: Callable[[str, str], None]) -> dict[str, Any]:
    """Call `work(tenant_id, slice)` for each message, and return SQS's partial batch response with the failed ones.

    SQS delivers a failed message again. After the last attempt it moves to the dead-letter queue.
    """
    failed = []
    for record in event["Records"]:
        try:
            message = json.loads(record["body"])
            work(message["tenant_id"], message["slice"])
        except Exception:  # noqa: BLE001 (one bad message must not fail the other messages)
            logger.exception("message failed", message_id=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


@cache
def _client() -> Any:
    return clients.create_client("sqs", connect_timeout=1, read_timeout=3)
