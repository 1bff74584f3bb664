"""Users of a tenant, and the operations on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import replace
from typing import TYPE_CHECKING, NamedTuple

from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role, admin_count_delta, check_manages, check_transition
from rolecall.clock import rfc3339
from rolecall.errors import (
    ConcurrentChange,
    LastAdmin,
    PreconditionFailed,
    SelfChangeDenied,
)
from rolecall.storage import keys, retries, writes
from rolecall.telemetry import count, logger
from rolecall.tenants import users

if TYPE_CHECKING:
    pass


class RoleChange(NamedTuple):
    """What a change of role came to; `version` is the user's version after it."""

    user_id: str
    old_role: Role
    new_role: Role
    version: int


def promote_user(
    context: RequestContext, user_id: str, new_role: Role, *, if_match: frozenset[int] | None = None
) -> RoleChange:
    """Change the role of someone else in the caller's tenant; the role that they have already changes nothing.

    One transaction holds the target as it was read, the actor's standing, the tenant's status with its
    count of active admins, and the audit entry. Raises, in this order: `UserNotFound`,
    `PreconditionFailed`, `SelfChangeDenied`, `RoleTransitionDenied`, `LastAdmin`, `ConcurrentChange`;
    `Forbidden` or `Unauthorized` if the actor lost its standing since it was authorized.
    """
    old, new = retries.retry_on_conflict(
        lambda: _change_once(context, "promote_user", user_id, new_role, None, if_match)
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
    role: Role | None = None,
    active: bool | None = None,
    if_match: frozenset[int] | None = None,
) -> users.User:
    """Change the role of someone else in the caller's tenant, or whether they are active, or both at once.

    A role obeys the rules of `promote_user`. Who is not active cannot do anything from then on. Raises
    what `promote_user` does, `SelfChangeDenied` and `Forbidden` also for a change of `active` of oneself
    and of someone whom the actor does not manage.
    """
    old, new = retries.retry_on_conflict(lambda: _change_once(context, "update_user", user_id, role, active, if_match))
    logger.info("user updated", tenant_id=new.tenant_id, user_id=new.id, role=new.role, active=new.active)
    count("UserDeactivated", int(old.active and not new.active))
    return new


def _change_once(
    context: RequestContext,
    action: str,
    user_id: str,
    role: Role | None,
    active: bool | None,
    if_match: frozenset[int] | None,
) -> tuple[users.User, users.User]:
    """The user before and after the change."""
    actor = context.principal
    old = users.User.from_item(users.read_user_item(actor.tenant_id, user_id))
    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
    _check_may_change(context, old, role, active)
    new = replace(old, role=old.role if role is None else role, active=old.active if active is None else active)
    if new == old:
        return old, old
    new = replace(new, updated_at=rfc3339(context.at), version=old.version + 1)
    changed = [name for name in ("role", "active") if getattr(old, name) != getattr(new, name)]
    with last_admin_unless_changed(old):
        writes.transact(
            preconditions.tenant_active(old.tenant_id, admins=admin_count_delta(old.counted_role, new.counted_role)),
            writes.Update(
                keys.user(old.tenant_id, old.id),
                set={
                    "role": new.role,
                    "active": new.active,
                    "updated_at": new.updated_at,
                    **keys.users_by_role(new.tenant_id, new.role, new.active).entry(new.email.lower()),
                },
                add={"version": 1},
                when=old.as_read,
            ),
            *preconditions.actor_still_authorized(actor),
            trail.new_entry(
                context,
                action,
                ("user", old.id),
                scope=old.tenant_id,
                before={name: getattr(old, name) for name in changed},
                after={name: getattr(new, name) for name in changed},
            ),
        )
    count("RoleChanged", int(old.role is not new.role))
    return old, new


@contextmanager
def last_admin_unless_changed(target: users.User) -> Iterator[None]:
    """`LastAdmin` counts only while the target is what it was; else it is `ConcurrentChange`, and looked at again.

    Two equal demotions at once: for the second one there is nothing left to do, and nothing wrong with it. Raises
    `UserNotFound` for a target that is gone.
    """
    try:
        yield
    except LastAdmin:
        if users.User.from_item(users.read_user_item(target.tenant_id, target.id)).version != target.version:
            raise ConcurrentChange from None
        raise


def _check_may_change(context: RequestContext, target: users.User, role: Role | None, active: bool | None) -> None:
    actor, oneself = Role(context.principal.role), target.id == context.principal.id
    if role is not None:
        check_transition(actor, target.role, role, oneself=oneself)
    if active is not None:
        if oneself:
            raise SelfChangeDenied("you cannot activate or deactivate yourself: ask someone else")
        check_manages(actor, target.role)
