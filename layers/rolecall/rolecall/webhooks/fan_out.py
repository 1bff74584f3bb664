"""Finds the webhooks that hear of an event, and puts one message for each delivery into the queue of deliveries."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from rolecall import clock
from rolecall.clock import epoch_seconds
from rolecall.errors import ServiceUnavailable
from rolecall.telemetry import count_metric, log_service_unavailable, logger
from rolecall.webhooks import delivery_messages
from rolecall.webhooks.delivery_messages import DeliveryMessage
from rolecall.webhooks.webhooks import Webhook, find_webhooks_for_user_event

#: The types of deliveries by the `detail-type` that the event bus gives an event.
DELIVERY_TYPES = {
    "User Role Changed": "user.role_changed",
    "User Activated": "user.activated",
    "User Deactivated": "user.deactivated",
    "User Deleted": "user.deleted",
}

#: The parts of a role event that a delivery has too.
_FIELDS_TO_SEND = ("tenant_id", "user_id", "before", "after", "version", "actor", "reason")


def queue_deliveries_of_events(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """Queue the deliveries of the events in these queue messages. Returns the ids of the messages to deliver again.

    A message that fails is delivered again as a whole. Then some deliveries are queued twice, with the same id.
    """
    failed = []
    for message in messages:
        try:
            _queue_deliveries_of_event(json.loads(message["body"]), clock.now())
        except ServiceUnavailable as error:
            log_service_unavailable(error)
            failed.append(message["messageId"])
        except Exception:  # noqa: BLE001 (one event that can't be read must not stop the others)
            # After some attempts, the queue moves the message to the dead-letter queue, which raises an alarm.
            logger.exception("event not queued for webhooks", message_id=message["messageId"])
            failed.append(message["messageId"])
    return failed


def _queue_deliveries_of_event(event: Mapping[str, Any], now: datetime) -> None:
    """Send one message for each webhook. Raises `ServiceUnavailable`; `KeyError` for an event that lacks a part."""
    detail = event["detail"]
    webhooks = find_webhooks_for_user_event(detail["tenant_id"], detail["user_id"])
    delivery_messages.send_all([_to_delivery(event, webhook, now) for webhook in webhooks], now)
    count_metric("WebhookDeliveriesQueued", len(webhooks))


def _to_delivery(event: Mapping[str, Any], webhook: Webhook, now: datetime) -> DeliveryMessage:
    """Return the delivery of an event from the bus to one webhook, due at once."""
    detail = event["detail"]
    second = epoch_seconds(now)
    return DeliveryMessage(
        webhook.tenant_id,
        webhook.id,
        webhook.user_id,
        _delivery_id(detail["id"], webhook.id),
        DELIVERY_TYPES[event["detail-type"]],
        # The event of a user who is deleted with the tenant has no time of its own.
        detail.get("at") or event["time"],
        {name: detail[name] for name in _FIELDS_TO_SEND if name in detail},
        second,
        second,
    )


def _delivery_id(event_id: str, webhook_id: str) -> str:
    """Return the id of a delivery. It is the same if the event comes twice."""
    return f"msg_{sha256(f'{event_id} {webhook_id}'.encode()).hexdigest()[:32]}"
