"""Which events a record of the table's stream makes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError, EndpointConnectionError

from rolecall import telemetry
from rolecall.audit import role_events
from rolecall.audit.role_events import Cause
from rolecall.auth.principals import MASTER, OPERATOR
from rolecall.aws import queues
from rolecall.config import config
from rolecall.errors import ServiceUnavailable
from rolecall.storage import keys, reads
from tests import gateway

#: The function that most of these tests replace.
READ_CAUSE = role_events._read_cause_of_tenant_deletion

USER = {
    "pk": "TENANT#t",
    "sk": "USER#u",
    "id": "u",
    "tenant_id": "t",
    "email": "ada@example.com",
    "version": 1,
    "role": "user",
    "active": True,
    "updated_at": "2026-06-15T12:00:00Z",
}
ACCOUNT = {
    "pk": "ACCOUNT#7",
    "sk": "META",
    "id": 7,
    "email": "ada@example.com",
    "version": 1,
    "enabled": True,
    "banned": False,
    "role": "ROLE_CLIENT",
    "updated_at": "2026-06-15T12:00:00Z",
}


def _events(old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[role_events.RoleEvent]:
    def wire(item: dict[str, Any]) -> dict[str, Any]:
        return {name: TypeSerializer().serialize(value) for name, value in item.items()}

    images = {name: wire(item) for name, item in (("OldImage", old), ("NewImage", new)) if item}
    record = {"eventID": "e1", "dynamodb": {**images, "SequenceNumber": "42"}}
    return role_events.events_from_record(record, lambda tenant_id: Cause(f"{tenant_id} leaves us", MASTER.type_and_id))


def _types(old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[str]:
    return [event.type for event in _events(old, new)]


@pytest.mark.parametrize(
    ("changed", "types"),
    [
        ({"role": "admin"}, ["User Role Changed"]),
        ({"active": False}, ["User Deactivated"]),
        ({"active": False, "role": "admin"}, ["User Role Changed", "User Deactivated"]),
        ({"active": False, "deleted_at": "now"}, ["User Deleted"]),
        ({"token_last4": "5a60"}, []),
    ],
)
def test_a_change_of_a_user(changed: dict[str, Any], types: list[str]) -> None:
    assert _types(USER, {**USER, **changed}) == types


def test_the_end_of_a_temporary_role_is_shown_and_another_end_is_a_change() -> None:
    until = {"lasting_role": "user", "role_until": 1781528400}
    [event] = _events({**USER, "role": "admin", **until}, {**USER, "role": "admin", **until, "role_until": 1781532000})
    assert event.type == "User Role Changed"
    assert event.detail["before"] == {"role": "admin", "active": True, "role_until": "2026-06-15T13:00:00Z"}
    assert event.detail["after"] == {"role": "admin", "active": True, "role_until": "2026-06-15T14:00:00Z"}


@pytest.mark.parametrize("changed_too", [False, True])
def test_an_ended_role_of_a_deleted_tenants_user_is_published_as_ended(changed_too: bool) -> None:
    ended = {**USER, "role": "admin", "lasting_role": "user", "role_until": 1}
    [event] = _events(ended, {**USER, "role": "user", "version": 2} if changed_too else None)
    assert event.detail["before"] == (
        {"role": "admin", "active": True, "role_until": "1970-01-01T00:00:01Z"}
        if changed_too
        else {"role": "user", "active": True}
    )
    assert event.detail["version"] == (2 if changed_too else 3)


def test_the_cause_of_a_tenants_deletion_is_that_of_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = {keys.deletion_job("t"): {"reason": "unpaid"}}
    monkeypatch.setattr(reads, "get", jobs.get)
    assert role_events._read_cause_of_tenant_deletion("t") == Cause("unpaid", MASTER.type_and_id)
    assert role_events._read_cause_of_tenant_deletion("u") == Cause(None, None)


def test_an_activation() -> None:
    assert _types({**USER, "active": False}, USER) == ["User Activated"]


def test_a_user_that_goes_with_its_tenant_is_deleted_and_one_that_was_deleted_before_is_not_deleted_twice() -> None:
    assert _types(USER, None) == ["User Deleted"]
    assert _types({**USER, "deleted_at": "now"}, None) == []


def test_the_version_grows_also_when_a_user_is_deleted_with_its_tenant() -> None:
    [alone] = _events(USER, {**USER, "active": False, "deleted_at": "now", "version": 2})
    [with_tenant] = _events(USER, None)
    assert (alone.detail["version"], with_tenant.detail["version"]) == (2, 2)


def test_the_copy_of_a_webhook_gives_no_user_event() -> None:
    copy = {"pk": "LAST_DELIVERIES#t", "sk": keys.last_delivery_webhook("t", "w", "u").sk, "url": "https://a.example"}
    assert not copy["sk"].startswith("USER#")  # the stream's filter in the template
    assert _types(copy, {**copy, "last_delivered_at": "2026-06-15T12:00:00Z"}) == []
    assert _types(copy | {"sk": "USER#u"}, None) == []


def test_a_new_user_is_no_change() -> None:
    assert _types(None, USER) == []


@pytest.mark.parametrize(
    ("changed", "types"),
    [
        ({"role": "ROLE_ADMIN"}, ["Account Role Changed"]),
        ({"enabled": False}, ["Account Deactivated"]),
        ({"banned": True}, ["Account Deactivated"]),
        ({"last_login_at": "now"}, []),
    ],
)
def test_a_change_of_an_account(changed: dict[str, Any], types: list[str]) -> None:
    assert _types(ACCOUNT, {**ACCOUNT, **changed}) == types


def test_an_event_tells_who_and_what_before_and_after_and_no_email() -> None:
    why = {"change_reason": "stands in", "changed_by": {"type": "user", "id": "a"}}
    [event] = _events(USER, {**USER, "role": "manager", "version": 2, **why})
    assert event.detail == {
        "id": "e1:role-changed",
        "tenant_id": "t",
        "user_id": "u",
        "before": {"role": "user", "active": True},
        "after": {"role": "manager", "active": True},
        "reason": "stands in",
        "actor": {"type": "user", "id": "a"},
        "version": 2,
        "at": "2026-06-15T12:00:00Z",
    }
    assert event.sequence_number == "42"


def test_an_event_has_the_reason_of_its_own_change() -> None:
    before = {**USER, "change_reason": "an earlier change"}
    for changed, reason in (({"role": "admin", "change_reason": None}, None), ({"deleted_at": "now"}, before)):
        [event] = _events(before, {**before, **changed})
        assert event.detail["reason"] == (reason and "an earlier change")
    [with_tenant] = _events(before, None)
    assert with_tenant.detail["reason"] == "t leaves us"
    [with_operator] = _events({**ACCOUNT, "change_reason": "an earlier change"}, None)
    assert with_operator.detail["reason"] is None


def test_an_event_names_the_actor_of_its_own_change() -> None:
    earlier, actor = {"type": "user", "id": "earlier"}, {"type": "user", "id": "a"}
    before = {**USER, "changed_by": earlier}
    for changed in ({"role": "admin"}, {"deleted_at": "now"}):
        [event] = _events(before, {**before, **changed, "changed_by": actor})
        assert event.detail["actor"] == actor
    [with_tenant] = _events(before, None)
    assert with_tenant.detail["actor"] == {"type": "master", "id": "master"}
    [by_operator] = _events({**ACCOUNT, "changed_by": earlier}, None)
    assert by_operator.detail["actor"] == OPERATOR.type_and_id == {"type": "system", "id": "operator"}


def test_an_event_of_an_account_names_the_account() -> None:
    [event] = _events(ACCOUNT, {**ACCOUNT, "banned": True, "version": 2})
    assert event.detail == {
        "id": "e1:deactivated",
        "account_id": 7,
        "before": {"role": "ROLE_CLIENT", "active": True},
        "after": {"role": "ROLE_CLIENT", "active": False},
        "reason": None,
        "actor": None,
        "version": 2,
        "at": "2026-06-15T12:00:00Z",
    }


# --- Failures of EventBridge -----------------------------------------------------------------------


class Bus:
    """Stands in for EventBridge and for the dead-letter queue: accepts what is not told to fail."""

    def __init__(self) -> None:
        self.entries: list[dict[str, str]] = []
        self.accepted: list[str] = []
        self.set_aside: list[str] = []
        self.codes: dict[str, str] = {}
        self.refuses_requests_with: set[str] = set()
        self.request_error: Exception | None = None
        self.queue_works = True
        self.reasons_read: list[str] = []
        self.table_fails_after: int | None = None

    def read_cause(self, tenant_id: str) -> Cause:
        if len(self.reasons_read) == self.table_fails_after:
            raise ServiceUnavailable
        self.reasons_read.append(tenant_id)
        return Cause(f"{tenant_id} leaves us", None)

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 (as boto3 names it)
        ids = [json.loads(entry["Detail"])["user_id"] for entry in Entries]
        if self.request_error and "13" in ids:
            raise self.request_error
        if self.refuses_requests_with & set(ids):
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "too large"}}, "PutEvents")
        self.entries += Entries
        self.accepted += [one for one in ids if one not in self.codes]
        return {"Entries": [{"ErrorCode": self.codes[one]} if one in self.codes else {"EventId": "e"} for one in ids]}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 (as boto3 names it)
        if not self.queue_works:
            raise ClientError({"Error": {"Code": "ServiceUnavailable", "Message": ""}}, "SendMessage")
        message = json.loads(MessageBody)
        assert message["event_id"].startswith(f"e{message['sequence_number']}")
        self.set_aside.append(message["sequence_number"])


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    made = Bus()
    monkeypatch.setattr(role_events, "_eventbridge_client", lambda: made)
    monkeypatch.setattr(queues, "_sqs_client", lambda: made)
    monkeypatch.setattr(role_events, "_read_cause_of_tenant_deletion", made.read_cause)
    for name in ("TABLE_NAME", "EVENT_BUS_NAME", "DEAD_LETTERS_QUEUE_URL"):
        monkeypatch.setenv(name, f"the {name}")
    config.cache_clear()
    telemetry.metrics.clear_metrics()
    yield made
    telemetry.metrics.clear_metrics()
    config.cache_clear()


def _record(number: int, **changed: Any) -> dict[str, Any]:
    item = {**USER, "id": str(number), **changed}
    wire = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    return {"eventID": f"e{number}", "dynamodb": {"OldImage": wire, "SequenceNumber": str(number)}}


def _poison(number: int) -> dict[str, Any]:
    """A record from which no event can be made."""
    return {"eventID": f"e{number}", "dynamodb": {"OldImage": {"pk": {"S": "TENANT#t"}}, "SequenceNumber": str(number)}}


def test_all_events_are_sent_in_order(bus: Bus) -> None:
    assert role_events.publish_until_first_failure(map(_record, range(25))) is None
    assert bus.accepted == [str(number) for number in range(25)]


def test_the_reason_of_a_tenants_deletion_is_read_once_for_all_its_users(bus: Bus) -> None:
    records = [_record(number, tenant_id="t" if number % 2 else "u") for number in range(25)]
    assert role_events.publish_until_first_failure(records) is None
    assert sorted(bus.reasons_read) == ["t", "u"]
    assert {json.loads(entry["Detail"])["reason"] for entry in bus.entries} == {"t leaves us", "u leaves us"}


def test_an_event_whose_reason_cannot_be_read_now_is_delivered_again(bus: Bus) -> None:
    bus.table_fails_after = 1
    assert role_events.publish_until_first_failure([_record(0), _record(1, tenant_id="u"), _record(2)]) == "1"
    assert (bus.accepted, bus.set_aside) == (["0"], [])


def test_an_event_whose_reason_the_table_refuses_is_delivered_again(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is good: it must not be set aside because, say, a permission is missing."""

    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "GetItem")

    monkeypatch.setattr(role_events, "_read_cause_of_tenant_deletion", READ_CAUSE)
    monkeypatch.setattr(reads, "get", refuse)
    assert role_events.publish_until_first_failure([_record(0)]) == "0"
    assert bus.set_aside == []


def test_an_event_names_its_bus_its_source_and_its_type(bus: Bus) -> None:
    role_events.publish_until_first_failure([_record(7, version=2)])
    [entry] = bus.entries
    detail = json.loads(entry.pop("Detail"))
    assert entry == {"EventBusName": "the EVENT_BUS_NAME", "Source": "rolecall", "DetailType": "User Deleted"}
    assert (detail["user_id"], type(detail["version"])) == ("7", int)


def test_the_events_that_were_sent_are_counted(bus: Bus) -> None:
    role_events.publish_until_first_failure(map(_record, range(25)))
    assert telemetry.metrics.metric_set["RoleEventsPublished"]["Value"] == [25.0]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "SomethingNew"])
def test_the_stream_delivers_again_from_the_first_event_that_failed(bus: Bus, code: str) -> None:
    bus.codes = {"13": code, "15": code}
    assert role_events.publish_until_first_failure(map(_record, range(25))) == "13"
    assert bus.set_aside == []
    assert "20" not in bus.accepted  # the batches after the failed one wait


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "PutEvents"),
        EndpointConnectionError(endpoint_url="https://nowhere.invalid/"),
    ],
    ids=["throttled", "out of reach"],
)
def test_the_stream_delivers_again_from_the_first_event_of_a_request_that_failed(bus: Bus, error: Exception) -> None:
    bus.request_error = error
    assert role_events.publish_until_first_failure(map(_record, range(25))) == "10"
    assert bus.accepted == [str(number) for number in range(10)]
    assert bus.set_aside == []


@pytest.mark.parametrize("code", ["InvalidArgument", "MalformedDetail"])
def test_an_event_that_is_refused_for_good_is_set_aside_alone(bus: Bus, code: str) -> None:
    bus.codes = {"13": code}
    assert role_events.publish_until_first_failure(map(_record, range(25))) is None
    assert bus.set_aside == ["13"]
    assert bus.accepted == [str(number) for number in range(25) if number != 13]


def test_an_event_because_of_which_a_request_is_refused_is_set_aside_alone(bus: Bus) -> None:
    bus.refuses_requests_with = {"13"}
    assert role_events.publish_until_first_failure(map(_record, range(25))) is None
    assert bus.set_aside == ["13"]
    assert bus.accepted == [str(number) for number in range(25) if number != 13]


def test_a_record_from_which_no_event_can_be_made_is_set_aside_alone(bus: Bus) -> None:
    records = [_record(0), _poison(1), _record(2)]
    assert role_events.publish_until_first_failure(records) is None
    assert (bus.accepted, bus.set_aside) == (["0", "2"], ["1"])


def test_a_record_whose_event_has_no_json_form_is_set_aside_alone(bus: Bus) -> None:
    strange = _record(1)
    strange["dynamodb"]["NewImage"] = strange["dynamodb"]["OldImage"] | {
        "role": {"S": "admin"},
        "change_reason": {"SS": ["a set", "of reasons"]},
    }
    assert role_events.publish_until_first_failure([_record(0), strange, _record(2)]) is None
    assert (bus.accepted, bus.set_aside) == (["0", "2"], ["1"])


def test_a_record_behind_a_failure_is_not_set_aside_before_it_is_delivered_again(bus: Bus) -> None:
    bus.codes = {"0": "InternalFailure"}
    assert role_events.publish_until_first_failure([_record(0), _poison(1)]) == "0"
    assert bus.set_aside == []


@pytest.mark.parametrize("refused", [True, False])
def test_what_cannot_be_set_aside_is_delivered_again(bus: Bus, refused: bool) -> None:
    bus.queue_works = False
    bus.codes = {"1": "InvalidArgument"}
    assert (
        role_events.publish_until_first_failure([_record(0), _record(1) if refused else _poison(1), _record(2)]) == "1"
    )


ENTRY = {
    "pk": "AUDIT#t",
    "sk": "e7",
    "id": "e7",
    "action": "promote_user",
    "outcome": "succeeded",
    "actor": {"type": "user", "id": "a", "email": "ada@example.com", "role": "admin"},
    "target": {"type": "user", "id": "u"},
    "before": {"role": "user", "role_until": 1781524800},
    "after": {"role": "manager"},
    "reason": "stands in",
    "request_id": "r1",
    "ip": "192.0.2.1",
    "timestamp": "2026-06-15T12:00:00Z",
    "expires_at": 1844596800,
    "gsi1pk": "AUDIT#t#user#u",
}


def test_a_new_audit_entry_is_an_event_in_the_form_of_the_api() -> None:
    [event] = _events(None, ENTRY)

    assert (event.type, event.sequence_number) == ("Audit Entry Recorded", "42")
    hidden = {"pk", "sk", "expires_at", "gsi1pk"}
    actor = {"type": "user", "id": "a", "email": "ada@example.com"}
    shown = {name: value for name, value in ENTRY.items() if name not in hidden} | {"actor": actor}
    assert event.detail == {"tenant_id": "t", **shown}
    assert json.loads(json.dumps(event.detail, default=int))["before"]["role_until"] == 1781524800


def test_an_audit_entry_of_the_platform_names_no_tenant() -> None:
    [event] = _events(None, {**ENTRY, "pk": "AUDIT#PLATFORM"})
    assert event.detail["tenant_id"] is None


def test_a_changed_or_deleted_audit_entry_gives_no_second_event() -> None:
    pattern = _audit_filter()
    assert pattern["eventName"] == ["INSERT"]
    assert pattern["dynamodb"]["Keys"] == {"pk": {"S": [{"prefix": "AUDIT#"}]}}
    # The counters of refusals have no action.
    assert pattern["dynamodb"]["NewImage"] == {"action": {"S": [{"exists": True}]}}


def _audit_filter() -> dict[str, Any]:
    [stream] = gateway.functions()["publish_role_event"]["Events"].values()
    [conditional] = [one["Fn::If"] for one in stream["Properties"]["FilterCriteria"]["Filters"] if "Fn::If" in one]
    pattern: dict[str, Any] = json.loads(conditional[1]["Pattern"])
    return pattern
