"""Deletion jobs: the progress of a tenant's deletion, and the receipt that remains of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from rolecall.auth import preconditions
from rolecall.clock import rfc3339
from rolecall.deletion import slice_ranges
from rolecall.deletion.slices import Counts, Slice
from rolecall.errors import TenantNotFound
from rolecall.storage import dynamodb, indexes, keys, reads

SCHEDULED, DELETING, DELETED, FAILED = preconditions.SCHEDULED, preconditions.DELETING, "deleted", "failed"

#: The status of a scheduled deletion that was taken back. The job remains until its critical events are logged.
RESTORED = "restored"

#: A tenant's deletion that made no progress for this time is shown as failed. Maintenance still resumes it.
FAILED_AFTER = timedelta(hours=1)

#: The items that are deleted by the transaction that marks the tenant as deleting: the reservation of the tenant's
#: name.
DELETED_WITH_TOMBSTONE = Counter(names=1)

#: The items that are deleted by the transaction that writes the receipt: the tenant's own item.
DELETED_WITH_RECEIPT = Counter(tenants=1)


@dataclass(frozen=True, slots=True)
class DeletionJob:
    """The deletion of a tenant: scheduled while `deletes_at` is set, then in progress, then the receipt (`deleted_at`).

    `is_restored` is true for a scheduled deletion that was taken back.

    `deleted` and `total` count items by type; `total` counts what was found so far, and at the end everything.
    `attempts` is 0 while the deletion is scheduled, then 1, plus 1 for each time that maintenance resumed the deletion.
    `resumed_at` (stored as `driven_at`) is the time of the last attempt. `unlogged_events` (stored as `unannounced`)
    has the id of the audit entry of each critical event whose log line may not be written yet. `reason` is what the
    caller gave.
    """

    tenant_id: str
    tenant_name: str
    requested_at: str
    requested_by: str
    deleted_at: str | None
    attempts: int
    resumed_at: str
    unlogged_events: Mapping[str, str]
    slices: list[Slice]
    deleted: Counts
    total: Counts
    verified: bool
    deletes_at: str | None = None
    is_restored: bool = False
    reason: str | None = None

    @classmethod
    def from_items(cls, job_item: dynamodb.Item, slice_items: Iterable[dynamodb.Item]) -> Self:
        """Make a job of its item and the items of its slices; a scheduled job and a receipt have no slices."""
        slices = [Slice.from_item(item) for item in slice_items]
        deleted = sum((one.deleted for one in slices), Counter({n: int(v) for n, v in job_item["deleted"].items()}))
        remaining = sum((one.kept + (one.pending or Counter()) for one in slices), Counter[str]())
        tenant_item = Counter[str]() if "deleted_at" in job_item else DELETED_WITH_RECEIPT
        return cls(
            job_item["tenant_id"],
            job_item["tenant_name"],
            job_item["requested_at"],
            job_item["requested_by"],
            job_item.get("deleted_at"),
            int(job_item["attempts"]),
            job_item["driven_at"],
            job_item["unannounced"],
            slices,
            deleted,
            deleted + remaining + tenant_item,
            job_item["verified"],
            job_item.get("deletes_at"),
            job_item["status"] == RESTORED,
            job_item.get("reason"),
        )

    @property
    def is_in_progress(self) -> bool:
        """Whether the deletion has started and is not complete."""
        return not (self.deleted_at or self.deletes_at or self.is_restored)

    @property
    def percent(self) -> int:
        """The share of the range of user ids that is swept and proven: it never falls, and only a receipt has 100."""
        if self.verified:
            return 100
        return sum(one.progress for one in self.slices) // (10 * len(slice_ranges.SLICES))

    @property
    def last_progress_at(self) -> str:
        """The time of the last write of any slice, or of the request."""
        return max((one.updated_at for one in self.slices), default=self.requested_at) or self.requested_at

    def status(self, at: datetime) -> str:
        """Return `scheduled`, `deleted`, `failed` after `FAILED_AFTER` without progress, or `deleting`."""
        if self.deletes_at:
            return SCHEDULED
        if self.deleted_at:
            return DELETED
        return FAILED if self.last_progress_at < rfc3339(at - FAILED_AFTER) else DELETING

    def to_deletion_answer(self) -> dict[str, Any]:
        """Return the job as the answer to `DELETE /global/tenants/{id}` shows it."""
        shown: dict[str, Any] = {"tenant_id": self.tenant_id, "tenant_name": self.tenant_name}
        if self.deleted_at:
            return {**shown, "deleted_at": self.deleted_at}
        if self.deletes_at:
            return {
                **shown,
                "status": SCHEDULED,
                "requested_at": self.requested_at,
                "deletes_at": self.deletes_at,
            }
        return {**shown, "status": DELETING, "requested_at": self.requested_at}

    def to_progress(self, at: datetime) -> dict[str, Any]:
        """Return the job as `GET /global/tenants/{id}/deletion` shows it: progress or receipt."""
        return {
            "tenant_id": self.tenant_id,
            "tenant_name": self.tenant_name,
            "status": self.status(at),
            "requested_at": self.requested_at,
            **({"deletes_at": self.deletes_at} if self.deletes_at else {}),
            **({"deleted_at": self.deleted_at} if self.deleted_at else {}),
            "requested_by": self.requested_by,
            "deleted": dict(sorted(self.deleted.items())),
            "total": dict(sorted(self.total.items())),
            "percent": self.percent,
            "attempts": self.attempts,
            "verified": self.verified,
        }


def read_job(tenant_id: str) -> DeletionJob:
    """Return the job of a tenant's deletion; raise `TenantNotFound` if there is none or it was taken back."""
    job = find_job(tenant_id)
    if job is None or job.is_restored:
        raise TenantNotFound
    return job


def find_job(tenant_id: str) -> DeletionJob | None:
    """Return the job of a tenant's deletion, also of one that was taken back; None if the tenant has no job."""
    items = reads.query_partition(keys.deletion_job(tenant_id).pk).items
    if not items:
        return None
    job, *slice_items = items
    return DeletionJob.from_items(job, slice_items)


def list_entries_of_pending_jobs(after: str | None, page_size: int) -> reads.Page:
    """Return a page of index entries of jobs in progress or with events not logged yet, the oldest first."""
    return reads.query_index(indexes.PENDING_DELETIONS, after=after, limit=page_size)


def list_entries_of_due_jobs(at: datetime, after: str | None, limit: int) -> reads.Page:
    """Return a page of index entries of the scheduled jobs that are due at the time `at`, the earliest first."""
    # An index key consists of a time, "#" and a tenant's id. "$" is the character after "#". So the bound with "$"
    # includes the keys of all tenants that are due in the second `at`.
    return reads.query_index(indexes.SCHEDULED_DELETIONS, after=after, last=f"{rfc3339(at)}$", limit=limit)
