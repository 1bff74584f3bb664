"""What must always hold, checked against the table: a bounded part of it at a time.

| invariant | checked how | repaired |
| --- | --- | --- |
| an active tenant has an active admin | by the index, between two equal reads of the tenant's item | no |
| `active_admins` is the true count | likewise; if it seems not, its users are counted by consistent reads | the count |
| `enabled_superadmins` is the true count | by the index, between two equal reads of the platform's item | no |
| a user has exactly one token and one email reservation, and they are its own | by its `owned_keys` | no |
| a token or reservation points to what exists and names it | by its `tenant_id` and `user_id` | an orphan goes |
| nothing of a deleted tenant remains | its item is not there | a token or reservation goes |
| an item of a user has its user, an item of a tenant has its tenant | by their keys | no |
| a change has its audit entry | of each user, account and tenant the last one: an entry of its second | no |
| no item is another tenant's as well | tenant and user that it names, and where it is listed, agree with its key | no |
| no secret in clear | by the names of the attributes | no |

Repair changes only what is derived from something else, under the condition that it still is as it was
seen, and writes an audit entry with it. Everything else is for a person to judge.

An index may lag behind by milliseconds, so what it says counts as wrong only if it says so again. A count by
consistent reads that does not come to its end in the time of a run is reported, and not repaired: a tenant that
large is counted by a person, or by a run with more time (`repair` by hand).

The walk is the one place that scans. It reads one page after another and keeps its place in the table, so
a run is bounded and the next one goes on.
"""

from collections.abc import Iterator

from rolecall import deadline
from rolecall.auth import preconditions
from rolecall.auth.roles import PlatformRole, Role
from rolecall.operations import findings
from rolecall.storage import keys, reads

#: Items in one page of a query.
_PAGE = 200
#: Seconds that a count leaves of the run's time.
_RESERVE_SECONDS = 3.0

#: Times that an index is read before its word is taken.
_LOOKS = 3


def check_admins(key: keys.Key, tenant_id: str) -> Iterator[findings.Finding]:
    before = reads.get(key)
    if before is None:
        return
    known = int(before["active_admins"])
    listed = _listed(keys.users_by_role(tenant_id, Role.ADMIN, active=True), known)
    if known == listed > 0:
        return
    admins = _active_admins(tenant_id)
    after = reads.get(key)
    if before != after or after["status"] != preconditions.ACTIVE:
        return  # it changes right now: the next walk looks again
    if admins == 0:
        yield findings.Finding(findings.Kind.NO_ADMIN, key, tenant_id)
    if admins != known:
        # A promotion and a demotion leave the count as it was: what counts them tells that they happened.
        as_found = findings.unchanged_since(after, "active_admins", "admin_changes", "status")
        yield findings.Finding(findings.Kind.ADMIN_COUNT, key, tenant_id, truth=admins, found=known, as_found=as_found)


def check_superadmins(key: keys.Key) -> Iterator[findings.Finding]:
    before = reads.get(key) or {}
    known = int(before.get("enabled_superadmins", 0))
    listed = _listed(keys.accounts_by_role_and_state(PlatformRole.SUPERADMIN, enabled=True, banned=False), known)
    if listed != known and before == reads.get(key):
        yield findings.Finding(findings.Kind.SUPERADMIN_COUNT, key, found=known)


def _listed(partition: keys.IndexPartition, expected: int) -> int:
    """How many there are by the index; it is asked again if that is not what is expected."""
    number = 0
    for _ in range(_LOOKS):
        number, after, more = 0, None, True
        while more:
            page = reads.query_index(partition, after=after, limit=_PAGE)
            number += len(page.items)
            after, more = page.items[-1][f"{partition.index_name}sk"] if page.items else None, page.more
        if number == expected:
            break
    return number


def _active_admins(tenant_id: str) -> int | None:
    """By consistent reads of all the tenant's users; None if the time is too short for that."""
    number, after, more = 0, "USER#", True
    while more:
        if deadline.time_left() < _RESERVE_SECONDS:
            return None
        page = reads.query_partition(keys.tenant_partition(tenant_id), after=after, limit=_PAGE)
        users = [item for item in page.items if item["sk"].startswith("USER#")]
        number += sum(user.get("role") == Role.ADMIN and user.get("active") is True for user in users)
        more = page.more and len(users) == len(page.items)
        after = page.items[-1]["sk"] if page.items else after
    return number
