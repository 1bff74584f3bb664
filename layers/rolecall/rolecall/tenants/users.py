"""Users of a tenant, and the operations on them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from rolecall.auth import preconditions, tokens
from rolecall.auth.principals import PrincipalType, RequestContext
from rolecall.auth.roles import Role, check_manages
from rolecall.errors import (
    UserNotFound,
)
from rolecall.storage import cursors, dynamodb, keys, reads
from rolecall.storage.expressions import Attr, Condition

if TYPE_CHECKING:
    pass


class User(NamedTuple):
    """A user of a tenant. `version` counts its changes from 1."""

    id: str
    tenant_id: str
    email: str
    role: Role
    active: bool
    token_last4: str
    created_at: str
    updated_at: str
    version: int

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        return cls(
            item["id"],
            item["tenant_id"],
            item["email"],
            Role(item["role"]),
            item["active"],
            item["token_last4"],
            item["created_at"],
            item["updated_at"],
            int(item["version"]),
        )

    @property
    def counted_role(self) -> Role | None:
        """The role that counts for the tenant's active admins; None for a user who is not active."""
        return self.role if self.active else None

    @property
    def as_read(self) -> Condition:
        """The condition of a change to it: nobody has changed it since it was read."""
        return Attr("version").eq(self.version) & Attr("role").eq(self.role) & Attr("active").eq(self.active)

    def to_json(self, token: str | None = None) -> dict[str, Any]:
        """As the contract's lists show a user: with its token the first time, masked ever after."""
        return {**self.to_data(), "token": token or tokens.masked(self.token_last4)}

    def to_data(self) -> dict[str, Any]:
        """As `GET /users/{id}` shows a user: without any token."""
        return {
            "id": self.id,
            "tenant_id": self.tenant_id,
            "email": self.email,
            "role": self.role,
            "active": self.active,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


class UserPage(NamedTuple):
    users: list[User]
    next_cursor: str | None


def get_user(context: RequestContext, user_id: str) -> User:
    """Oneself, or someone whom the caller manages; anyone for the master token.

    Raises `UserNotFound`, and `Forbidden` for someone of the caller's tenant whom it may not see.
    """
    actor = context.principal
    if actor.type is PrincipalType.MASTER:
        return _of_any_tenant(user_id)
    user = User.from_item(read_user_item(actor.tenant_id, user_id))
    if user.id != actor.id:
        check_manages(Role(actor.role), user.role)
    return user


def _of_any_tenant(user_id: str) -> User:
    canonical = keys.canonical_uuid(user_id)
    found = reads.query_index(keys.tenant_of_user(canonical), limit=1).items if canonical else []
    if not canonical or not found:
        raise UserNotFound
    tenant_id = found[0]["tenant_id"]
    tenant, user = reads.get_many(keys.tenant(tenant_id), keys.user(tenant_id, canonical))
    if tenant is None or tenant["status"] != preconditions.ACTIVE or user is None or user.get("deleted_at"):
        raise UserNotFound
    return User.from_item(user)


def list_users(
    context: RequestContext,
    *,
    limit: int,
    cursor: str | None = None,
    role: Role | None = None,
    active: bool | None = None,
    email: str = "",
) -> UserPage:
    """A page of the users of the caller's tenant, ordered by email; `email` is a prefix, compared without case.

    A page is full unless it is the last, and costs what its users cost, however many others the tenant
    has. Paging through sees everyone that exists throughout exactly once: a page starts behind the
    email where the last one ended, and nobody's email changes. Raises `ValidationFailed` for a cursor of
    another list.
    """
    tenant_id, prefix = context.principal.tenant_id, email.lower()
    scope = ("list_users", tenant_id, role or "", "" if active is None else str(active), prefix)
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    items = reads.query_merged(_partitions(tenant_id, role, active), prefix=prefix, after=position, limit=limit + 1)
    users = [User.from_item(item) for item in items[:limit]]
    more = len(items) > limit
    return UserPage(users, cursors.encode(users[-1].email.lower(), *scope) if more else None)


def _partitions(tenant_id: str, role: Role | None, active: bool | None) -> list[keys.IndexPartition]:
    if role is None and active is None:
        return [keys.users_by_email(tenant_id)]
    return [
        keys.users_by_role(tenant_id, one_role, state)
        for one_role in (Role if role is None else (role,))
        for state in ((True, False) if active is None else (active,))
    ]


def read_user_item(tenant_id: str, user_id: str) -> dynamodb.Item:
    """Raises `UserNotFound` also for a user that is being deleted."""
    canonical = keys.canonical_uuid(user_id)
    item = reads.get(keys.user(tenant_id, canonical)) if canonical else None
    if item is None or item.get("deleted_at"):
        raise UserNotFound
    return item
