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
from copy import replace
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from rolecall import audit, clock, keys, messages, standing, store, sweep
from rolecall.attributes import Attr
from rolecall.calls import Call
from rolecall.clock import rfc3339
from rolecall.errors import (
    ConcurrentChange,
    ConfirmationMismatch,
    RolecallError,
    ServiceUnavailable,
    TenantNotFound,
    TenantProtected,
)
from rolecall.ids import new_id
from rolecall.sweep import Counts, Slice
from rolecall.telemetry import cause_of, count, critical, logger

#: Seconds that a sweep leaves unused before the invocation's deadline.
RESERVE_SECONDS = sweep.RESERVE_SECONDS
DELETING, DELETED, FAILED = standing.DELETING, "deleted", "failed"
#: Without any progress for so long, a deletion is shown as failed. It is still driven on.
FAILED_AFTER = timedelta(hours=1)
#: Items of the tenant's partition that the last proof reports at a time.
_STRAYS = 100
#: The name's reservation goes with the tombstone, the tenant's own item with the receipt.
_WITH_TOMBSTONE, _WITH_RECEIPT = Counter(names=1), Counter(tenants=1)
#: What is logged and counted of each critical event of a deletion.
_EVENTS = {
    "delete_tenant": ("tenant deletion accepted", "TenantDeletionAccepted"),
    "complete_tenant_deletion": ("tenant deleted", "TenantDeleted"),
}


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
    def from_items(cls, job: store.Item, slices: Iterable[store.Item]) -> Self:
        found = [Slice.from_item(item) for item in slices]
        deleted = sum((one.deleted for one in found), Counter({n: int(v) for n, v in job["deleted"].items()}))
        ahead = sum((one.left + (one.pending or Counter()) for one in found), Counter[str]())
        own = Counter[str]() if "deleted_at" in job else _WITH_RECEIPT
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


# --- What a caller asks for ------------------------------------------------------------------------


def delete_tenant(call: Call, tenant_id: str, *, confirm_name: str | None = None) -> Deletion:
    """Delete a tenant and everything that belongs to it, as far as the time left allows.

    Workers do what is left over. Asking again while a deletion runs returns that one and changes nothing.
    Raises `TenantNotFound`, `TenantProtected`, `ConfirmationMismatch`, `ConcurrentChange`.
    """
    try:
        accepted = _tombstone(call, _deletable(tenant_id, confirm_name))
    except _DeletingAlready:
        return read(tenant_id)
    return _sweep_at_once(call, accepted)


def preview_deletion(tenant_id: str, *, confirm_name: str | None = None) -> Preview:
    """What `delete_tenant` would remove right now, as far as it can be counted in the time left.

    Raises what `delete_tenant` would; `TenantNotFound` also for a tenant that is being deleted.
    """
    try:
        tenant = _deletable(tenant_id, confirm_name)
    except _DeletingAlready:
        raise TenantNotFound from None
    counts = _WITH_TOMBSTONE + _WITH_RECEIPT
    for name in keys.SLICES:
        more, complete = sweep.census(tenant_id, name)
        counts += more
        if not complete:
            return Preview(tenant_id, tenant["name"], counts, complete=False)
    return Preview(tenant_id, tenant["name"], counts, complete=True)


def read(tenant_id: str) -> Deletion:
    """The deletion as it stands; raises `TenantNotFound` if there never was one."""
    items = store.query_partition(keys.deletion(tenant_id).pk).items
    if not items:
        raise TenantNotFound
    job, *slices = items
    return Deletion.from_items(job, slices)


def _deletable(tenant_id: str, confirm_name: str | None) -> store.Item:
    tenant = store.get(keys.tenant(tenant_id))
    if tenant is None:
        raise TenantNotFound
    if tenant["status"] == standing.DELETING:
        raise _DeletingAlready
    if tenant.get("deletion_protection"):
        raise TenantProtected
    if confirm_name is not None and confirm_name != tenant["name"]:
        raise ConfirmationMismatch
    return tenant


def _tombstone(call: Call, tenant: store.Item) -> Deletion:
    """The deletion as it begins.

    Raises `_DeletingAlready`, `TenantNotFound` or `TenantProtected` if that has come true since it was read.
    """
    tenant_id, name, at = tenant["id"], tenant["name"], rfc3339(call.at)
    job_key = keys.deletion(tenant_id)

    def otherwise(found: store.Item | None) -> RolecallError:
        if found is None:
            return TenantNotFound()
        if found["status"] != standing.ACTIVE:
            return _DeletingAlready()
        return TenantProtected() if found.get("deletion_protection") else ConcurrentChange()

    entry = audit.entry(
        call,
        "delete_tenant",
        ("tenant", tenant_id),
        scope=tenant_id,
        before={"name": name, "status": standing.ACTIVE},
        after={"status": standing.DELETING},
        critical=True,
    )
    job = {
        "pk": job_key.pk,
        "sk": job_key.sk,
        **keys.OPEN_DELETIONS.entry(f"{at}#{tenant_id}"),
        "tenant_id": tenant_id,
        "tenant_name": name,
        "status": DELETING,
        "requested_at": at,
        "requested_by": call.principal.id,
        "driven_at": at,
        "attempts": 1,
        "deleted": dict(_WITH_TOMBSTONE),
        "verified": False,
        "unannounced": {"delete_tenant": entry.item["id"]},
    }
    slices = [Slice(tenant_id, one, updated_at=at).to_item() for one in keys.SLICES]
    unprotected = Attr("deletion_protection").not_exists() | Attr("deletion_protection").eq(False)
    store.transact(
        store.Update(
            keys.tenant(tenant_id),
            set={"status": standing.DELETING, "updated_at": at},
            # The name, because its reservation goes in the same transaction.
            when=Attr("status").eq(standing.ACTIVE) & Attr("name").eq(name) & unprotected,
            otherwise=otherwise,
        ),
        store.Put(job, when=store.NEW),
        *(store.Put(one, when=store.NEW) for one in slices),
        store.Delete(keys.tenant_name(name)),
        entry,
    )
    return Deletion.from_items(job, slices)


# --- What drives it on -----------------------------------------------------------------------------


def _sweep_at_once(call: Call, accepted: Deletion) -> Deletion:
    """As far as the time allows. Storage that fails now is no error: the deletion was accepted and goes on later."""
    tenant_id = accepted.tenant_id
    try:
        owner, found = new_id(), read(tenant_id)
        announce(found)
        sweep.close_empty(found.slices, owner)
        while store.time_left() > RESERVE_SECONDS and (found := read(tenant_id)).deleted_at is None:
            if not _step(call, found, owner):
                break
        found = read(tenant_id)
        if found.deleted_at is None:
            send(found)
    except (ServiceUnavailable, ConcurrentChange) as error:
        logger.warning("tenant deletion interrupted", tenant_id=tenant_id, **cause_of(error))
        return accepted
    else:
        return found


def _step(call: Call, found: Deletion, owner: str) -> bool:
    """Run over all there is to do now; False if nothing moved, as others have it in their hands."""
    todo = sweep.workable(found.slices)
    if not todo:
        finish(call, found)
        return True
    ran = sweep.run_side_by_side(todo, owner)
    return any(now.version > before.version for before, now in zip(todo, ran, strict=True))


def send(found: Deletion) -> None:
    """Queue all there is to do now; raises `ServiceUnavailable`."""
    messages.send_slices(found.tenant_id, [one.name for one in sweep.workable(found.slices)])


def work(call: Call, tenant_id: str, name: str) -> None:
    """What a worker does for one message: run over its slice, then start what that has made possible.

    A message that is late or came twice does nothing. Raises `ServiceUnavailable` for the queue to try again.
    """
    try:
        announce(read(tenant_id))
        found = read(tenant_id)
    except TenantNotFound:
        return
    one = next((one for one in sweep.workable(found.slices) if one.name == name), None)
    if one is not None:
        ran = sweep.run(one, new_id())
        if ran.version == one.version:
            return  # another one has it in its hands
        if ran.state == one.state:
            messages.send_slices(tenant_id, [name])
            return
        found = read(tenant_id)
    if not found.deleted_at:
        _start_next(call, found, name)


def _start_next(call: Call, found: Deletion, name: str) -> None:
    todo = sweep.workable(found.slices)
    if not todo:
        if not finish(call, found):
            send(read(found.tenant_id))
        return
    state = next(one.state for one in found.slices if one.name == name)
    if state == sweep.OPEN:
        # The proof has found something in it.
        messages.send_slices(found.tenant_id, [name])
    elif state == sweep.SWEPT and todo[0].state == sweep.SWEPT:
        # It was the last one to be swept: the proof begins.
        send(found)


def drive(call: Call, found: Deletion) -> None:
    """Count another attempt and start again all there is to do; raises `ServiceUnavailable`."""
    store.write(
        store.Update(
            keys.deletion(found.tenant_id),
            add={"attempts": 1},
            set={"driven_at": rfc3339(call.at)},
            when=Attr("status").eq(DELETING),
        )
    )
    logger.warning("tenant deletion driven on", tenant_id=found.tenant_id, attempts=found.attempts + 1)
    if sweep.workable(found.slices) or not finish(call, found):
        send(read(found.tenant_id))


def finish(call: Call, found: Deletion) -> bool:
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
    entry = audit.entry(
        replace(call, at=clock.now()),
        "complete_tenant_deletion",
        ("tenant", tenant_id),
        scope=tenant_id,
        before={"status": DELETING},
        after={"status": DELETED},
        critical=True,
    )
    deleted = found.deleted + _WITH_RECEIPT
    try:
        store.transact(
            store.Update(
                keys.deletion(tenant_id),
                set={
                    "status": DELETED,
                    "deleted_at": at,
                    "verified": True,
                    "deleted": dict(deleted),
                    **keys.UNREDACTED_AUDITS.entry(f"{at}#{tenant_id}"),
                    "unannounced": {**found.unannounced, "complete_tenant_deletion": entry.item["id"]},
                },
                when=Attr("status").eq(DELETING) & Attr("unannounced").eq(dict(found.unannounced)),
            ),
            # No slice was opened again since it was read.
            *(store.Delete(one.key, when=Attr("version").eq(one.version)) for one in found.slices),
            store.Delete(keys.tenant(tenant_id), when=Attr("status").eq(DELETING)),
            entry,
        )
    except ConcurrentChange:
        # Two came to the end at once: the other one has written the receipt, or opened a slice again.
        if read(tenant_id).deleted_at is None:
            return False
    announce(read(tenant_id))
    return True


def _strays(tenant_id: str) -> list[str]:
    """Sort keys that are still in the tenant's partition and should not be; the first of them."""
    page = store.patiently(lambda: store.query_keys(keys.tenant_partition(tenant_id), limit=_STRAYS))
    return [item.key.sk for item in page.items if item.key.sk != keys.META]


def _reopen(found: Deletion, strays: list[str]) -> None:
    touched = {keys.slice_of(sort_key) for sort_key in strays}
    logger.warning("proof found items left", tenant_id=found.tenant_id, slices=sorted(touched))
    count("DeletionProofFailed")
    for one in found.slices:
        if one.name in touched:
            try:
                one.reopened(new_id())
            except sweep.Overtaken:
                continue  # by another proof, which has found the same


def announce(found: Deletion) -> None:
    """Log and count the critical events that nobody has told yet.

    At least once each, whoever crashes when: a line names the audit entry, which exists exactly once.
    """
    if not found.unannounced:
        return
    for action, event_id in found.unannounced.items():
        message, metric = _EVENTS[action]
        critical(message, tenant_id=found.tenant_id, tenant_name=found.tenant_name, event_id=event_id, action=action)
        count(metric)
    announced = store.Update(
        keys.deletion(found.tenant_id),
        set={"unannounced": {}},
        # A receipt stays among the open deletions until it was announced.
        remove=("gsi1pk", "gsi1sk") if found.deleted_at else (),
        when=Attr("unannounced").eq(dict(found.unannounced)),
    )
    try:
        store.write(announced)
    except ConcurrentChange:
        return  # another one has announced it too, or there is more to announce by now


def open_deletions(after: str | None, limit: int) -> store.Page:
    """The jobs of deletions that are not finished or not announced, by the time of their request."""
    return store.query_index(keys.OPEN_DELETIONS, after=after, limit=limit)
