"""Deleting a tenant for good: tombstone, sweep, proof, receipt.

1. *Tombstone*: one transaction marks the tenant as deleting, makes the job with its slices, releases the
   name and writes the audit entry. From then on no token of the tenant works and nothing can be written
   into it.
2. *Sweep and proof*, see `sweep`: by the request as far as its time allows, then by workers, one message
   a slice. A message that got lost is sent again by maintenance.
3. *Receipt*: when every slice is proven and a consistent query finds the tenant's partition empty too,
   one transaction turns the job into the receipt and removes the tenant's own item and the slices.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from rolecall import deadline
from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import completion, jobs, slices, sweep, workers
from rolecall.deletion.slices import Counts, Slice
from rolecall.errors import (
    ConcurrentChange,
    ConfirmationMismatch,
    RolecallError,
    ServiceUnavailable,
    TenantNotFound,
    TenantProtected,
)
from rolecall.ids import new_id
from rolecall.storage import dynamodb, keys, reads, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import describe_failed_call, logger

#: Seconds that a sweep leaves unused before the invocation's deadline.
RESERVE_SECONDS = sweep.RESERVE_SECONDS


@dataclass(frozen=True, slots=True)
class Preview:
    """What a deletion would remove, by type; a lower bound unless `complete`."""

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


class _DeletingAlready(RolecallError):
    """Someone else's tombstone stands."""


def delete_tenant(context: RequestContext, tenant_id: str, *, confirm_name: str | None = None) -> jobs.Deletion:
    """Delete a tenant and everything that belongs to it, as far as the time left allows.

    Workers do what is left over. Asking again while a deletion runs returns that one and changes nothing.
    Raises `TenantNotFound`, `TenantProtected`, `ConfirmationMismatch`, `ConcurrentChange`.
    """
    try:
        accepted = _tombstone(context, _deletable(tenant_id, confirm_name))
    except _DeletingAlready:
        return jobs.read(tenant_id)
    return _sweep_at_once(context, accepted)


def preview_deletion(tenant_id: str, *, confirm_name: str | None = None) -> Preview:
    """What `delete_tenant` would remove right now, as far as it can be counted in the time left.

    Raises what `delete_tenant` would; `TenantNotFound` also for a tenant that is being deleted.
    """
    try:
        tenant = _deletable(tenant_id, confirm_name)
    except _DeletingAlready:
        raise TenantNotFound from None
    counts = jobs.WITH_TOMBSTONE + jobs.WITH_RECEIPT
    for name in keys.SLICES:
        more, complete = sweep.count_items(tenant_id, name)
        counts += more
        if not complete:
            return Preview(tenant_id, tenant["name"], counts, complete=False)
    return Preview(tenant_id, tenant["name"], counts, complete=True)


def _deletable(tenant_id: str, confirm_name: str | None) -> dynamodb.Item:
    tenant = reads.get(keys.tenant(tenant_id))
    if tenant is None:
        raise TenantNotFound
    if tenant["status"] == preconditions.DELETING:
        raise _DeletingAlready
    if tenant.get("deletion_protection"):
        raise TenantProtected
    # A browser sends only ASCII in a header, so other letters come percent-encoded.
    if confirm_name is not None and tenant["name"] not in {confirm_name, unquote(confirm_name)}:
        raise ConfirmationMismatch
    return tenant


def _tombstone(context: RequestContext, tenant: dynamodb.Item) -> jobs.Deletion:
    """The deletion as it begins.

    Raises `_DeletingAlready`, `TenantNotFound` or `TenantProtected` if that has come true since it was read.
    """
    tenant_id, name, at = tenant["id"], tenant["name"], rfc3339(context.at)
    job_key = keys.deletion(tenant_id)

    def on_condition_failure(found: dynamodb.Item | None) -> RolecallError:
        if found is None:
            return TenantNotFound()
        if found["status"] != preconditions.ACTIVE:
            return _DeletingAlready()
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
        "deleted": dict(jobs.WITH_TOMBSTONE),
        "verified": False,
        "unannounced": {"delete_tenant": entry.item["id"]},
    }
    slices = [Slice(tenant_id, one, updated_at=at).to_item() for one in keys.SLICES]
    unprotected = Attr("deletion_protection").not_exists() | Attr("deletion_protection").eq(False)
    writes.transact(
        writes.Update(
            keys.tenant(tenant_id),
            set={"status": preconditions.DELETING, "updated_at": at},
            # The name, because its reservation goes in the same transaction.
            when=Attr("status").eq(preconditions.ACTIVE) & Attr("name").eq(name) & unprotected,
            on_condition_failure=on_condition_failure,
        ),
        writes.Put(job, when=writes.MUST_NOT_EXIST),
        *(writes.Put(one, when=writes.MUST_NOT_EXIST) for one in slices),
        writes.Delete(keys.tenant_name(name)),
        entry,
    )
    return jobs.Deletion.from_items(job, slices)


def _sweep_at_once(context: RequestContext, accepted: jobs.Deletion) -> jobs.Deletion:
    """As far as the time allows. Storage that fails now is no error: the deletion was accepted and goes on later."""
    tenant_id = accepted.tenant_id
    try:
        owner, found = new_id(), jobs.read(tenant_id)
        completion.announce(found)
        sweep.close_empty(found.slices, owner)
        while deadline.time_left() > RESERVE_SECONDS and (found := jobs.read(tenant_id)).deleted_at is None:
            if not _step(context, found, owner):
                break
        found = jobs.read(tenant_id)
        if found.deleted_at is None:
            workers.send(found)
    except (ServiceUnavailable, ConcurrentChange) as error:
        logger.warning("tenant deletion interrupted", tenant_id=tenant_id, **describe_failed_call(error))
        return accepted
    else:
        return found


def _step(context: RequestContext, found: jobs.Deletion, owner: str) -> bool:
    """Run over all there is to do now; False if nothing moved, as others have it in their hands."""
    todo = slices.workable(found.slices)
    if not todo:
        completion.finish(context, found)
        return True
    ran = sweep.run_side_by_side(todo, owner)
    return any(now.version > before.version for before, now in zip(todo, ran, strict=True))
