"""What must still be true when a change is written: the tenant is active, and the actor is still authorized.

Every transaction that writes into a tenant contains `tenant_active`. Every transaction on behalf of a user or account
contains `actor_still_authorized`.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import and_, or_

from rolecall.auth.principals import Principal, PrincipalType
from rolecall.auth.roles import Power, check_may_hand_on, roles_not_below
from rolecall.errors import Forbidden, LastAdmin, RolecallError, Unauthorized
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr, Condition

ACTIVE = "active"

DELETING = "deleting"

#: The status of a tenant whose deletion is scheduled. The tenant is closed, but nothing of it is removed before
#: `deletes_at`.
SCHEDULED = "scheduled"

#: The write condition that an account has no temporary password. An account with one must change it before it may do
#: anything else.
_NO_PASSWORD_CHANGE_REQUIRED = Attr("password_change_required").not_exists() | Attr("password_change_required").eq(
    False
)


def tenant_active(tenant_id: str, *, admin_delta: int = 0) -> writes.Write:
    """A write that fails with `Unauthorized` for a tenant that is not active, or `LastAdmin` if no admin would be left.

    It changes the tenant's count of active admins by `admin_delta` (1, 0 or -1). A tenant is not active if its deletion
    is scheduled, runs or is complete. None of its tokens is valid then.
    """
    key = keys.tenant(tenant_id)
    active: Condition = Attr("status").eq(ACTIVE)

    def on_condition_failure(found: dynamodb.Item | None) -> RolecallError:
        return LastAdmin() if found and found["status"] == ACTIVE else Unauthorized()

    if admin_delta == 0:
        return writes.Check(key, when=active, on_condition_failure=on_condition_failure)
    if admin_delta < 0:
        active = active & Attr("active_admins").gt(-admin_delta)
    # `admin_changes` counts the changes of `active_admins`. The check of the invariants reads it before and after
    # counting admins, and equal numbers prove that no admin was added or removed meanwhile.
    return writes.Update(
        key,
        add={"active_admins": admin_delta, "admin_changes": 1},
        when=active,
        on_condition_failure=on_condition_failure,
    )


def actor_still_authorized(principal: Principal, *, gives: Iterable[Power] = ()) -> list[writes.Write]:
    """Condition checks that fail with `Unauthorized` or `Forbidden` if the actor has lost its access or its role.

    The error is `Unauthorized` for an actor who is inactive or deleted, or whose password was reset, which has ended
    the session. It is `Forbidden` for an active one who has another role than the authorizer saw. The role must be in
    force at the moment at which the transaction is sent.
    `gives` are the powers that the change gives to somebody. The error is `Forbidden` too if one of them would outlive
    the actor's role at that moment. The list is empty for an operator.
    """
    powers_outlive_nothing = map(_actor_can_hand_on, gives)
    conditions = [_role_in_force(principal.role), *powers_outlive_nothing]
    return _actor_checks(principal, Forbidden, *conditions)


def _role_in_force(role: str) -> Condition:
    """The condition on an item that this is its role now: a temporary one before its end, else the lasting one."""
    until = Attr("role_until")
    not_ended = Attr("role").eq(role) & (until.not_exists() | until.is_after_now())
    return not_ended | (Attr("lasting_role").eq(role) & until.is_not_after_now())


def _actor_can_hand_on(power: Power) -> Condition:
    """The condition for `roles.may_hand_on`. The end of the actor's role may be another one than the authorizer saw."""
    until, high_enough = Attr("role_until"), roles_not_below(power.role)
    lasting_role_suffices = until.not_exists() & reduce(or_, map(Attr("role").eq, high_enough))
    lasting_role_suffices = lasting_role_suffices | reduce(or_, map(Attr("lasting_role").eq, high_enough))
    return lasting_role_suffices if power.until is None else lasting_role_suffices | until.gte(power.until)


def require_actor_still_authorized(principal: Principal) -> None:
    """Raise the errors of `actor_still_authorized`, also for a tenant that is not active. Nothing for an operator.

    It is for requests that end without a transaction on behalf of the actor, such as one about a user who does not
    exist: an actor whose access or role has ended must not learn that. Raises `ServiceUnavailable` or
    `ConcurrentChange` too.
    """
    checks = tenant_active_and_actor_still_authorized(principal)
    if checks:
        writes.transact(*checks)


def require_may_hand_on(principal: Principal, powers: Iterable[Power]) -> None:
    """Raise `Forbidden` if one of these powers would outlive the role of the caller, as the authorizer has seen it.

    A caller whose access has ended gets `Unauthorized` instead. Nothing for an operator.
    """
    actor = principal.held_tenant_role or principal.held_platform_role
    if actor is not None:
        try:
            check_may_hand_on(actor, powers)
        except Forbidden:
            require_actor_still_authorized(principal)
            raise


def tenant_active_and_actor_still_authorized(principal: Principal) -> list[writes.Write]:
    """The checks of `tenant_active` and `actor_still_authorized`. An operator has no checks."""
    tenant_checks = [tenant_active(principal.tenant_id)] if principal.tenant_id else []
    return [*tenant_checks, *actor_still_authorized(principal)]


def actor_active(principal: Principal) -> list[writes.Write]:
    """Condition checks that fail with `Unauthorized` if the actor has lost its access. Empty for an operator.

    An actor has lost its access if it is inactive or deleted, or if its password was reset.
    """
    return _actor_checks(principal, Unauthorized)


def _actor_checks(
    principal: Principal, error_if_active: Callable[[], RolecallError], *conditions: Condition
) -> list[writes.Write]:
    """One check of the actor's item, or none for an operator.

    It fails with `Unauthorized` if the actor is inactive or deleted, or its password was reset after the authorizer
    read it, and with `error_if_active` if only one of the `conditions` does not hold.
    """
    match principal.type:
        case PrincipalType.USER:
            key, must_be = keys.user(principal.tenant_id, principal.id), {"active": True}
        case PrincipalType.ACCOUNT:
            key, must_be = keys.account(int(principal.id)), {"enabled": True, "banned": False}
        case _:
            return []
    # Only an account can have a temporary password. With one, it may change its password and log out.
    must_have_own_password = principal.type is PrincipalType.ACCOUNT and not principal.password_change_required

    def on_condition_failure(found: dynamodb.Item | None) -> RolecallError:
        is_active = (
            found is not None
            and all(found[name] is value for name, value in must_be.items())
            and not (must_have_own_password and found.get("password_change_required"))
        )
        return error_if_active() if is_active else Unauthorized()

    of_password = [_NO_PASSWORD_CHANGE_REQUIRED] if must_have_own_password else []
    when = reduce(and_, [*conditions, *of_password, *(Attr(name).eq(value) for name, value in must_be.items())])
    return [writes.Check(key, when=when, on_condition_failure=on_condition_failure, send_before=principal.role_until)]
