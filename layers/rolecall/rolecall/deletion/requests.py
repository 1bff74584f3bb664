"""The request for a tenant's deletion: the preview, the tombstone, and the sweep within the request's time."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from rolecall import deadline
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import completion, jobs, slice_items, sweep, workers
from rolecall.deletion.executors import RESERVE_SECONDS
from rolecall.deletion.jobs import DeletionJob
from rolecall.deletion.slices import Counts, Slice, runnable_slices
from rolecall.errors import (
    ConcurrentChange,
    ConfirmationMismatch,
    RolecallError,
    TenantNotFound,
    TenantProtected,
)
from rolecall.ids import new_id
from rolecall.storage import dynamodb, keys, reads, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, describe_failed_call, logger


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


class _AlreadyDeleting(RolecallError):
    """The tenant is being deleted. Only this module raises and catches it."""


def delete_tenant(context: RequestContext, tenant_id: str, *, confirm_name: str | None = None) -> DeletionJob:
    """Delete a tenant and everything that belongs to it, as far as the time left allows; workers do the rest.

    While the tenant is being deleted, a repeated call returns the running job and changes nothing. Raises
    `TenantNotFound`, `TenantProtected`, `ConfirmationMismatch`, `ConcurrentChange`.
    """
    try:
        job = _write_tombstone(context, _read_deletable_tenant(tenant_id, confirm_name))
    except _AlreadyDeleting:
        return jobs.read_job(tenant_id)
    return _sweep_within_request(context, job)


def preview_deletion(tenant_id: str, *, confirm_name: str | None = None) -> Preview:
    """Count what `delete_tenant` would delete now, as far as the time left allows; change nothing.

    Raises what `delete_tenant` would raise, and `TenantNotFound` also for a tenant that is being deleted.
    """
    try:
        tenant = _read_deletable_tenant(tenant_id, confirm_name)
    except _AlreadyDeleting:
        raise TenantNotFound from None
    counts = jobs.DELETED_WITH_TOMBSTONE + jobs.DELETED_WITH_RECEIPT
    for name in keys.SLICES:
        more, complete = slice_items.count_items(tenant_id, name)
        counts += more
        if not complete:
            return Preview(tenant_id, tenant["name"], counts, complete=False)
    return Preview(tenant_id, tenant["name"], counts, complete=True)


def _read_deletable_tenant(tenant_id: str, confirm_name: str | None) -> dynamodb.Item:
    """Return the tenant's item; raise if it must not be deleted, or is being deleted already."""
    tenant = reads.get(keys.tenant(tenant_id))
    if tenant is None:
        raise TenantNotFound
    if tenant["status"] == preconditions.DELETING:
        raise _AlreadyDeleting
    if tenant.get("deletion_protection"):
        raise TenantProtected
    # A browser sends only ASCII in a header, so other letters come percent-encoded.
    if confirm_name is not None and tenant["name"] not in {confirm_name, unquote(confirm_name)}:
        raise ConfirmationMismatch
    return tenant


def _write_tombstone(context: RequestContext, tenant: dynamodb.Item) -> DeletionJob:
    """Mark the tenant as deleting and write the job, its slices and the audit entry, in one transaction.

    Raises `_AlreadyDeleting`, `TenantNotFound`, `TenantProtected` or `ConcurrentChange` if the tenant has changed since
    it was read.
    """
    tenant_id, name, at = tenant["id"], tenant["name"], rfc3339(context.at)
    job_key = keys.deletion(tenant_id)

    def tenant_changed(found: dynamodb.Item | None) -> RolecallError:
        if found is None:
            return TenantNotFound()
        if found["status"] != preconditions.ACTIVE:
            return _AlreadyDeleting()
        return TenantProtected() if found.get("deletion_protection") else ConcurrentChange()

    entry = trail.new_entry(
        context,
        "delete_tenant",
        ("tenant", tenant_id),
        scope=tenant_id,
        before={"name": name, "status": preconditions.ACTIVE},
        after={"status": preconditions.DELETING},
        critical=True,
    )
    job = {
        "pk": job_key.pk,
        "sk": job_key.sk,
        **keys.PENDING_DELETIONS.index_attributes(f"{at}#{tenant_id}"),
        "tenant_id": tenant_id,
        "tenant_name": name,
        "status": jobs.DELETING,
        "requested_at": at,
        "requested_by": context.principal.id,
        "driven_at": at,
        "attempts": 1,
        "deleted": dict(jobs.DELETED_WITH_TOMBSTONE),
        "verified": False,
        "unannounced": {"delete_tenant": entry.item["id"]},
    }
    new_slices = [Slice(tenant_id, slice_name, updated_at=at).to_item() for slice_name in keys.SLICES]
    unprotected = Attr("deletion_protection").not_exists() | Attr("deletion_protection").eq(False)
    writes.transact(
        writes.Update(
            keys.tenant(tenant_id),
            set={"status": preconditions.DELETING, "updated_at": at},
            # The condition on the name: the same transaction deletes the reservation of this name.
            when=Attr("status").eq(preconditions.ACTIVE) & Attr("name").eq(name) & unprotected,
            on_condition_failure=tenant_changed,
        ),
        writes.Put(job, when=writes.MUST_NOT_EXIST),
        *(writes.Put(one, when=writes.MUST_NOT_EXIST) for one in new_slices),
        writes.Delete(keys.tenant_name(name)),
        entry,
    )
    return DeletionJob.from_items(job, new_slices)


def _sweep_within_request(context: RequestContext, accepted: DeletionJob) -> DeletionJob:
    """Sweep until the deletion is complete or the time is up, then queue the remaining slices; return the job.

    An error raises nothing here: the deletion is accepted, and maintenance resumes it.
    """
    tenant_id = accepted.tenant_id
    try:
        owner, job = new_id(), jobs.read_job(tenant_id)
        completion.log_critical_events(job)
        sweep.mark_empty_slices_done(job.slices, owner)
        while deadline.time_left() > RESERVE_SECONDS and (job := jobs.read_job(tenant_id)).deleted_at is None:
            if not _run_next_step(context, job, owner):
                break
        job = jobs.read_job(tenant_id)
        if job.deleted_at is None:
            workers.queue_slices(job)
    except RolecallError as error:
        logger.warning("tenant deletion interrupted", tenant_id=tenant_id, **describe_failed_call(error))
        return accepted
    except Exception:  # noqa: BLE001 (the tombstone is committed)
        # The tombstone is committed, so the answer is 202 whatever happens here.
        logger.exception("tenant deletion failed", tenant_id=tenant_id)
        count_metric("TenantDeletionFailed")
        return accepted
    else:
        return job


def _run_next_step(context: RequestContext, job: DeletionJob, owner: str) -> bool:
    """Run over all runnable slices, or complete the deletion; return False if other workers hold all leases."""
    runnable = runnable_slices(job.slices)
    if not runnable:
        completion.complete_deletion(context, job)
        return True
    after = sweep.run_slices(runnable, owner)
    return any(new.version > old.version for old, new in zip(runnable, after, strict=True))
