"""Which events a record of the table's stream makes."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from rolecall.audit import role_events

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
    return role_events.events_from_record({"eventID": "e1", "dynamodb": {**images, "SequenceNumber": "42"}})


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


def test_an_activation() -> None:
    assert _types({**USER, "active": False}, USER) == ["User Activated"]


def test_a_user_that_goes_with_its_tenant_is_deleted_and_one_that_was_deleted_before_is_not_deleted_twice() -> None:
    assert _types(USER, None) == ["User Deleted"]
    assert _types({**USER, "deleted_at": "now"}, None) == []


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
    [event] = _events(USER, {**USER, "role": "manager", "version": 2})
    assert event.detail == {
        "id": "e1:role-changed",
        "tenant_id": "t",
        "user_id": "u",
        "before": {"role": "user", "active": True},
        "after": {"role": "manager", "active": True},
        "version": 2,
        "at": "2026-06-15T12:00:00Z",
    }
    assert event.sequence_number == "42"
