"""Deleting a tenant for good: tombstone, sweep, proof, receipt.

1. *Tombstone*: one transaction marks the tenant as deleting, makes the job with its slices, releases the
   name and writes the audit entry. From then on no token of the tenant works and nothing can be written
   into it.
2. *Sweep and proof*, see `sweep`: by the request as far as its time allows, then by workers, one message
   a slice. A message that got lost is sent again by maintenance.
3. *Receipt*: when every slice is proven and a consistent query finds the tenant's partition empty too,
   one transaction turns the job into the receipt and removes the tenant's own item and the slices.
"""

from copy import replace

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import jobs, slices
from rolecall.errors import (
    ConcurrentChange,
)
from rolecall.ids import new_id
from rolecall.storage import keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, log_critical_event, logger

#: Items of the tenant's partition that the last proof reports at a time.
_STRAYS = 100

#: What is logged and counted of each critical event of a deletion.
_EVENTS = {
    "delete_tenant": ("tenant deletion accepted", "TenantDeletionAccepted"),
    "complete_tenant_deletion": ("tenant deleted", "TenantDeleted"),
}


def finish(context: RequestContext, found: jobs.Deletion) -> bool:
    """Write the receipt if the last proof finds nothing; True if the deletion is complete then.

    The proof of the users' partitions is in the slices, all of them done; this adds the tenant's own. What
    it finds opens the slice that it lies in.
    """
    tenant_id = found.tenant_id
    strays = _strays(tenant_id)
    if strays:
        _reopen(found, strays)
        return False
    at = rfc3339(clock.now())
    entry = trail.new_entry(
        replace(context, at=clock.now()),
        "complete_tenant_deletion",
        ("tenant", tenant_id),
        scope=tenant_id,
        before={"status": jobs.DELETING},
        after={"status": jobs.DELETED},
        critical=True,
    )
    deleted = found.deleted + jobs.WITH_RECEIPT
    try:
        writes.transact(
            writes.Update(
                keys.deletion(tenant_id),
                set={
                    "status": jobs.DELETED,
                    "deleted_at": at,
                    "verified": True,
                    "deleted": dict(deleted),
                    **keys.UNREDACTED_AUDITS.index_attributes(f"{at}#{tenant_id}"),
                    "unannounced": {**found.unannounced, "complete_tenant_deletion": entry.item["id"]},
                },
                when=Attr("status").eq(jobs.DELETING) & Attr("unannounced").eq(dict(found.unannounced)),
            ),
            # No slice was opened again since it was read.
            *(writes.Delete(one.key, when=Attr("version").eq(one.version)) for one in found.slices),
            writes.Delete(keys.tenant(tenant_id), when=Attr("status").eq(jobs.DELETING)),
            entry,
        )
    except ConcurrentChange:
        # Two came to the end at once: the other one has written the receipt, or opened a slice again.
        if jobs.read(tenant_id).deleted_at is None:
            return False
    announce(jobs.read(tenant_id))
    return True


def _strays(tenant_id: str) -> list[str]:
    """Sort keys that are still in the tenant's partition and should not be; the first of them."""
    page = retries.retry_while_throttled(lambda: reads.query_keys(keys.tenant_partition(tenant_id), limit=_STRAYS))
    return [item.key.sk for item in page.items if item.key.sk != keys.META]


def _reopen(found: jobs.Deletion, strays: list[str]) -> None:
    touched = {keys.slice_of_sort_key(sort_key) for sort_key in strays}
    logger.warning("proof found items left", tenant_id=found.tenant_id, slices=sorted(touched))
    count_metric("DeletionProofFailed")
    for one in found.slices:
        if one.name in touched:
            try:
                one.reopened(new_id())
            except slices.Overtaken:
                continue  # by another proof, which has found the same


def announce(found: jobs.Deletion) -> None:
    """Log and count the critical events that nobody has told yet.

    At least once each, whoever crashes when: a line names the audit entry, which exists exactly once.
    """
    if not found.unannounced:
        return
    for action, event_id in found.unannounced.items():
        message, metric = _EVENTS[action]
        log_critical_event(
            message, tenant_id=found.tenant_id, tenant_name=found.tenant_name, event_id=event_id, action=action
        )
        count_metric(metric)
    announced = writes.Update(
        keys.deletion(found.tenant_id),
        set={"unannounced": {}},
        # A receipt stays among the open deletions until it was announced.
        remove=("gsi1pk", "gsi1sk") if found.deleted_at else (),
        when=Attr("unannounced").eq(dict(found.unannounced)),
    )
    try:
        writes.write(announced)
    except ConcurrentChange:
        return  # another one has announced it too, or there is more to announce by now
