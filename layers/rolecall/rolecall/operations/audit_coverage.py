"""The invariant that every change has an audit entry, checked for the last change of an item."""

from datetime import datetime, timedelta

from rolecall import clock
from rolecall.audit import trail
from rolecall.config import config
from rolecall.ids import lowest_id_at
from rolecall.storage import dynamodb, keys, reads

#: Entries in one page of a query.
_PAGE = 200

#: Entries in the first page. The entry of the change is most often among these.
_FIRST_PAGE = 20


def has_audit_entry(item: dynamodb.Item, scope: str, target_type: str, target_id: str) -> bool:
    """Return whether the audit trail has an entry for the last change of the item.

    One transaction writes the change and its entry, so both have the same second. Returns True for an item without
    `updated_at`, and for a change so old that its entry may have expired.
    """
    at = item.get("updated_at")
    if at is None:
        return True
    moment = datetime.fromisoformat(at)
    if moment + timedelta(days=config().audit_retention_days) < clock.now():
        return True
    after, limit, more = lowest_id_at(moment), _FIRST_PAGE, True
    while more:
        page = reads.query_partition(keys.audit_entry(scope, "").pk, after=after, limit=limit)
        limit = _PAGE
        for entry in page.items:
            if entry["timestamp"] > at:
                return False
            if entry["outcome"] == trail.SUCCEEDED and _is_about_target(entry, target_type, target_id):
                return True
            after = entry["sk"]
        more = page.more
    return False


def _is_about_target(entry: dynamodb.Item, target_type: str, target_id: str) -> bool:
    if entry["target"] == {"type": target_type, "id": target_id}:
        return True
    # The entry of a tenant's registration is also the entry of its first admin.
    return entry["action"] == "register_tenant" and (entry["after"] or {}).get("admin") == target_id
