"""Completing a tenant's deletion: the last proof, the receipt, and the log lines of its critical events."""

from copy import replace

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import jobs, slice_ranges
from rolecall.deletion.jobs import DeletionJob
from rolecall.deletion.slices import StaleSlice
from rolecall.errors import ConcurrentChange
from rolecall.ids import new_id
from rolecall.storage import indexes, keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, log_and_count_critical_event, logger

#: The page size of the final query that checks whether the tenant's partition is empty.
PROOF_PAGE = 100

#: For each critical event of a tenant's deletion: its log message and the name of its metric.
_LOG_MESSAGES = {
    "schedule_tenant_deletion": ("tenant deletion scheduled", "TenantDeletionScheduled"),
    "restore_tenant": ("tenant restored", "TenantRestored"),
    "delete_tenant": ("tenant deletion accepted", "TenantDeletionAccepted"),
    "complete_tenant_deletion": ("tenant deleted", "TenantDeleted"),
}


def complete_deletion_if_nothing_remains(context: RequestContext, job: DeletionJob) -> bool:
    """Write the receipt and return True if nothing remains of the tenant; else open slices again and return False.

    Call it when all slices are done: then the users' partitions are proven empty. This function checks only the
    tenant's own partition. If it finds an item there, it opens that item's slice again. Returns True also if another
    worker has written the receipt, and False if another worker has opened a slice again.
    """
    tenant_id = job.tenant_id
    remaining = _some_remaining_sort_keys(tenant_id)
    if remaining:
        _reopen_slices_of_sort_keys(job, remaining)
        return False
    at = rfc3339(clock.now())
    entry = trail.new_entry(
        replace(context, at=clock.now()),
        "complete_tenant_deletion",
        ("tenant", tenant_id),
        scope=tenant_id,
        before={"status": jobs.DELETING},
        after={"status": jobs.DELETED},
        reason=job.reason,
        critical=True,
    )
    deleted = job.deleted + jobs.DELETED_WITH_RECEIPT
    try:
        writes.transact(
            writes.Update(
                keys.deletion_job(tenant_id),
                set={
                    "status": jobs.DELETED,
                    "deleted_at": at,
                    "verified": True,
                    "deleted": dict(deleted),
                    **indexes.UNREDACTED_AUDITS.index_attributes(f"{at}#{tenant_id}"),
                    "unannounced": {**job.unlogged_events, "complete_tenant_deletion": entry.item["id"]},
                },
                when=Attr("status").eq(jobs.DELETING) & Attr("unannounced").eq(dict(job.unlogged_events)),
            ),
            # A slice's item is deleted only if its version is unchanged. So the deletion is not completed while another
            # worker reopens a slice.
            *(writes.Delete(one.key, when=Attr("version").eq(one.version)) for one in job.slices),
            writes.Delete(keys.tenant(tenant_id), when=Attr("status").eq(jobs.DELETING)),
            entry,
        )
    except ConcurrentChange:
        # The transaction has failed, because another worker has written the receipt or reopened a slice. Only a written
        # receipt sets `deleted_at`.
        if jobs.read_job(tenant_id).deleted_at is None:
            return False
    log_unlogged_critical_events(jobs.read_job(tenant_id))
    return True


def _some_remaining_sort_keys(tenant_id: str) -> list[str]:
    """Return the sort keys of items in the tenant's partition, beside its own item; at most `PROOF_PAGE`."""
    page = retries.retry_while_throttled(lambda: reads.query_keys(keys.tenant_partition(tenant_id), limit=PROOF_PAGE))
    return [item.key.sk for item in page.items if item.key.sk != keys.META]


def _reopen_slices_of_sort_keys(job: DeletionJob, sort_keys: list[str]) -> None:
    """Write the slices of these sort keys as open again; skip a slice that another worker has written."""
    names = {slice_ranges.slice_of_sort_key(sort_key) for sort_key in sort_keys}
    logger.warning("proof found items left", tenant_id=job.tenant_id, slices=sorted(names))
    count_metric("DeletionProofFailed")
    for one in job.slices:
        if one.name in names:
            try:
                one.save_as_reopened(new_id())
            except StaleSlice:
                continue  # another worker has found the same item and opened the slice again


def log_unlogged_critical_events(job: DeletionJob) -> None:
    """Log and count the critical events in `job.unlogged_events`, then remove them from the job or delete the job.

    Deletes the job if its tenant was restored. Each event is logged at least once, also after a crash. A repeated log
    line has the same audit entry id. If the job has changed since it was read, nothing is removed.
    """
    if not job.unlogged_events:
        return
    for action, event_id in job.unlogged_events.items():
        message, metric = _LOG_MESSAGES[action]
        log_and_count_critical_event(
            message, tenant_id=job.tenant_id, tenant_name=job.tenant_name, event_id=event_id, action=action
        )
        count_metric(metric)
    key, unchanged = keys.deletion_job(job.tenant_id), Attr("unannounced").eq(dict(job.unlogged_events))
    logged = writes.Update(
        key,
        set={"unannounced": {}},
        # The attributes `gsi1pk` and `gsi1sk` list the job as pending. After its critical events are logged, only a
        # deletion that is in progress stays in this list.
        remove=("gsi1pk", "gsi1sk") if job.deleted_at or job.deletes_at else (),
        when=unchanged,
    )
    try:
        writes.write(writes.Delete(key, when=unchanged) if job.is_restored else logged)
    except ConcurrentChange:
        return  # another worker has logged the same events, or a new event was added to the job
