"""Events for other services: a role was changed, or someone was activated, deactivated or deleted.

The events are made from the table's stream. So each event describes a change that was committed, and no change is
missed. An event is delivered at least once; repeated deliveries have the same `id`. See docs/events.md.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from rolecall.aws import clients
from rolecall.config import config
from rolecall.storage.expressions import deserialize_item
from rolecall.telemetry import count_metric, logger

SOURCE = "rolecall"

#: The most entries of one PutEvents request: EventBridge's limit.
_BATCH_SIZE = 10


class RoleEvent(NamedTuple):
    """One change of a user or account. `sequence_number` is that of its stream record."""

    type: str
    detail: Mapping[str, Any]
    sequence_number: str


def publish(records: Iterable[Mapping[str, Any]]) -> str | None:
    """Send the events of stream records to EventBridge, in order.

    Returns the sequence number of the first record whose event was not accepted, or None. The stream must deliver again
    from this record on.
    """
    events = [event for record in records for event in events_from_record(record)]
    for start in range(0, len(events), _BATCH_SIZE):
        failed = _send_batch(events[start : start + _BATCH_SIZE])
        if failed is not None:
            return failed
    count_metric("RoleEventsPublished", len(events))
    return None


def events_from_record(record: Mapping[str, Any]) -> list[RoleEvent]:
    """The events of one stream record. Most changes give none; one that changes role and activity gives two."""
    images = record["dynamodb"]
    old, new = _deserialize_image(images.get("OldImage")), _deserialize_image(images.get("NewImage"))
    if old is None or old.get("deleted_at"):  # created just now, or its deletion was announced before
        return []
    before, after = _role_and_activity(old), _role_and_activity(new) if new and not new.get("deleted_at") else None
    subject = "Account" if old["pk"].startswith("ACCOUNT#") else "User"
    detail = {
        **({"tenant_id": old["tenant_id"], "user_id": old["id"]} if subject == "User" else {"account_id": old["id"]}),
        "before": before,
        "after": after,
        "version": (new or old)["version"],
        "at": new["updated_at"] if new else None,
    }
    return [
        RoleEvent(
            f"{subject} {what}",
            {"id": f"{record['eventID']}:{what.lower().replace(' ', '-')}", **detail},
            images["SequenceNumber"],
        )
        for what in _event_names(before, after)
    ]


def _event_names(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> list[str]:
    if after is None:
        return ["Deleted"]
    return [
        *(["Role Changed"] if before["role"] != after["role"] else []),
        *(["Deactivated"] if before["active"] and not after["active"] else []),
        *(["Activated"] if after["active"] and not before["active"] else []),
    ]


def _role_and_activity(item: Mapping[str, Any]) -> dict[str, Any]:
    active = item["active"] if "active" in item else item["enabled"] and not item["banned"]
    return {"role": item["role"], "active": active}


def _deserialize_image(wire: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return deserialize_item(wire) if wire else None


def _send_batch(events: list[RoleEvent]) -> str | None:
    entries = [
        {
            "EventBusName": config().event_bus_name,
            "Source": SOURCE,
            "DetailType": event.type,
            "Detail": json.dumps(event.detail, default=int),  # the numbers of an item are whole
        }
        for event in events
    ]
    try:
        answers = _eventbridge_client().put_events(Entries=entries)["Entries"]
    except (BotoCoreError, ClientError) as error:
        logger.warning("role events not published", error=type(error).__name__)
        return events[0].sequence_number
    failed = [event.sequence_number for event, answer in zip(events, answers, strict=True) if "ErrorCode" in answer]
    if failed:
        logger.warning("role events not published", failed=len(failed))
    return failed[0] if failed else None


@cache
def _eventbridge_client() -> Any:
    return clients.create_client("events", connect_timeout=1, read_timeout=3)
