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

from datetime import datetime, timedelta

from rolecall import clock
from rolecall.audit import trail
from rolecall.config import config
from rolecall.ids import lowest_id_at
from rolecall.storage import dynamodb, keys, reads

#: Items in one page of a query.
_PAGE = 200
#: Entries of a second's trail among which that of a change is looked for first: most often it is one of them.
_FEW = 20


def is_recorded(item: dynamodb.Item, scope: str, target_type: str, target_id: str) -> bool:
    """Whether the audit has what changed it last: both are of one transaction, and so of one second.

    True as well for what has no such time, and once the entry may have expired.
    """
    at = item.get("updated_at")
    if at is None:
        return True
    moment = datetime.fromisoformat(at)
    if moment + timedelta(days=config().audit_retention_days) < clock.now():
        return True
    after, limit, more = lowest_id_at(moment), _FEW, True
    while more:
        page = reads.query_partition(keys.audit_entry(scope, "").pk, after=after, limit=limit)
        limit = _PAGE
        for entry in page.items:
            if entry["timestamp"] > at:
                return False
            if entry["outcome"] == trail.SUCCEEDED and _is_about(entry, target_type, target_id):
                return True
            after = entry["sk"]
        more = page.more
    return False


def _is_about(entry: dynamodb.Item, target_type: str, target_id: str) -> bool:
    if entry["target"] == {"type": target_type, "id": target_id}:
        return True
    # A tenant's first admin comes with the tenant.
    return entry["action"] == "register_tenant" and (entry["after"] or {}).get("admin") == target_id
