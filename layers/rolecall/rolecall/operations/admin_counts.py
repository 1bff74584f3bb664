"""The invariants on stored counts: a tenant's count of active admins, the platform's count of active superadmins.

Only lasting admins and superadmins are counted. The index lists temporary ones in partitions of their own.

An index can be some milliseconds behind the table. So the check counts by the index several times, and looks closer
only if every count differs from the stored one. For a tenant, it then counts the users by consistent reads. If the time
is too short for that, the wrong count is reported but not repaired.
"""

from collections.abc import Iterator

from rolecall import deadline
from rolecall.auth import preconditions
from rolecall.auth.roles import HeldRole, PlatformRole, Role
from rolecall.operations.findings import Finding, FindingKind, attributes_unchanged
from rolecall.storage import dynamodb, indexes, keys, reads

#: The page size of the queries that count admins.
_PAGE = 200

#: Counting a tenant's admins stops this many seconds before the deadline.
_RESERVE_SECONDS = 3.0

#: The items in the index are counted this many times before a stored count is reported as wrong.
_INDEX_READS = 3


def check_admin_count(tenant_key: keys.Key, tenant_id: str) -> Iterator[Finding]:
    """Yield a finding if the tenant has no active admin, and one if its `active_admins` is wrong; repair nothing.

    Yields nothing for a tenant that does not exist, is not active or changes during the check. If the time is too short
    to count by consistent reads, a wrong count is yielded without the correct one.
    """
    before = reads.get(tenant_key)
    if before is None:
        return
    stored = int(before["active_admins"])
    counted = _count_by_index_until_expected(
        indexes.users_by_role_and_state(tenant_id, Role.ADMIN, active=True), stored
    )
    if stored == counted > 0:
        return
    admins = _count_active_admins_in_time(tenant_id)
    after = reads.get(tenant_key)
    if before != after or after["status"] != preconditions.ACTIVE:
        return  # the tenant has changed during the check, so a later run checks it
    if admins == 0:
        yield Finding(FindingKind.NO_ADMIN, tenant_key, tenant_id)
    if admins != stored:
        # A promotion and a demotion together leave `active_admins` as it was, but each of them raises `admin_changes`.
        # So the repair's condition includes `admin_changes`.
        unchanged = attributes_unchanged(after, "active_admins", "admin_changes", "status")
        yield Finding(
            FindingKind.ADMIN_COUNT,
            tenant_key,
            tenant_id,
            correct_count=admins,
            stored_count=stored,
            repair_condition=unchanged,
        )


def check_superadmin_count(platform_key: keys.Key) -> Iterator[Finding]:
    """Yield a finding if the platform's `enabled_superadmins` is wrong; nothing if it changes during the check."""
    before = reads.get(platform_key) or {}
    stored = int(before.get("enabled_superadmins", 0))
    counted = _count_by_index_until_expected(
        indexes.accounts_by_role_and_state(PlatformRole.SUPERADMIN, enabled=True, banned=False), stored
    )
    if counted != stored and before == reads.get(platform_key):
        yield Finding(FindingKind.SUPERADMIN_COUNT, platform_key, stored_count=stored)


def _count_by_index_until_expected(partition: indexes.IndexPartition, expected: int) -> int:
    """Count a partition's items up to `_INDEX_READS` times, until there are `expected`; return the last count."""
    number = 0
    for _ in range(_INDEX_READS):
        number, after, more = 0, None, True
        while more:
            page = reads.query_index(partition, after=after, limit=_PAGE)
            number += len(page.items)
            after, more = page.items[-1][f"{partition.index_name}sk"] if page.items else None, page.more
        if number == expected:
            break
    return number


def _count_active_admins_in_time(tenant_id: str) -> int | None:
    """Count a tenant's lasting, active admins by consistent reads; return None if the time is too short for that."""
    number, after, more = 0, "USER#", True
    while more:
        if deadline.time_left() < _RESERVE_SECONDS:
            return None
        page = reads.query_partition(keys.tenant_partition(tenant_id), after=after, limit=_PAGE)
        users = [item for item in page.items if item["sk"].startswith("USER#")]
        number += sum(_is_lasting_active_admin(user) for user in users)
        more = page.more and len(users) == len(page.items)
        after = page.items[-1]["sk"] if page.items else after
    return number


def _is_lasting_active_admin(user: dynamodb.Item) -> bool:
    return user.get("active") is True and HeldRole.from_item(user, Role).lasting_role is Role.ADMIN
