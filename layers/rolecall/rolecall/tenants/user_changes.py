"""Changes to tenant users: their role, and whether they are active."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import replace
from typing import NamedTuple, Self

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import Principal, RequestContext
from rolecall.auth.roles import (
    HeldRole,
    Power,
    Role,
    admin_count_delta,
    check_may_hand_on,
    check_may_manage,
    decide_role_change,
    powers_new_or_with_another_end,
    powers_of,
    problem_of_end,
)
from rolecall.clock import rfc3339, rfc3339_of_second, second_of_rfc3339
from rolecall.config import config
from rolecall.errors import (
    ConcurrentChange,
    Forbidden,
    LastAdmin,
    PreconditionFailed,
    SelfChangeDenied,
    UserNotFound,
    ValidationFailed,
)
from rolecall.storage import dynamodb, keys, retries, writes
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import role_ends, users


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
    """Change another user's role; raise `UserNotFound`, `SelfChangeDenied`, `RoleTransitionDenied`, `LastAdmin` …

    The user belongs to the caller's tenant. A user who has that role already stays unchanged. With `until`, as
    `clock.rfc3339` writes it, the role is temporary: from that second on the user has its lasting role again. The same
    role without `until` becomes the lasting one.

    One transaction checks that the target is as it was read, that the actor still has its role and that the
    tenant is active; it also updates the count of active admins and writes the audit entry. Raises, in this
    order: `UserNotFound`, `PreconditionFailed`, `ValidationFailed`, `SelfChangeDenied`, `RoleTransitionDenied`,
    `LastAdmin`, `ConcurrentChange`. Raises `Forbidden` if the actor's role has changed since the authorizer read it,
    `Unauthorized` if the actor is no longer active.
    """
    role_and_until = higher_lower_or_same_role, None if until is None else second_of_rfc3339(until)
    old, new = retries.retry_on_conflict(
        lambda: _read_check_and_write_change(context, "promote_user", user_id, role_and_until, None, reason, if_match)
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
    *,
    new_role: Role | None = None,
    new_active: bool | None = None,
    reason: str | None = None,
    if_match: frozenset[int] | None = None,
) -> users.User:
    """Change another user's role or state; raise `UserNotFound`, `SelfChangeDenied`, `Forbidden`, `LastAdmin` …

    The user belongs to the caller's tenant. `new_active` is the new state; an inactive user can't do anything. Raises,
    in this order: `UserNotFound`, `PreconditionFailed`, `SelfChangeDenied`, `RoleTransitionDenied` for the role,
    `Forbidden` for the state of a user whom the actor does not manage or whose role would outlive the actor's,
    `LastAdmin`, `ConcurrentChange`. Raises `Forbidden` if the actor's role has changed since the authorizer read it,
    `Unauthorized` if the actor is no longer active.
    """
    old, new = retries.retry_on_conflict(
        lambda: _read_check_and_write_change(
            context,
            "update_user",
            user_id,
            None if new_role is None else (new_role, None),
            new_active,
            reason,
            if_match,
        )
    )
    logger.info("user updated", tenant_id=new.tenant_id, user_id=new.id, role=new.role, active=new.active)
    count_metric("UserDeactivated", int(old.active and not new.active))
    return new


def _read_check_and_write_change(
    context: RequestContext,
    audit_action: str,
    user_id: str,
    new_role_and_until: tuple[Role, int | None] | None,
    new_active: bool | None,
    reason: str | None,
    if_match: frozenset[int] | None,
) -> tuple[users.User, users.User]:
    """Write a change and return the user before and after; raise `PreconditionFailed`, `UserNotFound`, `LastAdmin` …

    Writes nothing, and returns the user twice, if nothing changes. Raises, in this order: `UserNotFound`,
    `ValidationFailed` for `until`, `PreconditionFailed`, the errors of `decide_change`, `LastAdmin`,
    `ConcurrentChange`. Raises `Unauthorized` or `Forbidden` if the actor has changed.
    """
    actor = context.principal
    item = _read_target_refusing_impossible_end(context, user_id, new_role_and_until)
    old = users.User.from_item(item, clock.now())
    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
    new = decide_change(context, old, new_role_and_until, new_active)
    if new == old:
        return old, old
    actor_checks = preconditions.actor_still_authorized(
        actor, gives=powers_given_by_role_change_or_activation(old, new)
    )
    if old.has_unwritten_end:
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
                    "session_generation": new.session_generation,
                    "updated_at": new.updated_at,
                    "change_reason": reason,  # for the role event, which is made from this item
                },
                add={"version": 1},
                remove=old.role_attributes_to_remove(new),
                when=old.unchanged_condition,
                send_before=old.held_role.until,
            ),
            *actor_checks,
            trail.new_entry(
                context,
                audit_action,
                ("user", old.id),
                scope=old.tenant_id,
                before=_role_and_state_that_differ(old, new),
                after=_role_and_state_that_differ(new, old),
                reason=reason,
            ),
        )
    count_metric("RoleChanged", int(old.held_role != new.held_role))
    return old, new


def _read_target_refusing_impossible_end(
    context: RequestContext, user_id: str, new_role_and_until: tuple[Role, int | None] | None
) -> dynamodb.Item:
    """Return the user's item; raise `UserNotFound`, or `ValidationFailed` for an end that is too near or too far."""
    try:
        item = users.read_item_of_undeleted_user(context.principal.tenant_id, user_id)
    except UserNotFound:
        item = None
    return _require_target_and_possible_end(context, item, new_role_and_until)


def _require_target_and_possible_end(
    context: RequestContext, item: dynamodb.Item | None, new_role_and_until: tuple[Role, int | None] | None
) -> dynamodb.Item:
    """Return the item; raise `ValidationFailed` for an end that is too near or too far, or `UserNotFound` for None.

    An end that the user's role has already is allowed, also if it is near by now: a repeated request changes nothing.
    """
    new_role, until = new_role_and_until or (None, None)
    problem = problem_of_end(until, context.at, config().max_temporary_role_days)
    if item is None:
        raise ValidationFailed(problem) if problem else UserNotFound
    if problem:
        held = users.User.from_item(item, clock.now()).held_role
        if (held.role, held.until) != (new_role, until):
            raise ValidationFailed(problem)
    return item


def decide_promotion(
    context: RequestContext, item: dynamodb.Item | None, new_role: Role, until: str | None
) -> tuple[users.User, users.User]:
    """Return the user before and after a promotion, without writing it; raise `UserNotFound`, `SelfChangeDenied` …

    `item` is the user's item, or None for no user. Raises `UserNotFound`, `ValidationFailed`, `Forbidden`,
    `SelfChangeDenied` and `RoleTransitionDenied`, like `promote_user` before its transaction.
    """
    role_and_until = new_role, None if until is None else second_of_rfc3339(until)
    if item is not None and item.get("deleted_at"):
        item = None
    old = users.User.from_item(_require_target_and_possible_end(context, item, role_and_until), clock.now())
    return old, decide_change(context, old, role_and_until, None)


def require_remaining_admin(active_admins: int, old: users.User, new: users.User) -> int:
    """Return the number of active admins after a change of a user; raise `LastAdmin` if the change leaves none.

    The transaction of the change has the same condition, see `preconditions.tenant_active`.
    """
    delta = admin_count_delta(old.counted_role, new.counted_role)
    if delta < 0 and active_admins + delta < 1:
        raise LastAdmin
    return active_admins + delta


def _role_and_state_that_differ(user: users.User, from_other: users.User) -> dict[str, str | bool]:
    """Return the role and the state of `user`, each only if `from_other` has another one; no other fields."""
    return {
        **(user.held_role.to_json() if user.held_role != from_other.held_role else {}),
        **({"active": user.active} if user.active != from_other.active else {}),
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


def decide_change(
    context: RequestContext,
    target: users.User,
    new_role_and_until: tuple[Role, int | None] | None,
    new_active: bool | None,
) -> users.User:
    """Return the target after the change; raise `SelfChangeDenied`, `RoleTransitionDenied`, `Forbidden` if not allowed.

    Writes nothing. The result equals `target` if nothing changes. Raises `Forbidden` for a caller who is no user of a
    tenant, and `SelfChangeDenied` for oneself. For a new role, raises `ValidationFailed` for an end of a role that is
    not above the lasting one, and `RoleTransitionDenied` for a change that the actor's role does not allow. For a
    change of `new_active`, raises `Forbidden` for a user whom the actor does not manage, or who would get powers that
    outlive the actor's role.
    """
    actor, oneself = require_tenant_user(context.principal), target.id == context.principal.id
    new = target
    if new_role_and_until is not None:
        held = decide_role_change(actor, target.held_role, *new_role_and_until, target_is_actor=oneself)
        new = replace(new, held_role=held)
    if new_active is not None:
        if oneself:
            raise SelfChangeDenied("you cannot activate or deactivate yourself: ask someone else")
        check_may_manage(actor.role, target.role)
        new = replace(new, active=new_active)
        check_may_hand_on(actor, powers_given_by_role_change_or_activation(target, new))
    return new


def powers_given_by_role_change_or_activation(old: users.User, new: users.User) -> tuple[Power, ...]:
    """Return the powers that a change gives: an activation gives all powers of the user's roles."""
    is_activated = new.active and not old.active
    return powers_of(new.held_role) if is_activated else powers_new_or_with_another_end(old.held_role, new.held_role)


def require_tenant_user(principal: Principal) -> HeldRole[Role]:
    """Return the role of a caller who is a user of a tenant; raise `Forbidden` for any other caller."""
    held = principal.held_tenant_role
    if held is None:
        raise Forbidden
    return held
