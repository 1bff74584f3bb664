"""Deleting a tenant for good: tombstone, sweep, proof, receipt.

1. *Tombstone*: one transaction marks the tenant as deleting, makes the job, releases the name and
   writes the audit entry. From then on no token of the tenant works and nothing can be written into it.
2. *Sweep*: everything in the tenant's partition and its users' partitions goes, with the items
   outside that it owns (`owned_keys`); children before their user, so that a crash leaves nothing
   that can't be found. A sweep can stop after any call and start again.
3. *Proof and receipt*: only when consistent queries find nothing, the job becomes `deleted` and the
   tenant's own item goes.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr

from rolecall import audit, clock, keys, standing, store
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
from rolecall.telemetry import count, logger

#: Seconds that a sweep leaves unused before the invocation's deadline: one slow call and the answer.
RESERVE_SECONDS = 4.0
#: Items of the tenant's partition that are swept, with all that hangs on them, between two looks at the clock.
_PAGE = 25
_DELETED = "deleted:"


@dataclass(frozen=True, slots=True)
class Deletion:
    """The deletion of a tenant: under way while `deleted_at` is None, a receipt afterwards.

    `deleted` counts what went, by type.
    """

    tenant_id: str
    tenant_name: str
    requested_at: str
    deleted_at: str | None
    deleted: dict[str, int]

    @classmethod
    def from_item(cls, item: store.Item) -> "Deletion":
        counts = {name.removeprefix(_DELETED): int(n) for name, n in item.items() if name.startswith(_DELETED)}
        return cls(item["tenant_id"], item["tenant_name"], item["requested_at"], item.get("deleted_at"), counts)

    def to_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"tenant_id": self.tenant_id, "tenant_name": self.tenant_name}
        if self.deleted_at:
            return {**shown, "deleted_at": self.deleted_at}
        return {**shown, "status": "deleting", "requested_at": self.requested_at}


def delete_tenant(call: Call, tenant_id: str, *, confirm_name: str | None = None) -> Deletion:
    """Delete a tenant and everything that belongs to it, as far as the time left allows.

    What is left over is resumed by maintenance. Asking again while a deletion runs returns that one and
    sweeps nothing. Raises `TenantNotFound`, `TenantProtected`, `ConfirmationMismatch`, `ConcurrentChange`.
    """
    tenant = store.get(keys.tenant(tenant_id))
    if tenant is None:
        raise TenantNotFound
    if tenant["status"] == standing.DELETING:
        return read(tenant_id)
    if tenant.get("deletion_protection"):
        raise TenantProtected
    if confirm_name is not None and confirm_name != tenant["name"]:
        raise ConfirmationMismatch
    try:
        _tombstone(call, tenant)
    except ConcurrentChange:
        # Someone else's tombstone stands; without one, others kept writing for as long as we could try.
        if (job := store.get(keys.deletion(tenant_id))) is None:
            raise
        return Deletion.from_item(job)
    return sweep(call, tenant_id)


def read(tenant_id: str) -> Deletion:
    """The deletion as it stands; raises `TenantNotFound` if there never was one."""
    job = store.get(keys.deletion(tenant_id))
    if job is None:
        raise TenantNotFound
    return Deletion.from_item(job)


def sweep(call: Call, tenant_id: str) -> Deletion:
    """Remove what is left of a tenant that is being deleted, until all is gone or the time is up.

    A storage failure ends the sweep early and is no error: the deletion was accepted and goes on later.
    """
    attempt = store.Update(
        keys.deletion(tenant_id),
        add={"attempts": 1},
        set={"updated_at": rfc3339(call.at)},
        when=store.EXISTS,
        otherwise=lambda _found: TenantNotFound(),
    )
    try:
        store.write(attempt)
        while store.time_left() > RESERVE_SECONDS:
            if not _sweep_page(tenant_id):
                _finish(call, tenant_id)
                break
    except (ServiceUnavailable, ConcurrentChange):
        logger.warning("tenant deletion interrupted", tenant_id=tenant_id)
    return read(tenant_id)


def open_deletions(limit: int) -> list[str]:
    """Ids of the tenants whose deletion is not finished, those waiting longest first."""
    return [item["tenant_id"] for item in store.query_index(keys.OPEN_DELETIONS, limit=limit).items]


def _tombstone(call: Call, tenant: store.Item) -> None:
    """Raises `ConcurrentChange` if someone else's tombstone stands already, `TenantNotFound` if the tenant is gone."""
    tenant_id, name, at = tenant["id"], tenant["name"], rfc3339(call.at)
    job_key = keys.deletion(tenant_id)

    def otherwise(found: store.Item | None) -> RolecallError:
        if found and found.get("deletion_protection"):
            return TenantProtected()
        return ConcurrentChange() if found else TenantNotFound()

    store.transact(
        store.Update(
            keys.tenant(tenant_id),
            set={"status": standing.DELETING, "updated_at": at},
            when=Attr("status").eq(standing.ACTIVE) & Attr("deletion_protection").ne(True),
            otherwise=otherwise,
        ),
        store.Put(
            {
                "pk": job_key.pk,
                "sk": job_key.sk,
                **keys.OPEN_DELETIONS.entry(f"{at}#{tenant_id}"),
                "tenant_id": tenant_id,
                "tenant_name": name,
                "status": standing.DELETING,
                "requested_at": at,
                "requested_by": call.principal.id,
                "updated_at": at,
                "attempts": 0,
            },
            when=store.NEW,
        ),
        store.Delete(keys.tenant_name(name)),
        audit.entry(
            call,
            "delete_tenant",
            ("tenant", tenant_id),
            scope=tenant_id,
            before={"name": name, "status": standing.ACTIVE},
            after={"status": standing.DELETING},
        ),
    )
    logger.critical("tenant deletion accepted", tenant_id=tenant_id, tenant_name=name)
    count("TenantDeletionAccepted")


def _sweep_page(tenant_id: str) -> bool:
    """Remove a page of the tenant's items with all that hangs on them; False if nothing was left."""
    tenant_key = keys.tenant(tenant_id)
    found = store.query_keys(keys.tenant_partition(tenant_id), limit=_PAGE + 1).items
    items = [item for item in found if item["sk"] != tenant_key.sk]
    for item in items:
        if item["sk"].startswith("USER#"):
            _empty(keys.user_partition(tenant_id, item["sk"].removeprefix("USER#")), tenant_id)
    _delete(items, tenant_id)
    return bool(items)


def _empty(partition: str, tenant_id: str) -> None:
    """Delete until a consistent query finds nothing."""
    while children := store.query_keys(partition).items:
        _delete(children, tenant_id)


def _delete(items: Iterable[store.Item], tenant_id: str) -> None:
    """Delete items and, before them, the items outside that they own; count them by type."""
    own = [keys.Key(item["pk"], item["sk"]) for item in items]
    owned = [keys.Key(pk, keys.META) for item in items for pk in item.get("owned_keys", ())]
    store.delete_all(owned)
    store.delete_all(own)
    counts = Counter(keys.item_type(key) for key in (*owned, *own))
    if counts:
        store.write(
            store.Update(
                keys.deletion(tenant_id),
                add={f"{_DELETED}{name}": n for name, n in counts.items()},
                set={"updated_at": rfc3339(clock.now())},
                when=store.EXISTS,
            )
        )


def _finish(call: Call, tenant_id: str) -> None:
    """The proof has found nothing: the tenant's own item goes, the job becomes the receipt."""
    at = rfc3339(clock.now())
    try:
        store.transact(
            store.Update(
                keys.deletion(tenant_id),
                set={
                    "status": "deleted",
                    "deleted_at": at,
                    "updated_at": at,
                    "verified": True,
                    **keys.UNREDACTED_AUDITS.entry(f"{at}#{tenant_id}"),
                },
                remove=("gsi1pk", "gsi1sk"),
                when=Attr("status").eq(standing.DELETING),
            ),
            store.Delete(keys.tenant(tenant_id), when=Attr("status").eq(standing.DELETING)),
            audit.entry(
                call,
                "complete_tenant_deletion",
                ("tenant", tenant_id),
                scope=tenant_id,
                before={"status": standing.DELETING},
                after={"status": "deleted"},
            ),
        )
    except ConcurrentChange:
        # Two sweeps ended at once; the other one has written the receipt.
        return
    logger.critical("tenant deleted", tenant_id=tenant_id)
    count("TenantDeleted")
