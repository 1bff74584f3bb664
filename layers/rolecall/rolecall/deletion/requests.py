"""The request for a tenant's deletion: the preview, the tombstone, and the sweep within the request's time.

`schedule` has the transaction of a deletion that is only scheduled. It is started here.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple
from unicodedata import normalize
from urllib.parse import unquote

from rolecall import deadline
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import completion, jobs, schedule, slice_items, slice_ranges, sweep, workers
from rolecall.deletion.executors import RESERVE_SECONDS
from rolecall.deletion.jobs import DeletionJob
from rolecall.deletion.schedule import AlreadyAccepted
from rolecall.deletion.slices import Counts, Slice, runnable_slices
from rolecall.errors import (
    ConcurrentChange,
    ConfirmationMismatch,
    TenantNotFound,
    TenantProtected,
)
from rolecall.ids import new_id
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import log_and_suppress_errors_after_commit, logger


@dataclass(frozen=True, slots=True)
class Preview:
    """What a deletion would delete, counted by type; without `complete` there may be more."""

    tenant_id: str
    tenant_name: str
    counts: Counts
    complete: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "tenant_name": self.tenant_name,
            "dry_run": True,
            "would_delete": dict(sorted(self.counts.items())),
            "complete": self.complete,
        }


def delete_tenant(
    context: RequestContext,
    tenant_id: str,
    *,
    confirm_name: str | None = None,
    grace_days: int | None = None,
    reason: str | None = None,
) -> DeletionJob:
    """Delete a tenant, or schedule that; raise `TenantNotFound`, `TenantProtected`, `ConfirmationMismatch` and others.

    Deletes everything that belongs to the tenant, as far as the time left allows; workers do the rest. With
    `grace_days`, the tenant is closed now and deleted that many days later, unless it is restored before. While a
    deletion is scheduled, a call without `grace_days` starts it, and a call with any `grace_days` returns the scheduled
    job and changes nothing. While the tenant is being deleted, a repeated call returns the running job and changes
    nothing. `reason` goes into the audit entries; a deletion that is started without one has the reason with which it
    was scheduled. Raises `TenantNotFound`, `TenantProtected`, `ConfirmationMismatch`, `ConcurrentChange`. A failure
    after the transaction is only logged.

    If the tenant is restored at the same time, the call fails with `ConcurrentChange`. It does not read again and go
    on, because then it would delete a tenant that someone has just restored.
    """
    accepted = _schedule_or_mark_deleting_or_find_job(context, tenant_id, confirm_name, grace_days, reason)
    if not accepted.is_new:
        return accepted.job
    if accepted.job.deletes_at:
        _log_critical_events_ignoring_errors(accepted.job)
        return accepted.job
    return _sweep_within_request(context, accepted.job)


def start_due_deletion(context: RequestContext, tenant_id: str) -> bool:
    """Start a scheduled deletion if it is due, else return False; raise `TenantProtected` and others.

    Raises `TenantNotFound` if the tenant disappears after the first read, and `ServiceUnavailable`. If it stops between
    the transaction and the queue, maintenance resumes the deletion like any other.
    """
    tenant = reads.get(keys.tenant(tenant_id))
    is_due = tenant is not None and tenant.get("deletes_at", "9") <= rfc3339(context.at)
    if tenant is None or not is_due or tenant["status"] != preconditions.SCHEDULED:
        return False
    try:
        job = _write_tombstone(context, tenant, None)
    except AlreadyAccepted:
        return False
    logger.info("scheduled tenant deletion started", tenant_id=tenant_id)
    completion.log_unlogged_critical_events(job)
    workers.queue_runnable_slices(job)
    return True


#: False if a step changed nothing, so that repeating it now is useless.
type _MadeProgress = bool


class _Accepted(NamedTuple):
    job: DeletionJob
    is_new: bool


def _schedule_or_mark_deleting_or_find_job(
    context: RequestContext, tenant_id: str, confirm_name: str | None, grace_days: int | None, reason: str | None
) -> _Accepted:
    """Schedule a deletion, write the tombstone or return the existing job; raise `TenantNotFound` and others.

    Raises `ConfirmationMismatch` and `ConcurrentChange` too.
    """
    try:
        tenant = _read_deletable_tenant(tenant_id, confirm_name)
        if grace_days is None:
            return _Accepted(_write_tombstone(context, tenant, reason), is_new=True)
        if tenant["status"] == preconditions.ACTIVE:
            return _Accepted(schedule.schedule_deletion(context, tenant, grace_days, reason), is_new=True)
    except AlreadyAccepted:
        pass
    job = jobs.find_job(tenant_id)
    if job is None or job.is_restored:
        raise ConcurrentChange  # the tenant was restored after it was read
    return _Accepted(job, is_new=False)


def preview_deletion(tenant_id: str, *, confirm_name: str | None = None) -> Preview:
    """Count what a deletion would delete; raise `TenantNotFound`, `TenantProtected` or `ConfirmationMismatch`.

    Changes nothing. Counts as far as the time left allows. Raises `TenantNotFound` also for a tenant that is being
    deleted.
    """
    try:
        tenant = _read_deletable_tenant(tenant_id, confirm_name)
    except AlreadyAccepted:
        raise TenantNotFound from None
    counts = jobs.DELETED_WITH_TOMBSTONE + jobs.DELETED_WITH_RECEIPT
    for name in slice_ranges.SLICES:
        more, complete = slice_items.count_slice_items_in_time(tenant_id, name)
        counts += more
        if not complete:
            return Preview(tenant_id, tenant["name"], counts, complete=False)
    return Preview(tenant_id, tenant["name"], counts, complete=True)


def _read_deletable_tenant(tenant_id: str, confirm_name: str | None) -> dynamodb.Item:
    """Return the tenant's item; raise `TenantNotFound`, `AlreadyAccepted`, `TenantProtected`, `ConfirmationMismatch`.

    Raises `AlreadyAccepted` if the tenant is being deleted already.
    """
    tenant = reads.get(keys.tenant(tenant_id))
    if tenant is None:
        raise TenantNotFound
    if tenant["status"] == preconditions.DELETING:
        raise AlreadyAccepted
    if tenant.get("deletion_protection"):
        raise TenantProtected
    if confirm_name is not None and not _is_confirmed(tenant["name"], confirm_name):
        raise ConfirmationMismatch
    return tenant


def _is_confirmed(name: str, confirm_name: str) -> bool:
    """Return whether the header has the name, plain or percent-encoded, with composed or decomposed letters."""
    # A browser sends only ASCII in a header, so it percent-encodes all other letters of the tenant's name.
    return name in {normalize("NFC", one) for one in (confirm_name, unquote(confirm_name))}


def _write_tombstone(context: RequestContext, tenant: dynamodb.Item, new_reason: str | None) -> DeletionJob:
    """Mark the tenant as deleting; raise `AlreadyAccepted`, `TenantNotFound`, `TenantProtected` or `ConcurrentChange`.

    `tenant` is the item of an active tenant or of one whose deletion is scheduled. One transaction writes the tenant,
    the job, its slices and the audit entry, and deletes the reservation of the name. The errors are raised if the
    tenant has changed since it was read.
    """
    tenant_id, name, at = tenant["id"], tenant["name"], rfc3339(context.at)
    job_key = keys.deletion_job(tenant_id)
    scheduled = _read_scheduled_job_or_finish_restored_one(tenant)
    reason = scheduled.get("reason") if scheduled and new_reason is None else new_reason
    entry = trail.new_entry(
        context,
        "delete_tenant",
        ("tenant", tenant_id),
        scope=tenant_id,
        before={"name": name, "status": tenant["status"]},
        after={"status": preconditions.DELETING},
        reason=reason,
        critical=True,
    )
    job = {
        "pk": job_key.pk,
        "sk": job_key.sk,
        **indexes.PENDING_DELETIONS.index_attributes(f"{at}#{tenant_id}"),
        **indexes.DELETING_TENANTS_BY_NAME.index_attributes(indexes.deleting_tenant_sort_key(name, tenant_id)),
        "tenant_id": tenant_id,
        "tenant_name": name,
        "created_at": tenant["created_at"],
        "updated_at": at,
        "status": jobs.DELETING,
        "requested_at": scheduled["requested_at"] if scheduled else at,
        "requested_by": scheduled["requested_by"] if scheduled else context.principal.id,
        "reason": reason,
        "driven_at": at,
        "attempts": 1,
        "deleted": dict(jobs.DELETED_WITH_TOMBSTONE),
        "verified": False,
        "unannounced": {**(scheduled["unannounced"] if scheduled else {}), "delete_tenant": entry.item["id"]},
    }
    new_slices = [Slice(tenant_id, slice_name, updated_at=at).to_item() for slice_name in slice_ranges.SLICES]
    unchanged, job_unchanged = Attr("status").eq(tenant["status"]), writes.MUST_NOT_EXIST
    if scheduled:
        # A tenant can be restored, and its deletion scheduled anew for another time. The condition on the due time
        # prevents that this transaction starts the new deletion too early.
        unchanged = unchanged & Attr("deletes_at").eq(tenant["deletes_at"])
        job_unchanged = Attr("status").eq(jobs.SCHEDULED) & Attr("unannounced").eq(scheduled["unannounced"])
    writes.transact(
        writes.Update(
            keys.tenant(tenant_id),
            set={"status": preconditions.DELETING, "updated_at": at},
            # The condition requires the tenant's name as it was read, because the same transaction deletes the
            # reservation of that name.
            when=unchanged & Attr("name").eq(name) & schedule.unprotected_condition(),
            on_condition_failure=schedule.error_for_changed_tenant,
        ),
        writes.Put(job, when=job_unchanged),
        *(writes.Put(one, when=writes.MUST_NOT_EXIST) for one in new_slices),
        writes.Delete(keys.tenant_name_reservation(name)),
        entry,
    )
    return DeletionJob.from_items(job, new_slices)


def _read_scheduled_job_or_finish_restored_one(tenant: dynamodb.Item) -> dynamodb.Item | None:
    """Return the job's item of a scheduled deletion, None for an active tenant; raise `ConcurrentChange`.

    Raises it if the tenant is scheduled and the job is not. For an active tenant, the job of an earlier deletion that
    was taken back is deleted.
    """
    if tenant["status"] == preconditions.ACTIVE:
        schedule.finish_restored_deletion(tenant["id"])
        return None
    job = reads.get(keys.deletion_job(tenant["id"]))
    if job is None or job["status"] != jobs.SCHEDULED:
        raise ConcurrentChange
    return job


def _log_critical_events_ignoring_errors(job: DeletionJob) -> None:
    """Log the critical events of an accepted deletion; if that fails, log the error and leave them to maintenance."""
    with log_and_suppress_errors_after_commit("tenant deletion", tenant_id=job.tenant_id):
        completion.log_unlogged_critical_events(job)


def _sweep_within_request(context: RequestContext, accepted_job: DeletionJob) -> DeletionJob:
    """Sweep until the deletion is complete or the time is up, then queue the remaining slices; never raise.

    Returns the job as it is then, or the accepted job after an error. An error is only logged, because the deletion is
    accepted and maintenance resumes it.
    """
    tenant_id, result = accepted_job.tenant_id, accepted_job
    # The deletion is accepted as soon as the tenant is marked as deleting. So the answer is 202, even if a later step
    # fails.
    with log_and_suppress_errors_after_commit("tenant deletion", tenant_id=tenant_id):
        owner, job = new_id(), jobs.read_job(tenant_id)
        completion.log_unlogged_critical_events(job)
        sweep.mark_empty_slices_of_small_tenant_done(job.slices, owner)
        while deadline.time_left() > RESERVE_SECONDS and (job := jobs.read_job(tenant_id)).deleted_at is None:
            if not _sweep_runnable_slices_or_complete_deletion(context, job, owner):
                break
        job = jobs.read_job(tenant_id)
        if job.deleted_at is None:
            workers.queue_runnable_slices(job)
        result = job
    return result  # noqa: RET504 (after an error, it is the accepted job)


def _sweep_runnable_slices_or_complete_deletion(context: RequestContext, job: DeletionJob, owner: str) -> _MadeProgress:
    """Sweep or prove all runnable slices, or complete the deletion if none is runnable; False if nothing changed.

    Returns False if no slice was changed, because other workers hold all leases or the time is up. Returns True if no
    slice was runnable.
    """
    runnable = runnable_slices(job.slices)
    if not runnable:
        completion.complete_deletion_if_nothing_remains(context, job)
        return True
    after = sweep.sweep_or_prove_slices(runnable, owner)
    return any(new.version > old.version for old, new in zip(runnable, after, strict=True))
