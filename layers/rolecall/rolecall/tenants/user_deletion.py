"""Deleting a user for good.

One transaction takes the user's token, email and places in every list, and marks the user as deleted:
from then on the user is gone for every reader, and nothing can be written into its partition. Then the
partition is emptied and, last, the user's item goes. What a crash leaves over, maintenance finds in
`keys.OPEN_USER_DELETIONS` and removes.
"""

from collections.abc import Iterable

from rolecall import deadline
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role, admin_count_delta, check_manages
from rolecall.clock import rfc3339
from rolecall.deletion import owned_keys
from rolecall.errors import PreconditionFailed, SelfChangeDenied, ServiceUnavailable, UserNotFound
from rolecall.storage import keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import cause_of, count, log_unavailable, logger
from rolecall.tenants.user_changes import last_admin_unless_changed
from rolecall.tenants.users import User

#: Items of a user that are removed between two looks at the clock, and the seconds that are left unused.
_PAGE, _RESERVE_SECONDS = 250, 2.0


def delete_user(context: RequestContext, user_id: str, *, if_match: frozenset[int] | None = None) -> None:
    """Delete someone else in the caller's tenant, with devices, sessions, webhooks, token and email.

    Raises, in this order: `UserNotFound`, `PreconditionFailed`, `SelfChangeDenied`, `Forbidden`,
    `LastAdmin`, `ConcurrentChange`; `Forbidden` or `Unauthorized` if the actor lost its standing. A
    storage failure after the user is gone is no error: maintenance does the rest.
    """
    user = retries.retry_on_conflict(lambda: _mark(context, user_id, if_match))
    logger.info("user deleted", tenant_id=user.tenant_id, user_id=user.id)
    count("UserDeleted")
    try:
        finish(user.tenant_id, user.id)
    except ServiceUnavailable as error:
        logger.warning("user deletion interrupted", tenant_id=user.tenant_id, user_id=user.id, **cause_of(error))


def _mark(context: RequestContext, user_id: str, if_match: frozenset[int] | None) -> User:
    actor = context.principal
    canonical = keys.canonical_uuid(user_id)
    item = reads.get(keys.user(actor.tenant_id, canonical)) if canonical else None
    if item is None or item.get("deleted_at"):
        raise UserNotFound
    user = User.from_item(item)
    if if_match is not None and user.version not in if_match:
        raise PreconditionFailed
    if user.id == actor.id:
        raise SelfChangeDenied("you cannot delete yourself: ask someone else")
    check_manages(Role(actor.role), user.role)
    at = rfc3339(context.at)
    with last_admin_unless_changed(user):
        writes.transact(
            preconditions.tenant_active(user.tenant_id, admins=admin_count_delta(user.counted_role, None)),
            writes.Update(
                keys.user(user.tenant_id, user.id),
                set={
                    "active": False,
                    "deleted_at": at,
                    "updated_at": at,
                    **keys.PENDING_USER_DELETIONS.entry(f"{at}#{user.tenant_id}#{user.id}"),
                },
                add={"version": 1},
                # What it owned is free for others from here on, and must not be swept in its name.
                remove=("gsi2pk", "gsi2sk", "owned_keys"),
                when=user.as_read & Attr("owned_keys").eq(item["owned_keys"]),
            ),
            *preconditions.actor_still_authorized(actor),
            *_deletes_of_owned(user.tenant_id, item["owned_keys"]),
            trail.new_entry(
                context,
                "delete_user",
                ("user", user.id),
                scope=user.tenant_id,
                before={"email": user.email, "role": user.role, "active": user.active},
            ),
        )
    return user


def _deletes_of_owned(tenant_id: str, owned_keys: Iterable[str]) -> list[writes.Write]:
    """Takes away what is still this tenant's: the key of a kept answer may be someone else's by now."""
    owned = [keys.Key(pk, keys.META) for pk in sorted(owned_keys)]
    found = reads.get_many(*owned)
    return [
        writes.Delete(key, when=Attr("tenant_id").eq(tenant_id))
        for key, item in zip(owned, found, strict=True)
        if item and item.get("tenant_id") == tenant_id
    ]


def finish(tenant_id: str, user_id: str) -> None:
    """Remove what is left of a user that is marked as deleted; can be repeated after a crash.

    Raises `ServiceUnavailable` when the time is up.
    """
    partition = keys.user_partition(tenant_id, user_id)
    # Until a consistent query finds nothing; what these items own outside goes before them.
    while items := reads.query_keys(partition, limit=_PAGE).items:
        if deadline.time_left() < _RESERVE_SECONDS:
            raise ServiceUnavailable
        owned_keys.release(tenant_id, (pk for item in items for pk in item.owned_keys))
        writes.delete_all(item.key for item in items)
    writes.delete_all([keys.user(tenant_id, user_id)])


def finish_open(limit: int, reserve_seconds: float) -> None:
    """Finish up to `limit` deletions that stopped, the longest waiting first.

    Starts none with less than `reserve_seconds` left.
    """
    for item in reads.query_index(keys.PENDING_USER_DELETIONS, limit=limit).items:
        if deadline.time_left() < reserve_seconds:
            break
        try:
            finish(item["tenant_id"], item["id"])
        except ServiceUnavailable as error:
            log_unavailable(error)
            break  # the next run goes on
        logger.info("user deletion completed", tenant_id=item["tenant_id"], user_id=item["id"])
