"""The invariant that every change has an audit entry, checked for the last change of an item."""

from datetime import datetime, timedelta

from rolecall import clock
from rolecall.audit import trail
from rolecall.config import config
from rolecall.ids import lowest_time_ordered_id_at
from rolecall.storage import dynamodb, keys, reads

#: The page size of the queries for audit entries, after the first page.
_PAGE = 200

#: The page size of the first query for audit entries. It is small, because the first page most often has the entry that
#: is searched for.
_FIRST_PAGE = 20


def last_change_has_audit_entry(item: dynamodb.Item, scope: str, target_type: str, target_id: str) -> bool:
    """Return whether the audit trail has an entry for the item's last change; True also if that can't be checked.

    It can't be checked for an item without `updated_at`, and for a change so old that its entry may have expired. One
    transaction writes the change and its entry, so both have the same second. Only the end of a temporary role is older
    than its entry: for such an end, the item stores when the entry was written.
    """
    at = item.get("updated_at")
    if at is None:
        return True
    role_end = item.get("role_end", {})
    if role_end.get("at") == at:
        at = role_end["written_at"]
    moment = datetime.fromisoformat(at)
    if moment + timedelta(days=config().audit_retention_days) < clock.now():
        return True
    after, limit, more = lowest_time_ordered_id_at(moment), _FIRST_PAGE, True
    while more:
        page = reads.query_partition(keys.audit_entry(scope, "").pk, after=after, limit=limit)
        limit = _PAGE
        for entry in page.items:
            if entry["timestamp"] > at:
                return False
            if entry["outcome"] == trail.SUCCEEDED and _is_entry_of_target(entry, target_type, target_id):
                return True
            after = entry["sk"]
        more = page.more
    return False


def _is_entry_of_target(entry: dynamodb.Item, target_type: str, target_id: str) -> bool:
    """Return whether the entry is about the target, or about the registration of a tenant with this first admin."""
    if entry["target"] == {"type": target_type, "id": target_id}:
        return True
    # The audit entry of a tenant's registration also records the creation of the tenant's first admin.
    return entry["action"] == "register_tenant" and (entry["after"] or {}).get("admin") == target_id
