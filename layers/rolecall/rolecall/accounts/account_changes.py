"""Changes to platform accounts: the role, bans, and whether an account is enabled."""

from collections.abc import Callable
from copy import replace
from typing import Any

from rolecall import clock
from rolecall.accounts import accounts, role_ends
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import (
    PlatformRole,
    Power,
    check_change_outlives_nothing,
    check_may_hand_on,
    powers_new_or_with_another_end,
    powers_of,
    problem_of_end,
)
from rolecall.clock import rfc3339, second_of_rfc3339
from rolecall.config import config
from rolecall.errors import AccountNotFound, PreconditionFailed, SelfChangeDenied, ValidationFailed
from rolecall.storage import keys, retries, writes
from rolecall.telemetry import count_metric, logger

#: The versions of the account that an `If-Match` header allows, or None if every version is allowed.
type Versions = frozenset[int] | None


def change_account_role(
    context: RequestContext,
    account_id: int,
    new_role: PlatformRole,
    *,
    until: str | None = None,
    reason: str | None = None,
    if_match: Versions = None,
) -> accounts.Account:
    """Change another account's role; raise `AccountNotFound`, `ValidationFailed`, `SelfChangeDenied` and others.

    Raises the errors of `_change_account`. With `until`, as `clock.rfc3339` writes it, the role is temporary: from that
    second on the account has its lasting role again. The same role without `until` becomes the lasting one. Raises
    `ValidationFailed` for an `until` that is too near or too far, or with a role that is not above the lasting one.

    The new role counts from the next request on, also for access tokens issued before, because the
    authorizer reads the account at each request.
    """
    end = None if until is None else second_of_rfc3339(until)
    problem = problem_of_end(end, context.at, config().max_temporary_role_days)

    def change(old: accounts.Account) -> accounts.Account:
        # A repeated request names the role and the end time that the account has already. It changes nothing. So it is
        # accepted, even if that end time is too near by now.
        if problem and (old.role, old.held_role.until) != (new_role, end):
            raise ValidationFailed(problem)
        return replace(old, held_role=old.held_role.changed_to(new_role, end))

    try:
        return _change_account(context, "change_account_role", account_id, change, reason, if_match)
    except AccountNotFound:
        if problem:
            raise ValidationFailed(problem) from None
        raise


def ban_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Ban another account and end its sessions; raise `AccountNotFound`, `SelfChangeDenied` and others.

    An account that is banned already stays unchanged, also its reason. Raises the errors of `_change_account`.
    """

    def ban(old: accounts.Account) -> accounts.Account:
        return old if old.banned else replace(old, banned=True, ban_reason=reason, banned_at=rfc3339(context.at))

    return _change_account(context, "ban_account", account_id, ban, reason, if_match)


def unban_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Lift the ban of another account; raise `AccountNotFound`, `SelfChangeDenied` and others.

    An account that is not banned stays unchanged. Raises the errors of `_change_account`.
    """
    return _change_account(
        context,
        "unban_account",
        account_id,
        lambda old: replace(old, banned=False, ban_reason=None, banned_at=None),
        reason,
        if_match,
    )


def disable_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Disable another account and end its sessions; raise `AccountNotFound`, `SelfChangeDenied` and others.

    A disabled account stays unchanged. Raises the errors of `_change_account`.
    """
    return _change_account(
        context, "disable_account", account_id, lambda old: replace(old, enabled=False), reason, if_match
    )


def enable_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Enable another account again; raise `AccountNotFound`, `SelfChangeDenied` and others.

    An enabled account stays unchanged. Raises the errors of `_change_account`.
    """
    return _change_account(
        context, "enable_account", account_id, lambda old: replace(old, enabled=True), reason, if_match
    )


def _change_account(
    context: RequestContext,
    action: str,
    account_id: int,
    transform: Callable[[accounts.Account], accounts.Account],
    reason: str | None,
    if_match: Versions,
) -> accounts.Account:
    """Save another account as `transform` returns it; raise `AccountNotFound`, `PreconditionFailed` and others.

    Writes nothing if `transform` changes nothing. One transaction checks that the account is as it was read and that
    the actor still has its role; it also updates the count of superadmins and writes the audit entry. Raises, in this
    order: `AccountNotFound`, `PreconditionFailed`, the errors of `transform`, `SelfChangeDenied`, `LastSuperadmin`,
    `ConcurrentChange`. Raises `RoleTransitionDenied` or `Forbidden` if the actor's role is temporary and the change
    gives a power that outlives it, `Forbidden` if the actor's role has changed since the authorizer read it,
    `Unauthorized` if the actor is no longer active.
    """

    def attempt() -> tuple[accounts.Account, accounts.Account]:
        item = accounts.read_item(account_id)
        old = accounts.Account.from_item(item, clock.now())
        if if_match is not None and old.version not in if_match:
            raise PreconditionFailed
        requested = transform(old)
        if str(old.id) == context.principal.id:
            raise SelfChangeDenied
        if requested == old:
            preconditions.require_actor_still_authorized(context.principal)
            return old, old
        powers = _check_and_list_powers_given(context, old, requested)
        actor_checks = preconditions.actor_still_authorized(context.principal, gives=powers)
        change_context = (
            role_ends.write_end_before_other_change(context, item, actor_checks) if old.has_unwritten_end else context
        )
        return old, _save_account(change_context, action, old, requested, reason, actor_checks)

    old, new = retries.retry_on_conflict(attempt)
    if new != old:
        logger.info("account changed", action=action, account_id=account_id)
        count_metric("AccountChanged")
    return new


def _save_account(
    context: RequestContext,
    action: str,
    old: accounts.Account,
    requested: accounts.Account,
    reason: str | None,
    actor_checks: list[writes.Write],
) -> accounts.Account:
    """Write `requested` and return it as written; raise `LastSuperadmin`, `ConcurrentChange`, `Forbidden` and others.

    It gets a new version, and a new session generation if the account is no longer active. Raises `Unauthorized` if the
    actor is no longer active.
    """
    ends_sessions = old.is_active and not requested.is_active
    new = replace(
        requested,
        updated_at=rfc3339(context.at),
        version=old.version + 1,
        session_generation=old.session_generation + ends_sessions,
        has_unwritten_end=False,
    )
    requested_changes = _changed_fields(old, requested)
    writes.transact(
        *accounts.superadmin_count_writes(new.counts_as_superadmin - old.counts_as_superadmin),
        writes.Update(
            keys.account(old.id),
            # The event that tells other services about the change is made from this item. So the item stores the reason
            # and the actor too.
            set={
                **_changed_fields(old, new),
                **new.role_and_index_attributes(),
                "change_reason": reason,
                "changed_by": context.principal.type_and_id,
            },
            remove=old.role_attributes_to_remove(new),
            when=old.unchanged_condition,
            send_before=old.held_role.until,
        ),
        *actor_checks,
        trail.new_entry(
            context,
            action,
            ("account", str(old.id)),
            scope=keys.PLATFORM,
            before={**_role_if_changed(old, new), **{name: getattr(old, name) for name in requested_changes}},
            after={**_role_if_changed(new, old), **requested_changes},
            reason=reason,
        ),
    )
    return new


def _role_if_changed(account: accounts.Account, other: accounts.Account) -> dict[str, str]:
    """Return the role of `account`, or nothing if `other` has the same one."""
    return account.held_role.to_json() if account.held_role != other.held_role else {}


def _check_and_list_powers_given(
    context: RequestContext, old: accounts.Account, new: accounts.Account
) -> tuple[Power, ...]:
    """Return the powers that a change gives; raise `RoleTransitionDenied` or `Forbidden` if one outlives its source.

    An account that becomes active again gets all powers of its roles. Raises `RoleTransitionDenied` for a change of the
    role, and `Forbidden` for any other change.
    """
    is_activated = new.is_active and not old.is_active
    powers = powers_of(new.held_role) if is_activated else powers_new_or_with_another_end(old.held_role, new.held_role)
    actor = context.principal.held_platform_role
    if actor is not None and new.held_role != old.held_role:
        check_change_outlives_nothing(actor, old.held_role, new.held_role)
    elif actor is not None:
        check_may_hand_on(actor, powers)
    return powers


def _changed_fields(old: accounts.Account, new: accounts.Account) -> dict[str, Any]:
    """Return the fields whose values differ, with their new values."""
    return {name: getattr(new, name) for name in accounts.FIELDS if getattr(new, name) != getattr(old, name)}
