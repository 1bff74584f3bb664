"""Tenants, and what an operator does with them."""

from dataclasses import dataclass
from typing import Any, Self

from rolecall import audit, keys, standing, store, users
from rolecall.calls import Call
from rolecall.clock import rfc3339
from rolecall.errors import RolecallError, TenantExists
from rolecall.ids import new_id
from rolecall.telemetry import count, logger


@dataclass(frozen=True, slots=True)
class Tenant:
    id: str
    name: str
    created_at: str
    updated_at: str

    @classmethod
    def from_item(cls, item: store.Item) -> Self:
        return cls(item["id"], item["name"], item["created_at"], item["updated_at"])

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "created_at": self.created_at, "updated_at": self.updated_at}


def register_tenant(call: Call, name: str, first_admin: users.NewUser) -> tuple[Tenant, users.Created]:
    """Make a tenant with its first admin, in one transaction.

    Raises `TenantExists` or `EmailTaken`; names and emails are compared without case.
    """
    at = rfc3339(call.at)
    tenant = Tenant(new_id(), name, at, at)
    created, user_writes = users.new_user(call, tenant.id, first_admin)
    name_key, tenant_key = keys.tenant_name(name), keys.tenant(tenant.id)

    def name_taken(_found: store.Item | None) -> RolecallError:
        return TenantExists()

    store.transact(
        store.Put({"pk": name_key.pk, "sk": name_key.sk, "tenant_id": tenant.id}, when=store.NEW, otherwise=name_taken),
        store.Put(
            {
                "pk": tenant_key.pk,
                "sk": tenant_key.sk,
                "id": tenant.id,
                "name": name,
                "status": standing.ACTIVE,
                "active_admins": 1,
                "version": 1,
                "created_at": at,
                "updated_at": at,
            },
            when=store.NEW,
        ),
        *user_writes,
        audit.entry(
            call,
            "register_tenant",
            ("tenant", tenant.id),
            scope=tenant.id,
            after={"name": name, "admin": created.user.id},
        ),
    )
    logger.info("tenant registered", tenant_id=tenant.id, user_id=created.user.id)
    count("TenantRegistered")
    return tenant, created
