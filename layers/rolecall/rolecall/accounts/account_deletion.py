"""Deleting a platform account. No route offers this; only an operator can do it."""

from rolecall import clock
from rolecall.accounts import accounts, role_ends, usernames
from rolecall.audit import trail
from rolecall.auth.principals import RequestContext
from rolecall.storage import keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import log_and_suppress_errors_after_commit, logger


def delete_account(context: RequestContext, email: str, *, even_last_superadmin: bool = False) -> accounts.Account:
    """Delete the account with this email; raise `AccountNotFound`, `LastSuperadmin` or `ConcurrentChange`.

    Deletes its password and its sessions too, and returns the account as it was. Its history stays in the audit trail.
    Raises `LastSuperadmin` for the only active superadmin, unless with `even_last_superadmin`. A failure to delete the
    sessions is only logged.
    """
    reservation = reads.get(keys.email_reservation(email)) or {}
    account_id = int(reservation.get("account_id", 0))

    def attempt() -> accounts.Account:
        item = accounts.read_item(account_id)
        was = accounts.Account.from_item(item, clock.now())
        change_context = (
            role_ends.write_end_before_other_change(context, item, []) if was.has_unwritten_end else context
        )
        writes.transact(
            *accounts.superadmin_count_writes(-int(was.counts_as_superadmin), may_fall_to_zero=even_last_superadmin),
            writes.Delete(keys.account(account_id), when=was.unchanged_condition),
            writes.Delete(keys.email_reservation(email), when=Attr("account_id").eq(account_id)),
            *usernames.prepare_release(was.username, was.email, account_id),
            writes.Delete(accounts.password_item_key(account_id)),
            *_prepare_emptying_of_creation_response(account_id),
            trail.new_entry(
                change_context,
                "delete_account",
                ("account", str(account_id)),
                scope=keys.PLATFORM,
                before={"email": was.email, **was.held_role.to_json(), "enabled": was.enabled, "banned": was.banned},
            ),
        )
        return was

    was = retries.retry_on_conflict(attempt)
    # The account is deleted already, so a failure to delete its sessions is only logged. The remaining sessions are
    # useless without the account, and they expire.
    with log_and_suppress_errors_after_commit("account deletion", account_id=account_id):
        _delete_remaining_items_of_account(account_id)
    logger.info("account deleted", account_id=account_id, role=was.role)
    return was


def _prepare_emptying_of_creation_response(account_id: int) -> list[writes.Write]:
    """Return the write that empties the stored response of the request that created the account; no write without one.

    At most one write is returned. The response's item stays, so that a repeated request creates no account again.
    """
    account = reads.get(keys.account(account_id)) or {}
    record_key = keys.Key(account.get("stored_response", ""), keys.META)
    record = reads.get(record_key) if record_key.pk else None
    if record is None or record.get("account_id") != account_id:
        return []
    owned = Attr("account_id").eq(account_id)
    return [writes.Update(record_key, set={"status": keys.RESULT_DELETED}, remove=("answer", "account_id"), when=owned)]


def _delete_remaining_items_of_account(account_id: int) -> None:
    """Delete all items of the account's partition; the account's own item must be deleted before.

    Only sessions and used refresh tokens are left there. What remains after a crash is invalid, and it expires.
    """
    partition = keys.account(account_id).pk
    more = True
    while more:
        page = reads.query_keys(partition)
        writes.delete_all(item.key for item in page.items)
        more = page.more
