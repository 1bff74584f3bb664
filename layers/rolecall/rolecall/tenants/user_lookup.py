"""Finding users of a tenant by their email or by their external id, at the same cost in a tenant of any size."""

from rolecall.auth.principals import RequestContext
from rolecall.storage import indexes, keys, reads
from rolecall.tenants.user_profiles import check_and_normalize_external_id
from rolecall.tenants.users import User

#: The most users that a search by external id returns. An identity provider gives each user an id of its own.
MOST_USERS_FOUND = 200


def find_user_by_email(context: RequestContext, email: str) -> User | None:
    """Return the user of the caller's tenant with this email, compared without case; None if there is none.

    Inactive users are found too. The email must be in the form of `email_addresses.parse_address_to_ascii`. Reads are
    strongly consistent.
    """
    reservation = reads.get(keys.email_reservation(email)) or {}
    if reservation.get("tenant_id") != context.principal.tenant_id:
        return None
    # The user may have been renamed since the reservation was read.
    return next((user for user in _read_users(context, [reservation["user_id"]]) if _has_email(user, email)), None)


def _has_email(user: User, email: str) -> bool:
    return user.email.lower() == email.lower()


def find_users_by_external_id(context: RequestContext, external_id: str) -> list[User]:
    """Return up to `MOST_USERS_FOUND` users of the caller's tenant with this external id, by user id.

    Upper and lower case differ. Inactive users are found too. Returns none for a text that can't be an external id. A
    user whose external id has just been set may be missing, because an index lags some milliseconds behind the table.
    """
    from rolecall.text_rules import InvalidText  # noqa: PLC0415 (most requests need no text rules)

    try:
        stored = check_and_normalize_external_id(external_id)
    except InvalidText:
        return []
    listed = reads.query_index(
        indexes.users_by_external_id(context.principal.tenant_id, stored), limit=MOST_USERS_FOUND
    )
    users = _read_users(context, [item["user_id"] for item in listed.items])
    return [user for user in users if user.profile.external_id == stored]


def _read_users(context: RequestContext, user_ids: list[str]) -> list[User]:
    """Return the users of the caller's tenant with these ids as they are now, without those that are deleted."""
    items = reads.get_many(*(keys.user(context.principal.tenant_id, user_id) for user_id in user_ids))
    return [User.from_item(item, context.at) for item in items if item is not None and not item.get("deleted_at")]
