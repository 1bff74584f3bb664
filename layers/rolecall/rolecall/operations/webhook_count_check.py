"""The invariant on the number of webhooks that a tenant's item and a user's item store."""

from collections.abc import Iterator

from rolecall.operations.findings import Finding, FindingKind, attributes_unchanged
from rolecall.storage import dynamodb, keys, reads
from rolecall.webhooks.webhook_counts import COUNT
from rolecall.webhooks.webhooks import is_complete

#: The webhooks are counted this many times before a stored number is reported as wrong. One may be made or deleted
#: between the two reads of a count.
_MOST_COUNTS = 3


def check_webhook_count(owner_key: keys.Key, tenant_id: str, user_id: str | None) -> Iterator[Finding]:
    """Yield a repairable finding if the owner's `webhook_count` is not the number of its webhooks; repair nothing.

    The owner is the tenant, or a user if `user_id` is given. Yields nothing for an owner that does not exist, is being
    deleted or changes during the check. Webhooks of earlier versions are not counted, here and anywhere. All reads are
    strongly consistent.
    """
    partition = keys.user_partition(tenant_id, user_id) if user_id else keys.tenant_partition(tenant_id)
    owner: dynamodb.Item | None = None
    counted = 0
    for _ in range(_MOST_COUNTS):
        owner = reads.get(owner_key)
        if owner is None or "deleted_at" in owner:
            return
        counted = sum(map(is_complete, reads.query_sort_key_prefix(partition, keys.WEBHOOK_PREFIX)))
        if counted == int(owner.get(COUNT, 0)):
            return
    if owner is None or owner != reads.get(owner_key):
        return  # the owner has changed during the check, so a later run checks it
    yield Finding(
        FindingKind.WEBHOOK_COUNT,
        owner_key,
        tenant_id,
        correct_count=counted,
        stored_count=int(owner.get(COUNT, 0)),
        repair_condition=attributes_unchanged(owner, "pk", "status", "deleted_at", COUNT),
    )
