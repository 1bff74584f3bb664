"""Platform accounts, and the operations on them."""

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
from rolecall.telemetry import count, logger

type Versions = frozenset[int] | None


def change_account_role(
    context: RequestContext,
    account_id: int,
    new_role: PlatformRole,
    *,
    reason: str | None = None,
    if_match: Versions = None,
) -> accounts.Account:
    """Change the role of someone else's account.

    The new role counts from the next request on, for tokens that are out already too, as the authorizer
    reads the account each time. See `_change` for what it raises.
    """
    return _change(
        context, "change_account_role", account_id, lambda was: replace(was, role=new_role), reason, if_match
    )


def ban_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Ban someone else's account, which ends all of its sessions for good; see `_change`."""

    def banned(was: accounts.Account) -> accounts.Account:
        return was if was.banned else replace(was, banned=True, ban_reason=reason, banned_at=rfc3339(context.at))

    return _change(context, "ban_account", account_id, banned, reason, if_match)


def unban_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Lift the ban of someone else's account; see `_change`."""
    return _change(
        context,
        "unban_account",
        account_id,
        lambda was: replace(was, banned=False, ban_reason=None, banned_at=None),
        reason,
        if_match,
    )


def disable_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Disable someone else's account, which ends all of its sessions for good; see `_change`."""
    return _change(context, "disable_account", account_id, lambda was: replace(was, enabled=False), reason, if_match)


def enable_account(
    context: RequestContext, account_id: int, *, reason: str, if_match: Versions = None
) -> accounts.Account:
    """Enable someone else's account again; see `_change`."""
    return _change(context, "enable_account", account_id, lambda was: replace(was, enabled=True), reason, if_match)


def _change(
    context: RequestContext,
    action: str,
    account_id: int,
    becomes: Callable[[accounts.Account], accounts.Account],
    reason: str | None,
    if_match: Versions,
) -> accounts.Account:
    """Make someone else's account what `becomes` says; what it is already changes nothing.

    One transaction holds the account as it was read, the count of superadmins, the actor's standing and
    the audit entry. Raises, in this order: `AccountNotFound`, `PreconditionFailed`, `SelfChangeDenied`,
    `LastSuperadmin`, `ConcurrentChange`; `Forbidden` or `Unauthorized` if the actor lost its standing
    since it was authorized.
    """

    def once() -> tuple[accounts.Account, accounts.Account]:
        was = accounts.get_account(account_id)
        if if_match is not None and was.version not in if_match:
            raise PreconditionFailed
        if str(was.id) == context.principal.id:
            raise SelfChangeDenied
        becoming = becomes(was)
        return was, was if becoming == was else _save(context, action, was, becoming, reason)

    was, now = retries.retry_on_conflict(once)
    if now != was:
        logger.info("account changed", action=action, account_id=account_id)
        count("AccountChanged")
    return now


def _save(
    context: RequestContext, action: str, was: accounts.Account, becoming: accounts.Account, reason: str | None
) -> accounts.Account:
    ends_sessions = was.may_act and not becoming.may_act
    now = replace(
        becoming,
        updated_at=rfc3339(context.at),
        version=was.version + 1,
        session_generation=was.session_generation + ends_sessions,
    )
    changed = _difference(was, now)
    told = _difference(was, becoming)
    writes.transact(
        *accounts.superadmin_count_writes(now.counts_as_superadmin - was.counts_as_superadmin),
        writes.Update(
            keys.account(was.id),
            set=changed | now.standing_entry(),
            when=Attr("version").eq(was.version),
        ),
        *preconditions.actor_still_authorized(context.principal),
        trail.new_entry(
            context,
            action,
            ("account", str(was.id)),
            scope=keys.PLATFORM,
            before={name: getattr(was, name) for name in told},
            after=told,
            reason=reason,
        ),
    )
    return now


def _difference(was: accounts.Account, now: accounts.Account) -> dict[str, Any]:
    return {name: getattr(now, name) for name in accounts.FIELDS if getattr(now, name) != getattr(was, name)}
