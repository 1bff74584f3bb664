"""Deleting a tenant for good: tombstone, sweep, proof, receipt.

1. *Tombstone*: one transaction marks the tenant as deleting, makes the job with its slices, releases the
   name and writes the audit entry. From then on no token of the tenant works and nothing can be written
   into it.
2. *Sweep and proof*, see `sweep`: by the request as far as its time allows, then by workers, one message
   a slice. A message that got lost is sent again by maintenance.
3. *Receipt*: when every slice is proven and a consistent query finds the tenant's partition empty too,
   one transaction turns the job into the receipt and removes the tenant's own item and the slices.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from rolecall.auth import preconditions
from rolecall.clock import rfc3339
from rolecall.deletion.slices import Counts, Slice
from rolecall.errors import (
    TenantNotFound,
)
from rolecall.storage import dynamodb, keys, reads

DELETING, DELETED, FAILED = preconditions.DELETING, "deleted", "failed"

#: Without any progress for so long, a deletion is shown as failed. It is still driven on.
FAILED_AFTER = timedelta(hours=1)

#: The name's reservation goes with the tombstone, the tenant's own item with the receipt.
WITH_TOMBSTONE, WITH_RECEIPT = Counter(names=1), Counter(tenants=1)


@dataclass(frozen=True, slots=True)
class Deletion:
    """The deletion of a tenant: under way while `deleted_at` is None, a receipt afterwards.

    `deleted` and `total` count by type; `total` is what has been found so far, and all there was at the
    end. `percent` is the share of the range of user ids that is swept and proven: 100 is the receipt's
    alone, and it never falls. `attempts` is 1 for the request, and 1 for each time that maintenance had
    to drive the deletion on. `driven_at` is the last time of either.
    """

    tenant_id: str
    tenant_name: str
    requested_at: str
    requested_by: str
    deleted_at: str | None
    attempts: int
    driven_at: str
    unannounced: Mapping[str, str]
    slices: list[Slice]
    deleted: Counts
    total: Counts
    verified: bool

    @classmethod
    def from_items(cls, job: dynamodb.Item, slices: Iterable[dynamodb.Item]) -> Self:
        found = [Slice.from_item(item) for item in slices]
        deleted = sum((one.deleted for one in found), Counter({n: int(v) for n, v in job["deleted"].items()}))
        ahead = sum((one.left + (one.pending or Counter()) for one in found), Counter[str]())
        own = Counter[str]() if "deleted_at" in job else WITH_RECEIPT
        return cls(
            job["tenant_id"],
            job["tenant_name"],
            job["requested_at"],
            job["requested_by"],
            job.get("deleted_at"),
            int(job["attempts"]),
            job["driven_at"],
            job["unannounced"],
            found,
            deleted,
            deleted + ahead + own,
            job["verified"],
        )

    @property
    def percent(self) -> int:
        if self.verified:
            return 100
        return sum(one.reached for one in self.slices) // (10 * len(keys.SLICES))

    @property
    def progressed_at(self) -> str:
        """When the deletion was last seen to move."""
        return max((one.updated_at for one in self.slices), default=self.requested_at) or self.requested_at

    def status(self, at: datetime) -> str:
        if self.deleted_at:
            return DELETED
        return FAILED if self.progressed_at < rfc3339(at - FAILED_AFTER) else DELETING

    def to_json(self) -> dict[str, Any]:
        """As the request for the deletion is answered."""
        shown: dict[str, Any] = {"tenant_id": self.tenant_id, "tenant_name": self.tenant_name}
        if self.deleted_at:
            return {**shown, "deleted_at": self.deleted_at}
        return {**shown, "status": DELETING, "requested_at": self.requested_at}

    def to_progress(self, at: datetime) -> dict[str, Any]:
        """Progress and receipt."""
        return {
            "tenant_id": self.tenant_id,
            "tenant_name": self.tenant_name,
            "status": self.status(at),
            "requested_at": self.requested_at,
            **({"deleted_at": self.deleted_at} if self.deleted_at else {}),
            "requested_by": self.requested_by,
            "deleted": dict(sorted(self.deleted.items())),
            "total": dict(sorted(self.total.items())),
            "percent": self.percent,
            "attempts": self.attempts,
            "verified": self.verified,
        }


def read(tenant_id: str) -> Deletion:
    """The deletion as it stands; raises `TenantNotFound` if there never was one."""
    items = reads.query_partition(keys.deletion(tenant_id).pk).items
    if not items:
        raise TenantNotFound
    job, *slices = items
    return Deletion.from_items(job, slices)


def pending_deletions(after: str | None, limit: int) -> reads.Page:
    """The jobs of deletions that are not finished or not announced, by the time of their request."""
    return reads.query_index(keys.PENDING_DELETIONS, after=after, limit=limit)
