"""Devices and sessions of tenant users; the services that serve them write them through this layer.

Both are items of their user's partition, so they are deleted with the user and with the tenant. A tenant
that is being deleted gets no new ones.
"""

from datetime import datetime, timedelta

from rolecall.clock import epoch_seconds, rfc3339
from rolecall.ids import new_id
from rolecall.tenants import user_items

SESSION_LIFETIME = timedelta(days=7)

type DeviceId = str
type SessionId = str


def register_device(tenant_id: str, user_id: str, device_name: str, at: datetime) -> DeviceId:
    """Write a device, or raise `Unauthorized` for a tenant, `UserNotFound` for a user who is not active.

    Returns the id of the new device.
    """
    device_id = new_id()
    user_items.put_item_of_active_user(
        tenant_id, user_id, "DEVICE", device_id, {"id": device_id, "name": device_name, "created_at": rfc3339(at)}
    )
    return device_id


def start_session(tenant_id: str, user_id: str, unchecked_device_id: DeviceId, at: datetime) -> SessionId:
    """Write a session, or raise `Unauthorized` for a tenant, `UserNotFound` for a user who is not active.

    Returns the id of the new session, which expires after `SESSION_LIFETIME`. Does not check that the device exists.
    """
    session_id = new_id()
    user_items.put_item_of_active_user(
        tenant_id,
        user_id,
        "SESSION",
        session_id,
        {
            "id": session_id,
            "device_id": unchecked_device_id,
            "created_at": rfc3339(at),
            "expires_at": epoch_seconds(at + SESSION_LIFETIME),
        },
    )
    return session_id
