"""Messages in the queue of deliveries: one delivery of one event to one webhook.

A message holds ids and what the event says. It holds no address, no secret and no email: these are read when the
delivery is made.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil
from typing import Any, NamedTuple, Self

from rolecall.aws import queues
from rolecall.clock import epoch_seconds, rfc3339
from rolecall.config import config
from rolecall.ids import new_id
from rolecall.webhooks.webhooks import Webhook

#: The type of the event that `POST /webhooks/{id}/test` sends.
TEST_EVENT = "webhook.test"


class DeliveryMessage(NamedTuple):
    """One delivery of one event to one webhook.

    `delivery_id` is the header `webhook-id`, the same for each attempt. `event_type`, `timestamp` and `data` are the
    body of the delivery. `first_at` is when the first attempt was due, `due_at` when this one is; both are seconds
    since 1970. `user_id` is the owner of a user's own webhook, None for a webhook of the tenant.
    """

    tenant_id: str
    webhook_id: str
    user_id: str | None
    delivery_id: str
    event_type: str
    timestamp: str
    data: Mapping[str, Any]
    first_at: int
    due_at: int
    attempt: int = 1

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Make a message of its text in the queue; raise `ValueError`, `TypeError` or `KeyError` for another text."""
        return cls(**json.loads(body))

    def to_json(self) -> str:
        return json.dumps(self._asdict(), separators=(",", ":"))

    @property
    def is_test(self) -> bool:
        """Whether this is a `webhook.test`, which is sent to a disabled webhook too, and only once."""
        return self.event_type == TEST_EVENT

    def to_body(self) -> str:
        """Return the body that the receiver gets. It is the same text at every attempt."""
        return json.dumps(
            {"type": self.event_type, "timestamp": self.timestamp, "data": self.data}, separators=(",", ":")
        )


def build_test_message(webhook: Webhook, at: datetime) -> DeliveryMessage:
    """Return the message of a `webhook.test` with a new delivery id, due at once; sends nothing."""
    data = {"tenant_id": webhook.tenant_id, "webhook_id": webhook.id}
    second = epoch_seconds(at)
    return DeliveryMessage(
        webhook.tenant_id, webhook.id, webhook.user_id, new_id(), TEST_EVENT, rfc3339(at), data, second, second
    )


def send_all(messages: Iterable[DeliveryMessage], now: datetime) -> None:
    """Put messages into the queue of deliveries, each to arrive when it is due or after the queue's longest delay.

    Raises `ServiceUnavailable` if a message is not accepted; others may have been accepted. The messages of a tenant
    form a group. The queue serves the other tenants first when one tenant has many messages, or slow ones.
    """
    queues.send_all(
        config().webhook_deliveries_queue_url,
        [
            queues.OutgoingMessage(one.to_json(), _seconds_until(one.due_at, now), group=one.tenant_id)
            for one in messages
        ],
    )


def _seconds_until(due_at: int, now: datetime) -> int:
    """Return the whole seconds from `now` to `due_at`, at least 0 and at most the longest delay of a queue."""
    return max(0, min(ceil(due_at - now.timestamp()), queues.LONGEST_DELAY_SECONDS))
