"""A rule on the event bus and a queue behind it, for one walk."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from verify.results import Wrong
from verify.walk import Walk

#: A new rule may take about a minute until it works.
_MOST_SECONDS = 90
#: So long an event may take before the next change of a role is made.
_ONE_SECONDS = 12
_TARGET = "verify"


class Listener(NamedTuple):
    """What receives the role events of one tenant."""

    sqs: Any
    queue_url: str


def listen(walk: Walk, tenant_id: str) -> Listener:
    """Make the rule and the queue, to be removed afterwards."""
    sqs, events, bus = walk.stack.client("sqs"), walk.stack.client("events"), walk.stack.outputs["RoleEventsBusName"]
    url = sqs.create_queue(QueueName=walk.run, Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
    walk.afterwards("The walk's queue", lambda: sqs.delete_queue(QueueUrl=url))
    pattern = {"source": ["rolecall"], "detail": {"tenant_id": [tenant_id]}}
    rule = events.put_rule(Name=walk.run, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
    walk.afterwards("The walk's rule on the bus", lambda: remove_rule(events, bus, walk.run))
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    answer = events.put_targets(Rule=walk.run, EventBusName=bus, Targets=[{"Id": _TARGET, "Arn": queue}])
    if answer["FailedEntryCount"]:
        raise Wrong("EventBridge did not take the queue as a target of the rule.")
    return Listener(sqs, url)


def remove_rule(events: Any, bus: str, name: str) -> None:
    """Remove a rule and its target. Does nothing if it is gone."""
    with suppress(events.exceptions.ResourceNotFoundException):
        events.remove_targets(Rule=name, EventBusName=bus, Ids=[_TARGET])
    with suppress(events.exceptions.ResourceNotFoundException):
        events.delete_rule(Name=name, EventBusName=bus)


def wait_for_one(listener: Listener, change_role: Callable[[str], None]) -> str:
    """Change a role again and again until an event comes; returns how long that took. Raises `Wrong` if none comes."""
    began = time.monotonic()
    changes = 0
    while (passed := time.monotonic() - began) < _MOST_SECONDS:
        if passed >= changes * _ONE_SECONDS:
            change_role(("user", "manager")[changes % 2])
            changes += 1
        for event in _received(listener):
            if event["detail-type"] == "User Role Changed" and event["detail"]["after"] is not None:
                return f"It took {time.monotonic() - began:.1f} s."
    raise Wrong(f"After {_MOST_SECONDS} s and {changes} changes of a role no event had come.")


def wait_for_deletion(listener: Listener, reason: str) -> str:
    """Wait for a user who was deleted for that reason; returns how long that took. Raises `Wrong` if none comes."""
    began = time.monotonic()
    while time.monotonic() - began < _MOST_SECONDS:
        for event in _received(listener):
            if event["detail-type"] == "User Deleted" and event["detail"]["reason"] == reason:
                return f"It took {time.monotonic() - began:.1f} s."
    raise Wrong(f"After {_MOST_SECONDS} s no event of a user who was deleted with the tenant had come.")


def _received(listener: Listener) -> list[dict[str, Any]]:
    found = listener.sqs.receive_message(QueueUrl=listener.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
    for one in found.get("Messages", []):
        listener.sqs.delete_message(QueueUrl=listener.queue_url, ReceiptHandle=one["ReceiptHandle"])
    return [json.loads(one["Body"]) for one in found.get("Messages", [])]
