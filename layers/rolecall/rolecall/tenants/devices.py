"""Devices and sessions of tenant users: written by the services that serve them, through this layer.

Both live in their user's partition and go with the user and the tenant. A tenant that is being
deleted can't get new ones.
"""

from datetime import datetime, timedelta

from rolecall.clock import epoch, rfc3339
from rolecall.ids import new_id
from rolecall.tenants import user_items

SESSION_LIFETIME = timedelta(days=7)


def register_device(tenant_id: str, user_id: str, name: str, at: datetime) -> str:
    """A device of the user; returns its id.

    Raises `Unauthorized` for a tenant that is not active, `UserNotFound` for a user that is not.
    """
    device_id = new_id()
    user_items.put_user_item(
        tenant_id, user_id, "DEVICE", device_id, {"id": device_id, "name": name, "created_at": rfc3339(at)}
    )
    return device_id


def start_session(tenant_id: str, user_id: str, device_id: str, at: datetime) -> str:
    """A session of the user on a device; returns its id. It ends by itself after `SESSION_LIFETIME`.

    Raises `Unauthorized` for a tenant that is not active, `UserNotFound` for a user that is not.
    """
    session_id = new_id()
    user_items.put_user_item(
        tenant_id,
        user_id,
        "SESSION",
        session_id,
        {
            "id": session_id,
            "device_id": device_id,
            "created_at": rfc3339(at),
            "expires_at": epoch(at + SESSION_LIFETIME),
        },
    )
    return session_id
