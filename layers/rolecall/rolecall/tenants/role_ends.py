"""The ends of temporary roles of tenant users: writing down that a role has ended.

A temporary role ends at its second, because every read and every transaction compares it with the clock. This module
only writes down what has happened already: in the user's item, in the indexes and in the audit trail.
"""

from collections.abc import Sequence
from copy import replace
from datetime import datetime

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import ROLE_ENDS, RequestContext
from rolecall.auth.roles import HeldRole, Role
from rolecall.clock import rfc3339
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import users


def write_end_before_other_change(
    context: RequestContext, item: dynamodb.Item, actor_checks: Sequence[writes.Write]
) -> RequestContext:
    """Write an end down before another change of the user, and return the context for that change; see `write_end`.

    The transaction has the `actor_checks` of the change, so that a refused request writes nothing. The context has the
    present time, because the audit trail must show the change after the end. Raises
    `ConcurrentChange` if the user has changed since it was read, `Unauthorized` if the tenant is not active.
    """
    write_end(item, context.request_id, clock.now(), actor_checks)
    return replace(context, at=clock.now())


def write_end(item: dynamodb.Item, request_id: str, at: datetime, actor_checks: Sequence[writes.Write] = ()) -> None:
    """Write down that a user's temporary role has ended; raise `ConcurrentChange`, `Unauthorized` or `ValueError`.

    `item` is the user's item as it was read, `at` the present time. One transaction writes the user and the audit
    entry. Raises `ConcurrentChange` if the item has changed since it was read, for example because another request has
    written the end down. Raises `Unauthorized` if the tenant is not active, `ValueError` if the role has not ended.
    """
    written = HeldRole.from_item(item, Role)
    user = users.User.from_item(item, at)
    if written.until is None or not user.has_unwritten_end:
        raise ValueError("the role of this user has not ended")
    writes.transact(
        preconditions.tenant_active(user.tenant_id),
        writes.Update(
            keys.user(user.tenant_id, user.id),
            set={
                **user.role_state_and_index_attributes(),
                "updated_at": user.updated_at,
                "change_reason": None,
                "changed_by": ROLE_ENDS.type_and_id,
                # The audit entry of this change has the time `written_at`, which is later than `updated_at`. The check
                # of the invariants finds the entry by the time that is stored here.
                "role_end": {"at": user.updated_at, "written_at": rfc3339(at)},
            },
            add={"version": 1},
            remove=users.TEMPORARY_ATTRIBUTES,
            when=Attr("version").eq(item["version"]) & Attr("role_until").eq(written.until),
        ),
        *actor_checks,
        trail.new_entry_of_role_end(("user", user.id), written, scope=user.tenant_id, at=at, request_id=request_id),
    )
    logger.info("temporary role ended", tenant_id=user.tenant_id, user_id=user.id, role=written.role)
    count_metric("RoleEndWritten")
