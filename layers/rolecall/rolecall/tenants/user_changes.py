"""Changes to tenant users: their role, whether they are active, their email and their profile.

`change_rules` decides what is allowed. This module writes it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import replace
from typing import NamedTuple, Self

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import Principal, RequestContext
from rolecall.auth.roles import Role, admin_count_delta
from rolecall.clock import rfc3339, rfc3339_of_second, second_of_rfc3339
from rolecall.errors import ConcurrentChange, LastAdmin, PreconditionFailed, UserNotFound
from rolecall.storage import dynamodb, keys, retries, writes
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import change_rules, email_reservations, role_ends, users
from rolecall.tenants.change_rules import UserChange


class RoleChange(NamedTuple):
    """The result of a role change; `version` is the user's version after it. `until` is the end of a temporary role.

    `is_change` is false for a user who had that role already.
    """

    user_id: str
    email: str
    old_role: Role
    new_role: Role
    version: int
    until: int | None
    is_change: bool

    @classmethod
    def between(cls, old: users.User, new: users.User) -> Self:
        is_change = old.held_role != new.held_role
        return cls(old.id, old.email, old.role, new.role, new.version, new.held_role.until, is_change)

    def to_json(self) -> dict[str, str]:
        until = {} if self.until is None else {"until": rfc3339_of_second(self.until)}
        return {"user_id": self.user_id, "old_role": self.old_role, "new_role": self.new_role, **until}


def promote_user(
    context: RequestContext,
    user_id: str,
    higher_lower_or_same_role: Role,
    *,
    until: str | None = None,
    reason: str | None = None,
    if_match: frozenset[int] | None = None,
) -> RoleChange:
    """Change another user's role; raise `UserNotFound`, `SelfChangeDenied`, `RoleTransitionDenied` and others.

    The user belongs to the caller's tenant. A user who has that role already stays unchanged. With `until`, as
    `clock.rfc3339` writes it, the role is temporary: from that second on the user has its lasting role again. The same
    role without `until` becomes the lasting one.

    One transaction checks that the target is as it was read, that the actor still has its role and that the
    tenant is active; it also updates the count of active admins and writes the audit entry. Raises, in this
    order: `UserNotFound`, `PreconditionFailed`, `ValidationFailed`, `SelfChangeDenied`, `RoleTransitionDenied`,
    `LastAdmin`, `ConcurrentChange`. Raises `Forbidden` if the actor's role has changed since the authorizer read it,
    `Unauthorized` if the actor is no longer active.
    """
    change = UserChange(role=higher_lower_or_same_role, until=None if until is None else second_of_rfc3339(until))
    old, new = retries.retry_on_conflict(
        lambda: _check_and_write_change(
            context,
            "promote_user",
            _read_target_refusing_impossible_end(context, user_id, change),
            lambda _user: change,
            reason,
            if_match,
        )
    )
    logger.info(
        "role unchanged" if old.held_role == new.held_role else "user promoted",
        tenant_id=context.principal.tenant_id,
        user_id=old.id,
        old_role=old.role,
        new_role=new.role,
    )
    return RoleChange.between(old, new)


def update_user(
    context: RequestContext,
    user_id: str,
    change: UserChange,
    *,
    reason: str | None = None,
    if_match: frozenset[int] | None = None,
) -> users.User:
    """Change a user of the caller's tenant, in one transaction; raise `UserNotFound`, `SelfChangeDenied` and others.

    Nobody changes their own role or state. An admin may change an email and a profile, also their own, and with a
    temporary role only of users whose roles do not outlive it. The user keeps its API token, sessions and trail with a
    new email, and the old email is free at once. An inactive user can't do anything.

    Raises, in this order: `UserNotFound`, `PreconditionFailed`, the errors of `change_rules.decide_change`,
    `LastAdmin`, `ConcurrentChange`, `EmailTaken`. Raises `Forbidden` if the actor's role has changed since the
    authorizer read it, `Unauthorized` if the actor is no longer active.
    """
    return update_user_by(context, user_id, lambda _user: change, reason=reason, if_match=if_match)


def update_user_by(
    context: RequestContext,
    user_id: str,
    change_of: Callable[[users.User], UserChange],
    *,
    reason: str | None = None,
    if_match: frozenset[int] | None = None,
) -> users.User:
    """Change a user as `update_user`, by a change that depends on the user as it is; raise its errors.

    `change_of` gets the user and returns the change. It is called again after a conflict with another request, with the
    user as it is then, so that neither change is lost. Its errors are raised too, after `PreconditionFailed`.
    """
    old, new = retries.retry_on_conflict(
        lambda: _check_and_write_change(
            context,
            "update_user",
            users.read_item_of_undeleted_user(context.principal.tenant_id, user_id),
            change_of,
            reason,
            if_match,
        )
    )
    logger.info(
        "user updated",
        tenant_id=new.tenant_id,
        user_id=new.id,
        role=new.role,
        active=new.active,
        email_changed=old.email != new.email,
    )
    count_metric("UserDeactivated", int(old.active and not new.active))
    return new


def _check_and_write_change(
    context: RequestContext,
    audit_action: str,
    item: dynamodb.Item,
    change_of: Callable[[users.User], UserChange],
    reason: str | None,
    if_match: frozenset[int] | None,
) -> tuple[users.User, users.User]:
    """Write a change of the user in `item` and return the user before and after; raise `PreconditionFailed` and others.

    Writes nothing, and returns the user twice, if nothing changes. Raises, in this order: `PreconditionFailed`, the
    errors of `change_of` and of `decide_change`, `LastAdmin`, `ConcurrentChange`, `EmailTaken`. Raises `Unauthorized`
    or `Forbidden` if the actor has changed, also if nothing changes.
    """
    actor = context.principal
    old = users.User.from_item(item, clock.now())
    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
    new = change_rules.decide_change(context, old, change_of(old))
    if new == old:
        preconditions.require_actor_still_authorized(actor)
        return old, old
    actor_checks = _actor_checks(actor, old, new)
    if old.has_unwritten_end:
        email_reservations.require_free_email(old, new)  # so that a refused request writes nothing
        context = role_ends.write_end_before_other_change(context, item, actor_checks)
    new = replace(
        new,
        updated_at=rfc3339(context.at),
        version=old.version + 1,
        # A deactivation ends the user's sessions. They stay ended if the user is activated again later, because the
        # generation has changed.
        session_generation=old.session_generation + (old.active and not new.active),
        has_unwritten_end=False,
    )
    with conflict_instead_of_last_admin_if_changed(old):
        writes.transact(
            preconditions.tenant_active(
                old.tenant_id, admin_delta=admin_count_delta(old.counted_role, new.counted_role)
            ),
            writes.Update(
                keys.user(old.tenant_id, old.id),
                set={
                    **new.role_state_and_index_attributes(),
                    **(new.email_attributes() if new.email != old.email else {}),
                    **email_reservations.owned_keys_after_change(item["owned_keys"], old, new),
                    **new.profile.fields_that_are_set(),
                    "session_generation": new.session_generation,
                    "updated_at": new.updated_at,
                    # The role event is made from this item, so the item has the reason and the actor too.
                    "change_reason": reason,
                    "changed_by": actor.type_and_id,
                },
                add={"version": 1},
                remove=old.attributes_to_remove(new),
                when=old.unchanged_condition,
                send_before=old.held_role.until,
            ),
            *actor_checks,
            *email_reservations.writes_of_change(old, new),
            trail.new_entry(
                context,
                audit_action,
                ("user", old.id),
                scope=old.tenant_id,
                before=_fields_that_differ(old, new),
                after=_fields_that_differ(new, old),
                reason=reason,
            ),
        )
    count_metric("RoleChanged", int(old.held_role != new.held_role))
    return old, new


def _actor_checks(actor: Principal, old: users.User, new: users.User) -> list[writes.Write]:
    """Return the checks that the actor may still make this change; raise `Unauthorized` or `Forbidden`.

    They raise if callers change themselves and have lost their access or their role.
    """
    if old.id != actor.id:
        by_role_or_state = change_rules.powers_given_by_role_change_or_activation(old, new)
        by_identity = change_rules.powers_given_by_new_identity(old, new)
        return preconditions.actor_still_authorized(actor, gives=dict.fromkeys((*by_role_or_state, *by_identity)))
    if old.active and old.role == actor.role:
        # A transaction can't both check and update the same item. The condition of the update is that the caller is
        # still as it was read here.
        return []
    writes.transact(preconditions.tenant_active(old.tenant_id), *preconditions.actor_still_authorized(actor))
    raise ConcurrentChange  # the caller has its access again since it was read


def _read_target_refusing_impossible_end(context: RequestContext, user_id: str, change: UserChange) -> dynamodb.Item:
    """Return the user's item; raise `UserNotFound`, or `ValidationFailed` for an end that is too near or too far."""
    try:
        item = users.read_item_of_undeleted_user(context.principal.tenant_id, user_id)
    except UserNotFound:
        item = None
    return change_rules.require_target_and_possible_end(context, item, change)


def _fields_that_differ(user: users.User, from_other: users.User) -> dict[str, str | bool | None]:
    """Return the role, state, email and fields of the profile of `user`, each only if `from_other` has another one."""
    return {
        **(user.held_role.to_json() if user.held_role != from_other.held_role else {}),
        **({"active": user.active} if user.active != from_other.active else {}),
        **({"email": user.email} if user.email != from_other.email else {}),
        **user.profile.fields_that_differ(from_other.profile),
    }


@contextmanager
def conflict_instead_of_last_admin_if_changed(target_as_read: users.User) -> Iterator[None]:
    """Turn `LastAdmin` into `ConcurrentChange` if the target has changed since it was read.

    When two requests demote the same admin at once, the second one finds `LastAdmin` although its demotion has
    already happened. `ConcurrentChange` makes the caller read the target again. Raises `UserNotFound` if the
    target is gone.
    """
    try:
        yield
    except LastAdmin:
        item = users.read_item_of_undeleted_user(target_as_read.tenant_id, target_as_read.id)
        if users.User.from_item(item, clock.now()).version != target_as_read.version:
            raise ConcurrentChange from None
        raise
