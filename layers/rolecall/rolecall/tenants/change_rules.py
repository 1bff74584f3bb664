"""What a change of a tenant user may do: the rules of who may change what of whom. Nothing here writes.

The rules on roles alone are in `auth.roles`.
"""

from copy import replace
from typing import NamedTuple, Self

from rolecall import clock
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
from rolecall.config import config
from rolecall.errors import Forbidden, LastAdmin, SelfChangeDenied, UserNotFound, ValidationFailed
from rolecall.storage import dynamodb
from rolecall.tenants.user_profiles import UserProfile
from rolecall.tenants.users import User


class UserChange(NamedTuple):
    """What a change sets; None leaves a field as it is. `until` is the end of a temporary role, in seconds since 1970.

    `email` must be in the form of `email_addresses.parse_address_to_ascii`. `profile` replaces the whole profile.
    """

    role: Role | None = None
    until: int | None = None
    active: bool | None = None
    email: str | None = None
    profile: UserProfile | None = None

    def without_present_role_and_state(self, user: User) -> Self:
        """Return the change without the role and the state, each if the user has it already.

        To set one's own present role is refused like any change of one's own role. A request that names all fields of a
        user, as an identity provider sends it, means only those that differ. A temporary role that the request repeats
        stays temporary.
        """
        change = self._replace(role=None) if self.role is user.role and self.until is None else self
        return change._replace(active=None) if change.active is user.active else change


def decide_change(context: RequestContext, target: User, change: UserChange) -> User:
    """Return the target after the change; raise `SelfChangeDenied`, `RoleTransitionDenied`, `Forbidden` if not allowed.

    The result equals `target` if nothing changes. Raises `Forbidden` for a caller who is no user of a tenant, and
    `SelfChangeDenied` for one's own role or state. For a new role, raises `ValidationFailed` for an end of a role that
    is not above the lasting one, and `RoleTransitionDenied` for a change that the actor's role does not allow. For a
    change of the state, raises `Forbidden` for a user whom the actor does not manage, or who would get powers that
    outlive the actor's role. Email and profile can be changed by an admin only, also one's own: raises `Forbidden` for
    every other actor, and for one whose temporary role ends before a higher role of the user. Raises `ValidationFailed`
    for a profile with an invalid field.
    """
    actor, oneself = require_tenant_user(context.principal), target.id == context.principal.id
    new = target
    if change.role is not None:
        held = decide_role_change(actor, target.held_role, change.role, change.until, target_is_actor=oneself)
        new = replace(new, held_role=held)
    if change.active is not None:
        if oneself:
            raise SelfChangeDenied("you cannot activate or deactivate yourself: ask someone else")
        check_may_manage(actor.role, target.role)
        new = replace(new, active=change.active)
        check_may_hand_on(actor, powers_given_by_role_change_or_activation(target, new))
    if change.email is not None or change.profile is not None:
        if actor.role is not Role.ADMIN:
            raise Forbidden(f"your role, {actor.role}, may not change an email or a profile")
        profile = target.profile if change.profile is None else change.profile.checked()
        new = replace(new, email=change.email or target.email, profile=profile)
        if not oneself:
            check_may_hand_on(actor, powers_given_by_new_identity(target, new))
    return new


def decide_promotion(
    context: RequestContext, item: dynamodb.Item | None, new_role: Role, until: int | None
) -> tuple[User, User]:
    """Return the user before and after a promotion, without writing it; raise `UserNotFound` and others.

    `item` is the user's item, or None for no user. Raises `UserNotFound`, `ValidationFailed`, `Forbidden`,
    `SelfChangeDenied` and `RoleTransitionDenied`, like `user_changes.promote_user` before its transaction.
    """
    if item is not None and item.get("deleted_at"):
        item = None
    change = UserChange(role=new_role, until=until)
    old = User.from_item(require_target_and_possible_end(context, item, change), clock.now())
    return old, decide_change(context, old, change)


def require_target_and_possible_end(
    context: RequestContext, item: dynamodb.Item | None, change: UserChange
) -> dynamodb.Item:
    """Return the item; raise `ValidationFailed` for an end that is too near or too far, or `UserNotFound` for None.

    An end that the user's role has already is allowed, also if it is near by now: a repeated request changes nothing.
    """
    problem = problem_of_end(change.until, context.at, config().max_temporary_role_days)
    if item is None:
        raise ValidationFailed(problem) if problem else UserNotFound
    if problem:
        held = User.from_item(item, clock.now()).held_role
        if (held.role, held.until) != (change.role, change.until):
            raise ValidationFailed(problem)
    return item


def require_remaining_admin(active_admins: int, old: User, new: User) -> int:
    """Return the number of active admins after a change of a user; raise `LastAdmin` if the change leaves none.

    The transaction of the change has the same condition, see `preconditions.tenant_active`.
    """
    delta = admin_count_delta(old.counted_role, new.counted_role)
    if delta < 0 and active_admins + delta < 1:
        raise LastAdmin
    return active_admins + delta


def powers_given_by_role_change_or_activation(old: User, new: User) -> tuple[Power, ...]:
    """Return the powers that a change gives: an activation gives all powers of the user's roles."""
    is_activated = new.active and not old.active
    return powers_of(new.held_role) if is_activated else powers_new_or_with_another_end(old.held_role, new.held_role)


def powers_given_by_new_identity(old: User, new: User) -> tuple[Power, ...]:
    """Return the powers that a new email or profile gives to whom it names: all powers of the user's roles.

    An identity provider finds users by their email or external id, so somebody else could act as the user from then on.
    """
    return powers_of(old.held_role) if (new.email, new.profile) != (old.email, old.profile) else ()


def require_tenant_user(principal: Principal) -> HeldRole[Role]:
    """Return the role of a caller who is a user of a tenant; raise `Forbidden` for any other caller."""
    held = principal.held_tenant_role
    if held is None:
        raise Forbidden
    return held
