"""What one function tells another: the queue of the slices that wait to be swept.

A message may be lost or come twice. Nothing depends on either: what a slice needs is in the table, and
maintenance sends again what nobody seems to work on.
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
    """One message a slice. Raises `ServiceUnavailable` at the first that was not taken."""
    for name in names:
        body = json.dumps({"tenant_id": tenant_id, "slice": name})
        try:
            _client().send_message(QueueUrl=config().sweep_queue_url, MessageBody=body)
        except (ClientError, BotoCoreError) as error:
            raise ServiceUnavailable from error


def handle_slice_messages(event: Mapping[str, Any], work: Callable[[str, str], None]) -> dict[str, Any]:
    """Call `work` with the tenant's id and the slice of each message, and tell the queue which ones failed.

    A message that failed comes again, and ends in the dead-letter queue if it fails each time.
    """
    failed = []
    for record in event["Records"]:
        try:
            message = json.loads(record["body"])
            work(message["tenant_id"], message["slice"])
        except Exception:  # noqa: BLE001 (one message that can't be handled must not fail the others)
            logger.exception("message failed", message_id=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


@cache
def _client() -> Any:
    return clients.create_client(
        "sqs", connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3}
    )
