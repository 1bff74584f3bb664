"""Records when an API token was last used, to the hour.

The authorizer reads the item of the token anyway. If its `last_used_at` is older than an hour, the authorizer sends a
message to a queue. The function `record_token_use` then updates the item. The authorizer needs no right to write, and
a failure here does not fail the request.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rolecall import clock, telemetry
from rolecall.aws import clients
from rolecall.clock import CLOCK_TOLERANCE, rfc3339
from rolecall.config import config
from rolecall.errors import RolecallError, ServiceUnavailable
from rolecall.storage import keys, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import logger

#: The id that SQS gave to a message.
type MessageId = str

PRECISION = timedelta(hours=1)

#: The most API tokens whose reported use one process remembers. Without this memory, each request would send a message
#: until the token's item is updated.
_MOST_REMEMBERED = 10_000

_reported: dict[str, datetime] = {}


def queue_use_at_most_hourly(token_hash: str, last_used_at: str | None, at: datetime) -> None:
    """Send a message that the token was used, at most once an hour. Raises nothing: if SQS fails, the use is lost."""
    due = at - PRECISION
    # If the clock was set back after a report or a use, the time of that report or use lies in the future. It is
    # ignored then.
    was_saved = last_used_at is not None and rfc3339(due) < last_used_at <= rfc3339(at + CLOCK_TOLERANCE)
    if was_saved or due < _reported.get(token_hash, due) <= at:
        return
    if len(_reported) >= _MOST_REMEMBERED:
        _reported.clear()
    _reported[token_hash] = at
    message = json.dumps({"token_hash": token_hash, "used_at": rfc3339(at)})
    try:
        _sqs_client_without_retries().send_message(QueueUrl=config().token_use_queue_url, MessageBody=message)
    except (BotoCoreError, ClientError) as error:
        logger.warning("token use lost", error=type(error).__name__)
        telemetry.count_metric("TokenUseLost")
        telemetry.flush_metrics()


def save_reported_token_uses(messages: Iterable[Mapping[str, Any]]) -> list[MessageId]:
    """Update the tokens that the queue messages name. Returns the ids of the messages to be delivered again."""
    failed = []
    for message in messages:
        try:
            _save_use_unless_saved_within_hour(**json.loads(message["body"]))
        except ServiceUnavailable as error:
            telemetry.log_service_unavailable(error)
            failed.append(message["messageId"])
        except Exception:  # noqa: BLE001 (one message that can't be read must not stop the others)
            # After some attempts, the queue moves the message to the dead-letter queue, which raises an alarm.
            logger.exception("token use not saved", message_id=message["messageId"])
            failed.append(message["messageId"])
    return failed


class _AlreadySaved(RolecallError):
    """The token is deleted, or its use was saved within the hour. Caught in this module."""


def _save_use_unless_saved_within_hour(token_hash: str, used_at: str) -> None:
    """Update the token's `last_used_at`; do nothing if the token is deleted or was updated within the hour.

    A stored use that is still to come was written by a clock that was ahead. It is replaced.
    """
    due = rfc3339(datetime.fromisoformat(used_at) - PRECISION)
    saved, in_future = Attr("last_used_at"), rfc3339(clock.now() + CLOCK_TOLERANCE)
    try:
        writes.write(
            writes.Update(
                keys.api_token(token_hash),
                set={"last_used_at": used_at},
                when=writes.MUST_EXIST & (saved.not_exists() | saved.lte(due) | saved.gt(in_future)),
                on_condition_failure=lambda _found: _AlreadySaved(),
            )
        )
    except _AlreadySaved:
        return


@cache
def _sqs_client_without_retries() -> Any:
    return clients.create_client("sqs", attempts=1, connect_timeout=0.3, read_timeout=0.5)
