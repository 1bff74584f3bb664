"""The way of an event to the receivers, in this process: from a role event over both queues to a server."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from rolecall import clock
from rolecall.clock import rfc3339
from tests import gateway
from tests.integration.conftest import Tenant

EVENTS, DELIVERIES = "queue_webhook_deliveries", "deliver_webhook"


@dataclass
class Message:
    """A message that was in the queue of deliveries, with the delay that it was sent with."""

    body: str
    delay: int = 0
    group: str | None = None
    id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content


def bus_event(tenant: Tenant, user_id: str, kind: str = "User Role Changed", **detail: Any) -> dict[str, Any]:
    """An event as the bus passes it on, about a user of a tenant."""
    event: dict[str, Any] = json.loads(gateway.event_of(EVENTS)["Records"][0]["body"])
    event["detail-type"] = kind
    event["detail"] |= {"id": f"{uuid4().hex}:x", "tenant_id": tenant.id, "user_id": user_id}
    event["detail"] |= {"at": rfc3339(clock.now()), **detail}
    return event


def queue_deliveries(*events: dict[str, Any], seconds: float = 10.0) -> list[str]:
    """Invoke the function that queues deliveries. Returns the ids of the messages to deliver again."""
    return queue_deliveries_of_messages([Message(json.dumps(event)) for event in events], seconds)


def queue_deliveries_of_messages(messages: Iterable[Message], seconds: float = 10.0) -> list[str]:
    """Invoke the function that queues deliveries, with these messages. Returns the ids of those to deliver again."""
    return _invoke(EVENTS, list(messages), seconds)


def deliver(messages: Iterable[Message], seconds: float = 25.0) -> list[str]:
    """Invoke the function that delivers, with these messages. Returns the ids of the messages to deliver again."""
    return _invoke(DELIVERIES, list(messages), seconds)


def _invoke(function: str, messages: list[Message], seconds: float) -> list[str]:
    event = gateway.event_of(function)
    [record] = event["Records"]
    event["Records"] = [{**record, "messageId": one.id, "body": one.body} for one in messages]
    answer = gateway.invoke(function, event, seconds)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def take_messages() -> list[Message]:
    """Take all messages out of the queue of deliveries, also those that wait."""
    # SQS gives out no message before its delay is over, and no test waits for that.
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][os.environ["AWS_DEFAULT_REGION"]].queues["webhook-deliveries"]
    found = [
        Message(str(one.body), max(0, round((one.delayed_until - vars(one)["sent_timestamp"]) / 1000)), one.group_id)
        for one in queue._messages
    ]
    queue._messages.clear()
    return found


def queue_and_deliver(*events: dict[str, Any]) -> list[Message]:
    """Queue the deliveries of events and deliver them once. Returns the messages that were put back into the queue."""
    assert queue_deliveries(*events) == []
    assert deliver(take_messages()) == []
    return take_messages()
