"""Changes to platform accounts: the role, bans, and whether an account is enabled."""

from collections.abc import Callable
from copy import replace
from typing import Any

from rolecall.accounts import accounts
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import PlatformRole
from rolecall.clock import rfc3339
from rolecall.errors import (
    PreconditionFailed,
    SelfChangeDenied,
)
from rolecall.storage import keys, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, logger

#: The versions that an `If-Match` header names, or None if the request has no such header.
type Versions = frozenset[int] | None


def change_account_role(
    context: RequestContext,
    account_id: int,
    new_role: PlatformRole,
    *,
    reason: str | None = None,
    if_match: Versions = None,
) -> accounts.Account:
    """Change the role of another account; see `_change_account` for what it raises.

    The new role counts from the next request on, also for access tokens issued before, because the
    authorizer reads the account at each request.
    """
    return _change_account(
        context, "change_account_role", account_id, lambda old: replace(old, role=new_role), reason, if_match
    )


def ban_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Ban another account and end all of its sessions for good; see `_change_account`."""

    def ban(old: accounts.Account) -> accounts.Account:
        return old if old.banned else replace(old, banned=True, ban_reason=reason, banned_at=rfc3339(context.at))

    return _change_account(context, "ban_account", account_id, ban, reason, if_match)


def unban_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Lift the ban of another account; see `_change_account`."""
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
    """Disable another account and end all of its sessions for good; see `_change_account`."""
    return _change_account(
        context, "disable_account", account_id, lambda old: replace(old, enabled=False), reason, if_match
    )


def enable_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Enable another account again; see `_change_account`."""
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
    """Apply `transform` to another account and save the result; write nothing if it is equal.

    One transaction checks that the account is as it was read and that the actor still has its role; it also
    updates the count of superadmins and writes the audit entry. Raises, in this order: `AccountNotFound`,
    `PreconditionFailed`, `SelfChangeDenied`, `LastSuperadmin`, `ConcurrentChange`. Raises `Forbidden` if the
    actor's role has changed since the authorizer read it, `Unauthorized` if the actor is no longer active.
    """

    def attempt() -> tuple[accounts.Account, accounts.Account]:
        old = accounts.get_account(account_id)
        if if_match is not None and old.version not in if_match:
            raise PreconditionFailed
        if str(old.id) == context.principal.id:
            raise SelfChangeDenied
        requested = transform(old)
        return old, old if requested == old else _save_account(context, action, old, requested, reason)

    old, new = retries.retry_on_conflict(attempt)
    if new != old:
        logger.info("account changed", action=action, account_id=account_id)
        count_metric("AccountChanged")
    return new


def _save_account(
    context: RequestContext, action: str, old: accounts.Account, requested: accounts.Account, reason: str | None
) -> accounts.Account:
    """Write `requested` with a new version, and a new session generation if the account is no longer active."""
    ends_sessions = old.is_active and not requested.is_active
    new = replace(
        requested,
        updated_at=rfc3339(context.at),
        version=old.version + 1,
        session_generation=old.session_generation + ends_sessions,
    )
    requested_changes = _changed_fields(old, requested)
    writes.transact(
        *accounts.superadmin_count_writes(new.is_active_superadmin - old.is_active_superadmin),
        writes.Update(
            keys.account(old.id),
            # The role event is made from this item, so the item has the reason too.
            set={**_changed_fields(old, new), **new.role_and_state_index_entry(), "change_reason": reason},
            when=Attr("version").eq(old.version),
        ),
        *preconditions.actor_still_authorized(context.principal),
        trail.new_entry(
            context,
            action,
            ("account", str(old.id)),
            scope=keys.PLATFORM,
            before={name: getattr(old, name) for name in requested_changes},
            after=requested_changes,
            reason=reason,
        ),
    )
    return new


def _changed_fields(old: accounts.Account, new: accounts.Account) -> dict[str, Any]:
    """Return the fields whose values differ, with their new values."""
    return {name: getattr(new, name) for name in accounts.FIELDS if getattr(new, name) != getattr(old, name)}
