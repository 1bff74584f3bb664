"""Changes to tenant users: their role, and whether they are active."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import replace
from typing import NamedTuple

from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role, admin_count_delta, check_may_manage, check_role_change_allowed
from rolecall.clock import rfc3339
from rolecall.errors import ConcurrentChange, LastAdmin, PreconditionFailed, SelfChangeDenied
from rolecall.storage import indexes, keys, retries, writes
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import users


class RoleChange(NamedTuple):
    """The result of a role change; `version` is the user's version after it."""

    user_id: str
    old_role: Role
    new_role: Role
    version: int


def promote_user(
    context: RequestContext,
    user_id: str,
    higher_lower_or_same_role: Role,
    *,
    reason: str | None = None,
    if_match: frozenset[int] | None = None,
) -> RoleChange:
    """Change the role of another user in the caller's tenant; a user who has that role already stays unchanged.

    One transaction checks that the target is as it was read, that the actor still has its role and that the
    tenant is active; it also updates the count of active admins and writes the audit entry. Raises, in this
    order: `UserNotFound`, `PreconditionFailed`, `SelfChangeDenied`, `RoleTransitionDenied`, `LastAdmin`,
    `ConcurrentChange`. Raises `Forbidden` if the actor's role has changed since the authorizer read it,
    `Unauthorized` if the actor is no longer active.
    """
    old, new = retries.retry_on_conflict(
        lambda: _read_check_and_write_change(
            context, "promote_user", user_id, higher_lower_or_same_role, None, reason, if_match
        )
    )
    logger.info(
        "role unchanged" if old.role == new.role else "user promoted",
        tenant_id=context.principal.tenant_id,
        user_id=old.id,
        old_role=old.role,
        new_role=new.role,
    )
    return RoleChange(old.id, old.role, new.role, new.version)


def update_user(
    context: RequestContext,
    user_id: str,
    *,
    new_role: Role | None = None,
    new_active: bool | None = None,
    reason: str | None = None,
    if_match: frozenset[int] | None = None,
) -> users.User:
    """Change the role of another user in the caller's tenant, or whether that user is active, or both at once.

    A new role obeys the rules of `promote_user`. An inactive user can't do anything. Raises what
    `promote_user` raises, and for a change of `new_active`: `SelfChangeDenied` for oneself, `Forbidden` for a
    user whom the actor does not manage.
    """
    old, new = retries.retry_on_conflict(
        lambda: _read_check_and_write_change(context, "update_user", user_id, new_role, new_active, reason, if_match)
    )
    logger.info("user updated", tenant_id=new.tenant_id, user_id=new.id, role=new.role, active=new.active)
    count_metric("UserDeactivated", int(old.active and not new.active))
    return new


def _read_check_and_write_change(
    context: RequestContext,
    audit_action: str,
    user_id: str,
    new_role: Role | None,
    new_active: bool | None,
    reason: str | None,
    if_match: frozenset[int] | None,
) -> tuple[users.User, users.User]:
    """Read the user, check the rules and write the change; return the user before and after it."""
    actor = context.principal
    old = users.User.from_item(users.read_item_of_undeleted_user(actor.tenant_id, user_id))
    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
    _check_change_allowed(context, old, new_role, new_active)
    new = replace(
        old, role=old.role if new_role is None else new_role, active=old.active if new_active is None else new_active
    )
    if new == old:
        return old, old
    new = replace(
        new,
        updated_at=rfc3339(context.at),
        version=old.version + 1,
        # A deactivation ends the user's sessions for good. They stay ended after the user is active again.
        session_generation=old.session_generation + (old.active and not new.active),
    )
    changed = [name for name in ("role", "active") if getattr(old, name) != getattr(new, name)]
    with conflict_instead_of_last_admin_if_changed(old):
        writes.transact(
            preconditions.tenant_active(
                old.tenant_id, admin_delta=admin_count_delta(old.role_if_active, new.role_if_active)
            ),
            writes.Update(
                keys.user(old.tenant_id, old.id),
                set={
                    "role": new.role,
                    "active": new.active,
                    "session_generation": new.session_generation,
                    "updated_at": new.updated_at,
                    "change_reason": reason,  # for the role event, which is made from this item
                    **indexes.users_by_role_and_state(new.tenant_id, new.role, new.active).index_attributes(
                        new.email.lower()
                    ),
                },
                add={"version": 1},
                when=old.unchanged_condition,
            ),
            *preconditions.actor_still_authorized(actor),
            trail.new_entry(
                context,
                audit_action,
                ("user", old.id),
                scope=old.tenant_id,
                before={name: getattr(old, name) for name in changed},
                after={name: getattr(new, name) for name in changed},
                reason=reason,
            ),
        )
    count_metric("RoleChanged", int(old.role is not new.role))
    return old, new


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
        if (
            users.User.from_item(users.read_item_of_undeleted_user(target_as_read.tenant_id, target_as_read.id)).version
            != target_as_read.version
        ):
            raise ConcurrentChange from None
        raise


def _check_change_allowed(
    context: RequestContext, target: users.User, new_role: Role | None, new_active: bool | None
) -> None:
    actor, oneself = Role(context.principal.role), target.id == context.principal.id
    if new_role is not None:
        check_role_change_allowed(actor, target.role, new_role, target_is_actor=oneself)
    if new_active is not None:
        if oneself:
            raise SelfChangeDenied("you cannot activate or deactivate yourself: ask someone else")
        check_may_manage(actor, target.role)
