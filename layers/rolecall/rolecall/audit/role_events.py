"""Events for other services: a role was changed, someone was activated, deactivated or deleted, an audit entry written.

The events are made from the table's stream. So each event describes a change that was committed, and no change is
missed. An event is delivered at least once; repeated deliveries have the same `id`. See docs/events.md.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import batched
from typing import Any, NamedTuple, Self

from botocore.exceptions import BotoCoreError, ClientError

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth.principals import MASTER, OPERATOR
from rolecall.auth.roles import HeldRole, PlatformRole, Role
from rolecall.aws import clients, queues
from rolecall.clock import rfc3339_of_second
from rolecall.config import config
from rolecall.errors import ServiceUnavailable
from rolecall.storage import keys, reads
from rolecall.storage.expressions import deserialize_item
from rolecall.telemetry import count_metric, log_service_unavailable, logger

SOURCE = "rolecall"

#: The type of the event of a new audit entry.
AUDIT_ENTRY = "Audit Entry Recorded"

#: The sequence number of a record in the table's stream.
type SequenceNumber = str

#: The most events that EventBridge accepts in one PutEvents request.
_BATCH_SIZE = 10

#: Error codes with which EventBridge would refuse the same event every time. After any other error code, the event is
#: sent again.
_REFUSED_FOR_GOOD = frozenset({"InvalidArgument", "MalformedDetail", "ValidationException"})


class RoleEvent(NamedTuple):
    """One change of a user or account, or one audit entry. `sequence_number` is that of its stream record."""

    type: str
    detail: Mapping[str, Any]
    sequence_number: str


class _EventToPublish(NamedTuple):
    """An event as an entry of a PutEvents request, with its id and the sequence number of its stream record."""

    id: str
    sequence_number: SequenceNumber
    entry: Mapping[str, str]

    @classmethod
    def from_event(cls, event: RoleEvent) -> Self:
        """Convert an event. Raises `TypeError` for an event that cannot be written as JSON."""
        entry = {
            "EventBusName": config().event_bus_name,
            "Source": SOURCE,
            "DetailType": event.type,
            "Detail": json.dumps(event.detail, default=int),  # all numbers of these items are integers
        }
        return cls(event.detail["id"], event.sequence_number, entry)


class Cause(NamedTuple):
    """Why a change was made and by whom: the caller's reason, and the actor's type and id; None for what is unknown.

    The actor is unknown for a change that an earlier version of Rolecall made.
    """

    reason: str | None
    actor: Mapping[str, str] | None


def publish_until_first_failure(stream_records: Iterable[Mapping[str, Any]]) -> SequenceNumber | None:
    """Send the events of stream records, in order. Returns the number of the first record to deliver again, or None.

    The stream must deliver the records from this sequence number on again. None means that every record is dealt with.
    A record from which no event can be made, or whose event EventBridge will never accept, is named in the dead-letter
    queue and skipped, so that it does not hold up the records after it.
    """
    waiting: list[_EventToPublish] = []
    # Many records of one deleted tenant can follow each other. The cache lets one read find the cause of the deletion
    # for all of them.
    find_cause = cache(_read_cause_of_tenant_deletion)
    for record in stream_records:
        try:
            waiting += [_EventToPublish.from_event(event) for event in events_from_record(record, find_cause)]
        except ServiceUnavailable as error:
            log_service_unavailable(error)
            return _send_until_first_failure(waiting) or str(record["dynamodb"]["SequenceNumber"])
        except Exception:  # noqa: BLE001 (whatever is wrong with a record will be wrong at the next delivery)
            logger.exception("role event not made")
            # The events in `waiting` come from earlier records, so they are sent before this broken record is dealt
            # with. If sending them fails, the stream delivers all records from the failed one on again, also this
            # broken one.
            failed = _send_until_first_failure(waiting)
            waiting = []
            if failed or not _send_to_dead_letter_queue(record["eventID"], record["dynamodb"]["SequenceNumber"]):
                return failed or str(record["dynamodb"]["SequenceNumber"])
    return _send_until_first_failure(waiting)


def _send_until_first_failure(events: list[_EventToPublish]) -> SequenceNumber | None:
    """Send events in batches. Returns the sequence number of the first one that must be sent again, else None."""
    for batch in batched(events, _BATCH_SIZE, strict=False):
        failed = _send_batch_until_first_failure(batch)
        if failed is not None:
            return failed
    count_metric("RoleEventsPublished", len(events))
    return None


def events_from_record(
    stream_record: Mapping[str, Any], cause_of_tenant_deletion: Callable[[str], Cause]
) -> list[RoleEvent]:
    """The events of one stream record. Most changes give none; one that changes role and activity gives two.

    A new audit entry gives one. The stream has audit entries only in a deployment with an audit stream.

    `cause_of_tenant_deletion` takes a tenant's id. It is called for a user who is deleted with the tenant.
    """
    images = stream_record["dynamodb"]
    old, new = (
        _deserialize_image_if_present(images.get("OldImage")),
        _deserialize_image_if_present(images.get("NewImage")),
    )
    if old is None and new is not None and new["pk"].startswith(keys.AUDIT_PREFIX):
        return [_event_of_audit_entry(new, images["SequenceNumber"])]
    if old is None or old.get("deleted_at"):  # created just now, or its deletion was announced before
        return []
    if not old["pk"].startswith(("TENANT#", "ACCOUNT#")):  # neither a user nor an account
        return []
    subject = "Account" if old["pk"].startswith("ACCOUNT#") else "User"
    kind: type[Role] | type[PlatformRole] = PlatformRole if subject == "Account" else Role
    held: HeldRole[Any] = HeldRole.from_item(old, kind)
    # The end of a temporary role is written into the user's item before any other change of the user. Only the deletion
    # of a whole tenant deletes users without writing such ends before.
    has_unwritten_end = new is None and held.has_ended_at(_time_of_record(images))
    before, after = (
        _role_and_whether_active(old, HeldRole.lasting(held.lasting_role) if has_unwritten_end else held),
        _role_and_whether_active(new, HeldRole.from_item(new, kind)) if new and not new.get("deleted_at") else None,
    )
    if new:
        cause = Cause(new.get("change_reason"), new.get("changed_by"))
    else:
        # No caller of the API can delete an account.
        cause = cause_of_tenant_deletion(old["tenant_id"]) if subject == "User" else Cause(None, OPERATOR.type_and_id)
    detail = {
        **({"tenant_id": old["tenant_id"], "user_id": old["id"]} if subject == "User" else {"account_id": old["id"]}),
        "before": before,
        "after": after,
        "reason": cause.reason,
        "actor": cause.actor,
        # The deletion of a whole tenant deletes its users without storing a new version. So the event computes the
        # version: 1 more for the deletion, and 1 more if the end of a temporary role was not written down.
        "version": new["version"] if new else old["version"] + 1 + has_unwritten_end,
        "at": new["updated_at"] if new else None,
    }
    return [
        RoleEvent(
            f"{subject} {what}",
            {"id": f"{stream_record['eventID']}:{what.lower().replace(' ', '-')}", **detail},
            images["SequenceNumber"],
        )
        for what in _names_of_role_activity_or_deletion_events(before, after)
    ]


def _event_of_audit_entry(entry: dict[str, Any], sequence_number: SequenceNumber) -> RoleEvent:
    """The event of a new audit entry, as `GET /audit` shows it. `tenant_id` is None for the trail of the platform."""
    scope = entry["pk"].removeprefix(keys.AUDIT_PREFIX)
    tenant_id = None if scope == keys.PLATFORM else scope
    return RoleEvent(AUDIT_ENTRY, {"tenant_id": tenant_id, **trail.to_public_fields(entry)}, sequence_number)


def _read_cause_of_tenant_deletion(tenant_id: str) -> Cause:
    """The reason in the deletion job of a tenant, and who asked for it; both None if there is no job.

    Raises `ServiceUnavailable` if the job can't be read.
    """
    try:
        job = reads.get(keys.deletion_job(tenant_id))
    except ClientError as error:
        # For example, the function has lost its permission. The record itself can be dealt with later.
        raise ServiceUnavailable from error
    # Only the master token can delete a tenant.
    return Cause(job.get("reason"), MASTER.type_and_id) if job else Cause(None, None)


def _names_of_role_activity_or_deletion_events(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> list[str]:
    """`Deleted` without an `after`; else those of `Role Changed`, `Deactivated`, `Activated` that happened."""
    if after is None:
        return ["Deleted"]
    return [
        *(["Role Changed"] if any(before.get(name) != after.get(name) for name in ("role", "role_until")) else []),
        *(["Deactivated"] if before["active"] and not after["active"] else []),
        *(["Activated"] if after["active"] and not before["active"] else []),
    ]


def _role_and_whether_active(item: Mapping[str, Any], held: HeldRole[Any]) -> dict[str, Any]:
    """The state before or after, as an event shows it. Only a temporary role has `role_until`."""
    active = item["active"] if "active" in item else item["enabled"] and not item["banned"]
    until = {} if held.until is None else {"role_until": rfc3339_of_second(held.until)}
    return {"role": held.role, "active": active, **until}


def _time_of_record(images: Mapping[str, Any]) -> datetime:
    """When the change was made, or the current time if the record does not say."""
    second = images.get("ApproximateCreationDateTime")
    return clock.now() if second is None else datetime.fromtimestamp(second, UTC)


def _deserialize_image_if_present(wire: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The item before or after a change, from DynamoDB's JSON format. None if the item did not exist then."""
    return deserialize_item(wire) if wire else None


def _send_batch_until_first_failure(events: Sequence[_EventToPublish]) -> SequenceNumber | None:
    """Send up to `_BATCH_SIZE` events in one request. Returns the number of the first to send again, or None for none.

    An event that EventBridge will never accept goes to the dead-letter queue, and does not count as a failure.
    """
    try:
        answers = _eventbridge_client().put_events(Entries=[event.entry for event in events])["Entries"]
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        if code in _REFUSED_FOR_GOOD:
            return _send_each_alone_or_to_dead_letter_queue(events)
        logger.warning("role events not published", error=code)
        return events[0].sequence_number
    for event, answer in zip(events, answers, strict=True):
        code = answer.get("ErrorCode")
        if code and not (code in _REFUSED_FOR_GOOD and _send_to_dead_letter_queue(event.id, event.sequence_number)):
            logger.warning("role events not published", error=code)
            return event.sequence_number
    return None


def _send_each_alone_or_to_dead_letter_queue(events: Sequence[_EventToPublish]) -> SequenceNumber | None:
    """Send each event alone, a refused one to the dead-letter queue. Returns the number of the first failure, or None.

    EventBridge refused a request with all these events, because of at least one of them. A failure is an
    event that is neither sent nor in the queue.
    """
    if len(events) > 1:
        return next((failed for event in events if (failed := _send_batch_until_first_failure([event]))), None)
    (event,) = events
    return None if _send_to_dead_letter_queue(event.id, event.sequence_number) else event.sequence_number


def _send_to_dead_letter_queue(event_id: str, sequence_number: str) -> bool:
    """Send the ids of an event to the dead-letter queue. Returns false if the queue did not accept the message."""
    logger.error("role event set aside", event_id=event_id, sequence_number=sequence_number)
    try:
        queues.send_dead_letter({"event_id": event_id, "sequence_number": sequence_number})
    except ServiceUnavailable as error:
        log_service_unavailable(error)
        return False
    return True


@cache
def _eventbridge_client() -> Any:
    return clients.create_client("events", connect_timeout=1, read_timeout=3)
