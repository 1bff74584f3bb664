"""Taking a scheduled deletion back: one transaction opens the tenant again, with everything as it was."""

from copy import replace

from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import completion, jobs
from rolecall.errors import ConcurrentChange, DeletionStarted, RolecallError, TenantNotFound
from rolecall.storage import dynamodb, indexes, keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import log_and_suppress_errors_after_commit
from rolecall.tenants.tenants import Tenant


def restore_tenant(context: RequestContext, tenant_id: str) -> Tenant:
    """Open a tenant again and return it; raise `TenantNotFound` if no deletion of it is scheduled, `DeletionStarted`.

    Raises `DeletionStarted` while the tenant is being deleted, and `ConcurrentChange`. Nothing of the tenant was
    removed, so only its own item, the reservation of its name and the job are written. Its tokens work again. The start
    of the deletion has a condition on the same item, so either the deletion starts or the tenant is restored.
    """
    tenant = retries.retry_on_conflict(lambda: _attempt_restoration(context, tenant_id))
    # The tenant is restored already, so a failure to log the event is not an error. Maintenance logs the event later.
    with log_and_suppress_errors_after_commit("tenant restoration", tenant_id=tenant_id):
        job = jobs.find_job(tenant_id)
        if job is not None:
            completion.log_unlogged_critical_events(job)
    return tenant


def _attempt_restoration(context: RequestContext, tenant_id: str) -> Tenant:
    """Restore the tenant in one transaction; raise `DeletionStarted`, `TenantNotFound` or `ConcurrentChange`."""
    tenant, job = reads.get_many(keys.tenant(tenant_id), keys.deletion_job(tenant_id))
    if tenant is not None and tenant["status"] == preconditions.DELETING:
        raise DeletionStarted
    if tenant is None or tenant["status"] != preconditions.SCHEDULED:
        raise TenantNotFound("no deletion of this tenant is scheduled")
    if job is None or job["status"] != jobs.SCHEDULED:
        raise ConcurrentChange  # another request changed the tenant and the job while they were read
    at = rfc3339(context.at)
    entry = trail.new_entry(
        context,
        "restore_tenant",
        ("tenant", tenant_id),
        scope=tenant_id,
        before={"status": preconditions.SCHEDULED, "deletes_at": tenant["deletes_at"]},
        after={"status": preconditions.ACTIVE},
        critical=True,
    )
    writes.transact(
        writes.Update(
            keys.tenant(tenant_id),
            set={"status": preconditions.ACTIVE, "updated_at": at},
            add={"version": 1},
            remove=("deletes_at",),
            when=Attr("status").eq(preconditions.SCHEDULED) & Attr("deletes_at").eq(tenant["deletes_at"]),
            on_condition_failure=_deletion_started_or_concurrent_change,
        ),
        writes.Update(
            keys.tenant_name_reservation(tenant["name"]),
            set={
                "updated_at": at,
                **indexes.TENANTS_BY_NAME.index_attributes(keys.comparable_form_of_name(tenant["name"])),
            },
            remove=("deletes_at",),
            when=Attr("tenant_id").eq(tenant_id),
        ),
        writes.Update(
            keys.deletion_job(tenant_id),
            set={
                "status": jobs.RESTORED,
                # The job stays in the list of pending jobs until its critical events are logged. Then the job is
                # deleted.
                **indexes.PENDING_DELETIONS.index_attributes(f"{at}#{tenant_id}"),
                "unannounced": {**job["unannounced"], "restore_tenant": entry.item["id"]},
            },
            remove=("deletes_at", *indexes.SCHEDULED_DELETIONS.index_attributes("")),
            when=Attr("status").eq(jobs.SCHEDULED) & Attr("unannounced").eq(job["unannounced"]),
        ),
        entry,
    )
    return replace(Tenant.from_item(tenant), updated_at=at, version=int(tenant["version"]) + 1, deletes_at=None)


def _deletion_started_or_concurrent_change(found: dynamodb.Item | None) -> RolecallError:
    """Return `DeletionStarted` if the tenant is being deleted, else `ConcurrentChange`, also if the tenant is gone."""
    is_deleting = found is not None and found["status"] == preconditions.DELETING
    return DeletionStarted() if is_deleting else ConcurrentChange()
