"""The deletion of a platform account. No route does it: an operator does."""

from rolecall.accounts import accounts, usernames
from rolecall.audit import trail
from rolecall.auth.principals import RequestContext
from rolecall.storage import keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import logger


def delete_account(context: RequestContext, email: str, *, force: bool = False) -> accounts.Account:
    """Delete the account with this email for good, with its password and its sessions; returns it as it was.

    Its history stays in the audit. Raises `AccountNotFound`; `LastSuperadmin` for the only enabled superadmin, unless
    with `force`; and `ConcurrentChange`.
    """
    reservation = reads.get(keys.email(email)) or {}
    account_id = int(reservation.get("account_id", 0))

    def attempt() -> accounts.Account:
        was = accounts.get_account(account_id)
        writes.transact(
            *accounts.superadmin_count_writes(-int(was.is_active_superadmin), may_be_none=force),
            writes.Delete(keys.account(account_id), when=Attr("version").eq(was.version)),
            writes.Delete(keys.email(email), when=Attr("account_id").eq(account_id)),
            *usernames.release_writes(was.username, was.email, account_id),
            writes.Delete(accounts.password_key(account_id)),
            trail.new_entry(
                context,
                "delete_account",
                ("account", str(account_id)),
                scope=keys.PLATFORM,
                before={"email": was.email, "role": was.role, "enabled": was.enabled, "banned": was.banned},
            ),
        )
        return was

    was = retries.retry_on_conflict(attempt)
    _delete_sessions(account_id)
    logger.info("account deleted", account_id=account_id, role=was.role)
    return was


def _delete_sessions(account_id: int) -> None:
    """Remove the sessions of an account that is gone. A crash here leaves items that expire and that open nothing."""
    partition = keys.account(account_id).pk
    more = True
    while more:
        page = reads.query_keys(partition)
        writes.delete_all(item.key for item in page.items)
        more = page.more
