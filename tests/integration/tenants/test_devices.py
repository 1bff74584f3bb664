"""Devices and sessions that other services write for a tenant's users."""

from datetime import UTC, datetime

import pytest

from rolecall.errors import Unauthorized, UserNotFound
from rolecall.storage import keys, reads, writes
from rolecall.tenants import devices
from tests.integration.conftest import Tenant, delete_tenant, unchanged

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_a_device_is_an_item_of_its_user(acme: Tenant) -> None:
    device_id = devices.register_device(acme.id, acme.admin.id, "phone", AT)
    key = keys.item_of_user(acme.id, acme.admin.id, "DEVICE", device_id)

    assert keys.canonical_uuid(device_id) == device_id
    assert reads.get(key) == {
        "pk": key.pk,
        "sk": key.sk,
        "id": device_id,
        "name": "phone",
        "created_at": "2026-06-15T12:00:00Z",
    }


def test_a_session_is_an_item_of_its_user_that_expires_in_a_week(acme: Tenant) -> None:
    session_id = devices.start_session(acme.id, acme.admin.id, "d1", AT)
    key = keys.item_of_user(acme.id, acme.admin.id, "SESSION", session_id)

    assert keys.canonical_uuid(session_id) == session_id
    assert reads.get(key) == {
        "pk": key.pk,
        "sk": key.sk,
        "id": session_id,
        "device_id": "d1",
        "created_at": "2026-06-15T12:00:00Z",
        "expires_at": int(AT.timestamp()) + 7 * 24 * 3600,
    }


def test_two_items_created_at_the_same_time_have_different_ids(acme: Tenant) -> None:
    made = [devices.register_device(acme.id, acme.admin.id, "phone", AT) for _ in range(2)]
    made += [devices.start_session(acme.id, acme.admin.id, "d1", AT) for _ in range(2)]
    assert len(set(made)) == 4


@pytest.mark.parametrize(
    ("gone", "error"), [("tenant", Unauthorized), ("user", UserNotFound), ("access", UserNotFound)]
)
def test_no_device_or_session_is_written_for_a_deleted_or_inactive_user(
    acme: Tenant, gone: str, error: type[Exception]
) -> None:
    user = acme.add("user")
    match gone:
        case "tenant":
            delete_tenant(acme.id)
        case "user":
            writes.write(writes.Delete(keys.user(acme.id, user.id)))
        case _:
            acme.admin.request("PUT", f"/users/{user.id}", {"active": False})

    with unchanged():
        with pytest.raises(error):
            devices.register_device(acme.id, user.id, "phone", AT)
        with pytest.raises(error):
            devices.start_session(acme.id, user.id, "d1", AT)
