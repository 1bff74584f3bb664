"""The ends of temporary roles of platform accounts: writing down that a role has ended; see `tenants.role_ends`."""

from collections.abc import Sequence
from copy import replace
from datetime import datetime

from rolecall import clock
from rolecall.accounts import accounts
from rolecall.audit import trail
from rolecall.auth.principals import ROLE_ENDS, RequestContext
from rolecall.auth.roles import HeldRole, PlatformRole
from rolecall.clock import rfc3339
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, logger


def write_end_before_other_change(
    context: RequestContext, item: dynamodb.Item, actor_checks: Sequence[writes.Write]
) -> RequestContext:
    """Write an end down before another change of the account, and return the context for that change; see `write_end`.

    The transaction has the `actor_checks` of the change, so that a refused request writes nothing. The context has the
    present time, because the audit trail must show the change after the end. Raises
    `ConcurrentChange` if the account has changed since it was read.
    """
    write_end(item, context.request_id, clock.now(), actor_checks)
    return replace(context, at=clock.now())


def write_end(item: dynamodb.Item, request_id: str, at: datetime, actor_checks: Sequence[writes.Write] = ()) -> None:
    """Write down that an account's temporary role has ended; raise `ConcurrentChange` or `ValueError`.

    `item` is the account's item as it was read, `at` the present time. One transaction writes the account and the audit
    entry. Raises `ConcurrentChange` if the item has changed since it was read, for example because another request has
    written the end down. Raises `ValueError` if the role has not ended.
    """
    written = HeldRole.from_item(item, PlatformRole)
    account = accounts.Account.from_item(item, at)
    if written.until is None or not account.has_unwritten_end:
        raise ValueError("the role of this account has not ended")
    writes.transact(
        writes.Update(
            keys.account(account.id),
            set={
                **account.role_and_index_attributes(),
                "updated_at": account.updated_at,
                "change_reason": None,
                "changed_by": ROLE_ENDS.type_and_id,
                # The audit entry of this change has the time `written_at`, which is later than `updated_at`. The check
                # of the invariants finds the entry by the time that is stored here.
                "role_end": {"at": account.updated_at, "written_at": rfc3339(at)},
            },
            add={"version": 1},
            remove=accounts.TEMPORARY_ATTRIBUTES,
            when=Attr("version").eq(item["version"]) & Attr("role_until").eq(written.until),
        ),
        *actor_checks,
        trail.new_entry_of_role_end(
            ("account", str(account.id)), written, scope=keys.PLATFORM, at=at, request_id=request_id
        ),
    )
    logger.info("temporary role ended", account_id=account.id, role=written.role)
    count_metric("RoleEndWritten")
