"""The ends of temporary roles that are due: found by time, and written down.

A temporary role ends at its second, also if its end is written down later.
"""

from datetime import datetime

from rolecall import clock, deadline
from rolecall.accounts import role_ends as account_role_ends
from rolecall.auth import preconditions
from rolecall.auth.roles import HeldRole, PlatformRole, Role
from rolecall.errors import ConcurrentChange, Unauthorized
from rolecall.storage import dynamodb, indexes, keys, reads
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import role_ends as user_role_ends

#: The page size of the list of ends.
_PAGE = 50


def write_due_ends(at: datetime, request_id: str, reserve_seconds: float) -> int:
    """Write down the ends that are due at the time `at`, the earliest first; return how many, log unexpected errors.

    Stops when less than `reserve_seconds` are left. The ends that are left, and those that fail, are still due at the
    next run. The ends of users of a tenant that is not active are skipped: they are written down when it is active
    again.
    """
    written, after, more = 0, None, True
    last = indexes.highest_role_end_sort_key(int(at.timestamp()))
    while more:
        page = reads.query_index(indexes.ROLE_ENDS, after=after, last=last, limit=_PAGE)
        found = [keys.Key(entry["pk"], entry["sk"]) for entry in page.items]
        # An owner is the item that says whether the end of a role may be written now. For a user it is the tenant's
        # item, and for an account it is the account's own item.
        owners = [keys.Key(key.pk, keys.META) for key in found]
        items = reads.get_many(*found, *owners)
        for item, owner in zip(items[: len(found)], items[len(found) :], strict=True):
            if deadline.time_left() < reserve_seconds:
                return written
            if item is not None and _is_due(item, owner, at):
                written += _write_end_unless_it_fails(item, request_id)
        after, more = page.items[-1]["gsi4sk"] if page.items else None, page.more
    return written


def _is_due(item: dynamodb.Item, owner: dynamodb.Item | None, at: datetime) -> bool:
    """Return whether the role in the table's item has ended and its end can be written now; the index may be behind.

    `owner` is the tenant of a user, or the account itself.
    """
    is_open = owner is not None and owner.get("status", preconditions.ACTIVE) == preconditions.ACTIVE
    kind: type[Role] | type[PlatformRole] = PlatformRole if _is_account(item) else Role
    return is_open and "deleted_at" not in item and HeldRole.from_item(item, kind).has_ended_at(at)


def _is_account(item: dynamodb.Item) -> bool:
    return str(item["pk"]).startswith("ACCOUNT#")


def _write_end_unless_it_fails(item: dynamodb.Item, request_id: str) -> bool:
    """Write the end down and return True; return False if that fails. Log and count an unexpected error."""
    try:
        write_end = account_role_ends.write_end if _is_account(item) else user_role_ends.write_end
        write_end(item, request_id, clock.now())
    except (ConcurrentChange, Unauthorized):
        return False  # another request has written the end down, or has closed the tenant
    except Exception:  # noqa: BLE001 (one end that fails must not stop the others)
        logger.exception("role end not written")
        count_metric("StepsFailed")
        return False
    return True
