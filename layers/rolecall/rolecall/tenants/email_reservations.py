"""The email reservations of tenant users.

A reservation makes an email unique on the platform. It also is the item through which a user is found: by the email,
by the user's id without the tenant, and by the external id. Each user has exactly one.
"""

from typing import Any

from rolecall.deletion.owned_keys import Owner
from rolecall.errors import ConcurrentChange, EmailTaken, RolecallError
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from rolecall.tenants.users import User

#: The attributes that list a reservation under the external id of its user.
_EXTERNAL_ID_ATTRIBUTES = ("gsi2pk", "gsi2sk")


def new_reservation(user: User) -> writes.Put:
    """Return the write that reserves the user's email; it raises `EmailTaken` if anyone else has it.

    It raises `ConcurrentChange` if this user has it already, because another request has just renamed the user so.
    """

    return writes.put_if_absent(
        keys.email_reservation(user.email),
        {
            "tenant_id": user.tenant_id,
            "user_id": user.id,
            **indexes.tenant_of_user(user.id).index_attributes(user.tenant_id),
            **external_id_attributes(user),
        },
        lambda found: _error_of_taken_email(found or {}, user),
    )


def _error_of_taken_email(reservation: dynamodb.Item, user: User) -> RolecallError:
    return ConcurrentChange() if reservation.get("user_id") == user.id else EmailTaken()


def require_free_email(old: User, new: User) -> None:
    """Raise `EmailTaken` if the change gives the user an email that anyone else has now."""
    new_key = keys.email_reservation(new.email)
    reservation = reads.get(new_key) if new_key != keys.email_reservation(old.email) else None
    if reservation is not None:
        raise _error_of_taken_email(reservation, new)


def external_id_attributes(user: User) -> dict[str, str]:
    """Return the attributes that list the user's reservation under its external id; none without an external id."""
    external_id = user.profile.external_id
    if external_id is None:
        return {}
    return indexes.users_by_external_id(user.tenant_id, external_id).index_attributes(user.id)


def writes_of_change(old: User, new: User) -> list[writes.Write]:
    """Return the writes to the reservations that a change of the user's email or external id needs; none without one.

    A new email is reserved, and the old one is free in the same transaction. The reservation stays if the emails differ
    in upper and lower case only.
    """
    old_key, new_key = keys.email_reservation(old.email), keys.email_reservation(new.email)
    owned = Owner(old.tenant_id, old.id).owns_condition
    if old_key != new_key:
        # A fault can leave a user without a reservation. A new email repairs that.
        return [new_reservation(new), writes.Delete(old_key, when=owned | writes.MUST_NOT_EXIST)]
    if old.profile.external_id == new.profile.external_id:
        return []
    listed = external_id_attributes(new)
    return [writes.Update(old_key, set=listed, remove=() if listed else _EXTERNAL_ID_ATTRIBUTES, when=owned)]


def owned_keys_after_change(owned_keys: set[str], old: User, new: User) -> dict[str, Any]:
    """Return the user's attribute `owned_keys` after a change of its email; nothing if its reservation stays."""
    old_key, new_key = keys.email_reservation(old.email), keys.email_reservation(new.email)
    if old_key == new_key:
        return {}
    return {"owned_keys": owned_keys - {old_key.pk} | {new_key.pk}}
