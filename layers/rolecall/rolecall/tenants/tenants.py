"""Tenants: registering, reading, listing and protecting them, all with the master token."""

from collections.abc import Mapping
from copy import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.errors import (
    FieldError,
    PreconditionFailed,
    RolecallError,
    TenantExists,
    TenantNotFound,
    ValidationFailed,
)
from rolecall.ids import new_id
from rolecall.storage import cursors, dynamodb, indexes, keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import user_creation

if TYPE_CHECKING:
    from rolecall.auth.idempotency import IdempotencyClaim


class Tenant(NamedTuple):
    """A tenant. `version` is 1 at registration and grows by 1 with each change.

    `deletes_at` is the time at which a scheduled deletion is due; it is known in lists only.
    """

    id: str
    name: str
    created_at: str
    updated_at: str
    deletion_protection: bool = False
    version: int = 1
    deletes_at: str | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Make a tenant of its own item, or of the reservation of its name."""
        return cls(
            item["id"],
            item["name"],
            item["created_at"],
            item["updated_at"],
            item.get("deletion_protection", False),
            int(item.get("version", 1)),
            item.get("deletes_at"),
        )

    @classmethod
    def from_deletion_job(cls, item: Mapping[str, Any]) -> Self:
        """Make a tenant of the item of its deletion's job; protection and version have their default values."""
        return cls(item["tenant_id"], item["tenant_name"], item["created_at"], item["updated_at"])

    def to_json(self) -> dict[str, Any]:
        """Return the tenant as lists show it."""
        shown = {"id": self.id, "name": self.name, "created_at": self.created_at, "updated_at": self.updated_at}
        return {**shown, "deletes_at": self.deletes_at} if self.deletes_at else shown

    def to_json_with_protection(self) -> dict[str, Any]:
        """Return the tenant as `GET /global/tenants/{id}` shows it."""
        return {**self.to_json(), "deletion_protection": self.deletion_protection}


class TenantStatus(StrEnum):
    """The states by which `list_tenants` can list."""

    ACTIVE = preconditions.ACTIVE
    SCHEDULED = preconditions.SCHEDULED
    DELETING = preconditions.DELETING


#: For each status of a tenant: the index partition that lists the tenants with this status by name.
_PARTITIONS = {
    TenantStatus.ACTIVE: indexes.TENANTS_BY_NAME,
    TenantStatus.SCHEDULED: indexes.SCHEDULED_TENANTS_BY_NAME,
    TenantStatus.DELETING: indexes.DELETING_TENANTS_BY_NAME,
}


class TenantPage(NamedTuple):
    tenants: list[Tenant]
    next_cursor: str | None


class Registration(NamedTuple):
    tenant: Tenant
    first_admin: user_creation.CreatedUser


def register_tenant(
    context: RequestContext, name: str, first_admin: user_creation.NewUser, *, idempotency_key: str | None = None
) -> Registration:
    """Create a tenant with its first admin in one transaction; raise `TenantExists` or `EmailTaken`.

    Names and emails are compared without case. A repeated call with the same `idempotency_key` creates nothing and
    returns the same tenant and admin. Raises `IdempotencyKeyReused` if the key was used for other facts,
    `RequestInProgress` while the first request with the key runs, `ResultDeleted` if the tenant or the admin is
    deleted.
    """
    if idempotency_key is None:
        return _register_in_one_transaction(context, name, first_admin, None)
    # The idempotency module is imported only for a request with an `Idempotency-Key`, because the import of Powertools'
    # idempotency is slow and most requests have no key.
    from rolecall.auth import idempotency  # noqa: PLC0415

    claim = idempotency.build_claim(context, "register_tenant", idempotency_key, keys.idempotency_record_outside_tenant)

    def from_record(record: Mapping[str, Any]) -> Registration:
        created = user_creation.CreatedUser.from_replay_record(record["created"], claim)
        return Registration(Tenant(**record["tenant"]), created)

    return idempotency.run_idempotent(
        claim,
        {"tenant_name": name, **first_admin._asdict()},
        lambda: _register_in_one_transaction(context, name, first_admin, claim),
        to_record=_to_replay_record,
        from_record=from_record,
    )


def _to_replay_record(registration: Registration) -> dict[str, Any]:
    tenant, created = registration
    return {"tenant": tenant._asdict(), "created": created.to_replay_record()}


def _register_in_one_transaction(
    context: RequestContext, name: str, first_admin: user_creation.NewUser, claim: "IdempotencyClaim | None"
) -> Registration:
    """Write tenant, name, first admin and audit entry; raise `TenantExists`, `EmailTaken` or `ConcurrentChange`."""
    at = rfc3339(context.at)
    tenant = Tenant(new_id(), name, at, at)
    created, user_writes = user_creation.prepare_user_writes(
        context, tenant.id, first_admin, claim, webhook_of_tenant=True
    )
    name_key, tenant_key = keys.tenant_name_reservation(name), keys.tenant(tenant.id)

    def name_taken(_found: dynamodb.Item | None) -> RolecallError:
        return TenantExists()

    writes.transact(
        writes.Put(
            {
                "pk": name_key.pk,
                "sk": name_key.sk,
                **indexes.TENANTS_BY_NAME.index_attributes(keys.comparable_form_of_name(name)),
                "tenant_id": tenant.id,
                **tenant.to_json(),
            },
            when=writes.MUST_NOT_EXIST,
            on_condition_failure=name_taken,
        ),
        writes.Put(
            {
                "pk": tenant_key.pk,
                "sk": tenant_key.sk,
                **tenant.to_json_with_protection(),
                "version": tenant.version,
                "status": preconditions.ACTIVE,
                "active_admins": 1,
                **({"webhook_count": 1} if created.webhook else {}),
            },
            when=writes.MUST_NOT_EXIST,
        ),
        *user_writes,
        *([claim.completion_write(_to_replay_record(Registration(tenant, created)), created.owner)] if claim else []),
        trail.new_entry(
            context,
            "register_tenant",
            ("tenant", tenant.id),
            scope=tenant.id,
            after={"name": name, "admin": created.user.id, **created.webhook_for_audit},
        ),
    )
    logger.info("tenant registered", tenant_id=tenant.id, user_id=created.user.id)
    count_metric("TenantRegistered")
    return Registration(tenant, created)


def list_tenants(
    *, limit: int, cursor: str | None = None, status: TenantStatus = TenantStatus.ACTIVE, name: str = ""
) -> TenantPage:
    """Return a page of the tenants in one state, by name; raise `ValidationFailed` for a wrong cursor or `name`.

    `name` is a prefix. Names are compared without case, in the form of `keys.comparable_form_of_name`. A page reads
    only the tenants that it returns, and one more. A cursor is wrong if it belongs to another list, a `name` if no
    tenant's name can begin with it.
    """
    prefix, partition = _convert_typed_prefix_to_comparable_form(name), _PARTITIONS[status]
    scope = ("list_tenants", status, prefix)
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    items = reads.query_merged([partition], prefix=prefix, after=position, limit=limit + 1)
    more, items = len(items) > limit, items[:limit]
    from_item = Tenant.from_deletion_job if status is TenantStatus.DELETING else Tenant.from_item
    next_cursor = cursors.encode(items[-1][f"{partition.index_name}sk"], *scope) if more else None
    return TenantPage([from_item(item) for item in items], next_cursor)


def _convert_typed_prefix_to_comparable_form(name: str) -> str:
    """Return the prefix in the form in which names are compared; raise `ValidationFailed` if no name begins so."""
    if not name:
        return ""
    try:
        return keys.comparable_form_of_name(name)
    except ValidationFailed as error:
        raise ValidationFailed(FieldError("name", error.message, name)) from None


def get_tenant(tenant_id: str) -> Tenant:
    """Return the tenant; raise `TenantNotFound` if there is none, or if its deletion is scheduled or runs."""
    item = reads.get(keys.tenant(tenant_id))
    if item is None or item["status"] != preconditions.ACTIVE:
        raise TenantNotFound
    return Tenant.from_item(item)


def resolve_tenant_id(context: RequestContext, requested_tenant_id: str | None) -> str:
    """Return a user's own tenant, or the one that the master token names; raise `TenantNotFound`, `ValidationFailed`.

    Raises `TenantNotFound` if a user names another tenant, `ValidationFailed` if the master token names none. Does not
    check that a tenant with the returned id exists.
    """
    named = keys.canonical_uuid(requested_tenant_id) if requested_tenant_id is not None else None
    own = context.principal.tenant_id
    if own:
        if requested_tenant_id is not None and named != own:
            raise TenantNotFound
        return own
    if named is None:
        raise ValidationFailed(FieldError("tenant_id", "is required and must be a UUID", requested_tenant_id))
    return named


def update_tenant(
    context: RequestContext, tenant_id: str, *, deletion_protection: bool, if_match: frozenset[int] | None = None
) -> Tenant:
    """Switch deletion protection on or off; raise `TenantNotFound`, `PreconditionFailed`, `ConcurrentChange`.

    A tenant that has that setting already stays unchanged.
    """
    tenant = retries.retry_on_conflict(
        lambda: _attempt_protection_change(context, tenant_id, deletion_protection, if_match)
    )
    logger.info("tenant updated", tenant_id=tenant_id, deletion_protection=tenant.deletion_protection)
    return tenant


def _attempt_protection_change(
    context: RequestContext, tenant_id: str, new_protection: bool, if_match: frozenset[int] | None
) -> Tenant:
    """Write the setting if it is new; raise `TenantNotFound`, `PreconditionFailed` or `ConcurrentChange`."""
    old = get_tenant(tenant_id)
    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
    if old.deletion_protection is new_protection:
        return old
    at = rfc3339(context.at)
    new = replace(old, deletion_protection=new_protection, updated_at=at, version=old.version + 1)
    writes.transact(
        writes.Update(
            keys.tenant(tenant_id),
            set={"deletion_protection": new_protection, "updated_at": at},
            add={"version": 1},
            when=Attr("status").eq(preconditions.ACTIVE) & Attr("version").eq(old.version),
        ),
        writes.Update(keys.tenant_name_reservation(old.name), set={"updated_at": at}, when=writes.MUST_EXIST),
        trail.new_entry(
            context,
            "update_tenant",
            ("tenant", tenant_id),
            scope=tenant_id,
            before={"deletion_protection": old.deletion_protection},
            after={"deletion_protection": new_protection},
        ),
    )
    return new
