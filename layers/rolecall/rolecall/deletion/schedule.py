"""Scheduling a tenant's deletion: one transaction closes the tenant, and nothing is removed.

`requests` starts the deletion when it is due, or at once when it is asked to. `tenants.restoration` takes it back.
"""

from datetime import timedelta

from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import completion, jobs
from rolecall.deletion.jobs import DeletionJob
from rolecall.errors import ConcurrentChange, RolecallError, TenantNotFound, TenantProtected
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from rolecall.storage.expressions import Attr, Condition


class AlreadyAccepted(RolecallError):
    """The deletion is scheduled or runs already. Only this room raises and catches it."""


def schedule_deletion(
    context: RequestContext, tenant: dynamodb.Item, grace_days: int, reason: str | None
) -> DeletionJob:
    """Close an active tenant, to be deleted in `grace_days` days; raise `AlreadyAccepted` and others.

    Writes the job of the deletion. The name stays reserved, but moves to the list of scheduled tenants. Raises
    `AlreadyAccepted`, `TenantNotFound`, `TenantProtected` or `ConcurrentChange` if the tenant has changed since it was
    read.
    """
    tenant_id, name, at = tenant["id"], tenant["name"], rfc3339(context.at)
    deletes_at = rfc3339(context.at + timedelta(days=grace_days))
    job_key = keys.deletion_job(tenant_id)

    def tenant_changed(found: dynamodb.Item | None) -> RolecallError:
        if found is not None and found["status"] != preconditions.ACTIVE:
            return AlreadyAccepted()
        return error_for_changed_tenant(found)

    finish_restored_deletion(tenant_id)
    entry = trail.new_entry(
        context,
        "schedule_tenant_deletion",
        ("tenant", tenant_id),
        scope=tenant_id,
        before={"name": name, "status": preconditions.ACTIVE},
        after={"status": preconditions.SCHEDULED, "deletes_at": deletes_at},
        reason=reason,
        critical=True,
    )
    job = {
        "pk": job_key.pk,
        "sk": job_key.sk,
        **indexes.PENDING_DELETIONS.index_attributes(f"{at}#{tenant_id}"),
        **indexes.SCHEDULED_DELETIONS.index_attributes(f"{deletes_at}#{tenant_id}"),
        "tenant_id": tenant_id,
        "tenant_name": name,
        "status": jobs.SCHEDULED,
        "deletes_at": deletes_at,
        "requested_at": at,
        "requested_by": context.principal.id,
        "reason": reason,
        "driven_at": at,
        "attempts": 0,
        "deleted": {},
        "verified": False,
        "unannounced": {"schedule_tenant_deletion": entry.item["id"]},
    }
    writes.transact(
        writes.Update(
            keys.tenant(tenant_id),
            set={"status": preconditions.SCHEDULED, "deletes_at": deletes_at, "updated_at": at},
            add={"version": 1},
            when=Attr("status").eq(preconditions.ACTIVE) & Attr("name").eq(name) & unprotected_condition(),
            on_condition_failure=tenant_changed,
        ),
        writes.Update(
            keys.tenant_name_reservation(name),
            set={
                "updated_at": at,
                "deletes_at": deletes_at,
                **indexes.SCHEDULED_TENANTS_BY_NAME.index_attributes(keys.comparable_form_of_name(name)),
            },
            when=Attr("tenant_id").eq(tenant_id),
        ),
        writes.Put(job, when=writes.MUST_NOT_EXIST),
        entry,
    )
    return DeletionJob.from_items(job, [])


def unprotected_condition() -> Condition:
    """The write condition that a tenant is not protected against deletion."""
    return Attr("deletion_protection").not_exists() | Attr("deletion_protection").eq(False)


def error_for_changed_tenant(found: dynamodb.Item | None) -> RolecallError:
    """Return `TenantNotFound`, `AlreadyAccepted`, `TenantProtected` or `ConcurrentChange`, whichever `found` shows.

    `found` is the item, as it is now, of a tenant that has changed since it was read; None if it is gone.
    """
    if found is None:
        return TenantNotFound()
    if found["status"] == preconditions.DELETING:
        return AlreadyAccepted()
    return TenantProtected() if found.get("deletion_protection") else ConcurrentChange()


def finish_restored_deletion(tenant_id: str) -> None:
    """Log the events of an earlier deletion that was taken back, and delete its job; do nothing for any other job."""
    job = reads.get(keys.deletion_job(tenant_id))
    if job is not None and job["status"] == jobs.RESTORED:
        completion.log_unlogged_critical_events(DeletionJob.from_items(job, []))
