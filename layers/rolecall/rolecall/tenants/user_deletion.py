"""Deleting one tenant user, with everything that belongs to the user.

One transaction deletes the user's token and email reservation, removes the user from every list and marks the
user as deleted. From then on no reader sees the user, and nothing can be written into the user's partition.
Then the items of the partition are deleted, and the user's own item last. If the function stops before that,
the user is still listed in `indexes.PENDING_USER_DELETIONS`, where maintenance finds it and continues.
"""

from rolecall import clock, deadline
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role, admin_count_delta, check_may_manage
from rolecall.clock import rfc3339
from rolecall.deletion.owned_keys import Owner, prepare_emptying_of_stored_response, release_items_still_owned
from rolecall.errors import PreconditionFailed, SelfChangeDenied, ServiceUnavailable, UserNotFound
from rolecall.storage import dynamodb, indexes, keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, log_and_suppress_errors_after_commit, log_service_unavailable, logger
from rolecall.tenants import role_ends
from rolecall.tenants.user_changes import conflict_instead_of_last_admin_if_changed
from rolecall.tenants.users import User
from rolecall.webhooks import last_deliveries

#: The deletion of a user deletes this many items at a time. After each time, it checks how much time is left.
_PAGE = 250

#: The deletion of a user's items stops this many seconds before the deadline.
_RESERVE_SECONDS = 2.0


def delete_user(
    context: RequestContext, user_id: str, *, reason: str | None = None, if_match: frozenset[int] | None = None
) -> None:
    """Delete another user of the caller's tenant; raise `UserNotFound`, `SelfChangeDenied`, `Forbidden`, `LastAdmin`.

    Deletes the user's devices, sessions, webhooks, token and email too. Raises, in this order: `UserNotFound`,
    `PreconditionFailed`, `SelfChangeDenied`, `Forbidden`, `LastAdmin`, `ConcurrentChange`. Raises `Forbidden` if the
    actor's role has changed since the authorizer read it, `Unauthorized` if the actor is no longer active. A failure of
    the storage after the user is marked as deleted raises nothing: maintenance continues the deletion. The same holds
    for every other error after that.
    """
    user = retries.retry_on_conflict(lambda: _mark_deleted_and_free_owned_keys(context, user_id, reason, if_match))
    logger.info("user deleted", tenant_id=user.tenant_id, user_id=user.id)
    count_metric("UserDeleted")
    # The user is deleted for every reader as soon as the mark is written. So the answer is a success, even if a later
    # step fails.
    with log_and_suppress_errors_after_commit("user deletion", tenant_id=user.tenant_id, user_id=user.id):
        delete_remaining_items_of_deleted_user(user.tenant_id, user.id)


def _mark_deleted_and_free_owned_keys(
    context: RequestContext, user_id: str, reason: str | None, if_match: frozenset[int] | None
) -> User:
    """Mark a user as deleted; raise `UserNotFound`, `PreconditionFailed`, `LastAdmin` and others.

    The same transaction deletes the user's token and email. Returns the user as it was.

    Raises, in this order: `UserNotFound`, `PreconditionFailed`, `SelfChangeDenied`, `Forbidden`, `LastAdmin`,
    `ConcurrentChange`. Raises `Unauthorized` if the actor or the tenant is no longer active.
    """
    actor = context.principal
    canonical = keys.canonical_uuid(user_id)
    item = reads.get(keys.user(actor.tenant_id, canonical)) if canonical else None
    if item is None or item.get("deleted_at"):
        raise UserNotFound
    user = User.from_item(item, clock.now())
    if if_match is not None and user.version not in if_match:
        raise PreconditionFailed
    if user.id == actor.id:
        raise SelfChangeDenied("you cannot delete yourself: ask someone else")
    check_may_manage(Role(actor.role), user.role)
    actor_checks = preconditions.actor_still_authorized(actor)
    if user.has_unwritten_end:
        context = role_ends.write_end_before_other_change(context, item, actor_checks)
    at = rfc3339(context.at)
    with conflict_instead_of_last_admin_if_changed(user):
        writes.transact(
            preconditions.tenant_active(user.tenant_id, admin_delta=admin_count_delta(user.counted_role, None)),
            writes.Update(
                keys.user(user.tenant_id, user.id),
                set={
                    "active": False,
                    "deleted_at": at,
                    "updated_at": at,
                    # The role event is made from this item, so the item has the reason and the actor too.
                    "change_reason": reason,
                    "changed_by": actor.type_and_id,
                    **indexes.PENDING_USER_DELETIONS.index_attributes(f"{at}#{user.tenant_id}#{user.id}"),
                },
                add={"version": 1},
                # The email is free for other users as soon as the user is marked as deleted. So the user's item must no
                # longer list its owned keys, or a later sweep could delete another user's email.
                remove=("gsi2pk", "gsi2sk", *indexes.ROLE_END_ATTRIBUTES, "owned_keys"),
                when=user.unchanged_condition & Attr("owned_keys").eq(item["owned_keys"]),
                send_before=user.held_role.until,
            ),
            *actor_checks,
            *_owned_key_releases(Owner(user.tenant_id, user.id), item),
            trail.new_entry(
                context,
                "delete_user",
                ("user", user.id),
                scope=user.tenant_id,
                before={
                    "email": user.email,
                    **user.held_role.to_json(),
                    "active": user.active,
                    **user.profile.fields_that_are_set(),
                },
                reason=reason,
            ),
        )
    return user


def _owned_key_releases(owner: Owner, user: dynamodb.Item) -> list[writes.Write]:
    """Return the writes that delete the user's token and email, and empty the user's stored creation response.

    An item that another owner has taken over is left out. The stored response belongs to the request that created the
    user. It holds the user's email.
    """
    owned = [keys.Key(pk, keys.META) for pk in sorted(user["owned_keys"])]
    if "stored_response" in user:
        owned.append(keys.Key(user["pk"], user["stored_response"]))
    found = reads.get_many(*owned)
    return [
        prepare_emptying_of_stored_response(owner, key)
        if _is_stored_response(key)
        else writes.Delete(key, when=owner.owns_condition)
        for key, item in zip(owned, found, strict=True)
        if item and owner.owns(item)
    ]


def _is_stored_response(key: keys.Key) -> bool:
    """Return whether the key, which a user's item lists, is one of an idempotency record."""
    return keys.is_idempotency_record_outside_tenant(key.pk) or key.sk != keys.META


def delete_remaining_items_of_deleted_user(tenant_id: str, user_id: str) -> None:
    """Delete all items of a user, and the user's own item last; raise `ServiceUnavailable` when the time is up.

    Also deletes the items outside the user's partition that still belong to the user. Does not check that the user is
    marked as deleted. It can be repeated after a crash.
    """
    partition = keys.user_partition(tenant_id, user_id)
    # The loop ends when a strongly consistent query finds no item. The items that are listed in `owned_keys` are
    # deleted before the items that list them, so that they are still found after a crash.
    while items := reads.query_keys(partition, limit=_PAGE).items:
        if deadline.time_left() < _RESERVE_SECONDS:
            raise ServiceUnavailable
        last_deliveries.copy_webhooks_among(item.key for item in items)
        release_items_still_owned(Owner(tenant_id, user_id), (pk for item in items for pk in item.owned_keys))
        writes.delete_all(item.key for item in items)
    writes.delete_all([keys.user(tenant_id, user_id)])


def finish_stopped_user_deletions(most_users: int, reserve_seconds: float) -> None:
    """Continue up to `most_users` user deletions that stopped, the oldest first; a failed one is logged, not raised.

    Starts none with less than `reserve_seconds` left. `ServiceUnavailable` ends this
    step until the next run. Any other failure of one deletion does not stop the others.
    """
    for item in reads.query_index(indexes.PENDING_USER_DELETIONS, limit=most_users).items:
        if deadline.time_left() < reserve_seconds:
            break
        try:
            delete_remaining_items_of_deleted_user(item["tenant_id"], item["id"])
        except ServiceUnavailable as error:
            log_service_unavailable(error)
            break  # the next run goes on
        except Exception:  # noqa: BLE001 (one deletion that fails must not stop the others)
            logger.exception("user deletion failed", tenant_id=item["tenant_id"], user_id=item["id"])
            count_metric("StepsFailed")
            continue
        logger.info("user deletion completed", tenant_id=item["tenant_id"], user_id=item["id"])
