"""Tenant users: the record of one user, reading one, and listing a tenant's users."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from rolecall.auth import preconditions, tokens
from rolecall.auth.principals import PrincipalType, RequestContext
from rolecall.auth.roles import Role, check_may_manage
from rolecall.auth.session_owners import FIRST_GENERATION
from rolecall.email_addresses import ANY_ADDRESS, AddressPrefix
from rolecall.errors import UserNotFound
from rolecall.storage import cursors, dynamodb, indexes, keys, reads
from rolecall.storage.expressions import Attr, Condition


class User(NamedTuple):
    """A user of a tenant. `version` is 1 at creation and grows by 1 with each change.

    Only sessions with the user's present `session_generation` are valid: raising it ends all sessions.
    """

    id: str
    tenant_id: str
    email: str
    role: Role
    active: bool
    token_last4: str
    created_at: str
    updated_at: str
    version: int
    session_generation: int = FIRST_GENERATION

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
            int(item.get("session_generation", FIRST_GENERATION)),
        )

    @property
    def role_if_active(self) -> Role | None:
        """The role of an active user, None for an inactive one: only active admins are counted."""
        return self.role if self.active else None

    @property
    def unchanged_condition(self) -> Condition:
        """The write condition that nobody has changed this user since it was read."""
        return Attr("version").eq(self.version) & Attr("role").eq(self.role) & Attr("active").eq(self.active)

    def to_json(self, full_token: str | None = None) -> dict[str, Any]:
        """Return the user as lists show it, with `full_token` in full if it is given, else with the masked token."""
        return {**self.to_json_without_token(), "token": full_token or tokens.masked_token(self.token_last4)}

    def to_json_without_token(self) -> dict[str, Any]:
        """Return the user as `GET /users/{id}` shows it, without a token."""
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


def get_user(context: RequestContext, own_or_managed_user_id: str) -> User:
    """Return the caller itself or a user whom the caller manages; any user of any tenant for the master token.

    Raises `UserNotFound`, and `Forbidden` for a user of the caller's tenant whom the caller may not see.
    """
    actor = context.principal
    if actor.type is PrincipalType.MASTER:
        return _get_user_of_any_tenant(own_or_managed_user_id)
    user = User.from_item(read_item_of_undeleted_user(actor.tenant_id, own_or_managed_user_id))
    if user.id != actor.id:
        check_may_manage(Role(actor.role), user.role)
    return user


def _get_user_of_any_tenant(user_id: str) -> User:
    canonical = keys.canonical_uuid(user_id)
    reservations = reads.query_index(indexes.tenant_of_user(canonical), limit=1).items if canonical else []
    if not canonical or not reservations:
        raise UserNotFound
    tenant_id = reservations[0]["tenant_id"]
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
    email_prefix: AddressPrefix = ANY_ADDRESS,
) -> UserPage:
    """Return a page of the caller's tenant's users, ordered by email.

    Every page but the last is full. A page reads only the users that it returns, however large the tenant is.
    The next page starts behind the last email of this one, and emails don't change, so paging returns each
    user that exists the whole time exactly once. Raises `ValidationFailed` for a cursor of another list.
    """
    tenant_id = context.principal.tenant_id
    scope = ("list_users", tenant_id, role or "", "" if active is None else str(active), *email_prefix.cursor_scope)
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    partitions = _index_partitions_by_role_and_state(tenant_id, role, active)
    items = reads.query_merged(
        partitions, prefix=email_prefix.stored, after=position, limit=limit + 1, matches=email_prefix.matches
    )
    users = [User.from_item(item) for item in items[:limit]]
    more = len(items) > limit
    return UserPage(users, cursors.encode(users[-1].email.lower(), *scope) if more else None)


def _index_partitions_by_role_and_state(
    tenant_id: str, role: Role | None, active: bool | None
) -> list[indexes.IndexPartition]:
    if role is None and active is None:
        return [indexes.users_by_email(tenant_id)]
    return [
        indexes.users_by_role_and_state(tenant_id, one_role, state)
        for one_role in (Role if role is None else (role,))
        for state in ((True, False) if active is None else (active,))
    ]


def read_item_of_undeleted_user(tenant_id: str, user_id: str) -> dynamodb.Item:
    """Return a user's item; raise `UserNotFound` if there is none, or if the user is being deleted."""
    canonical = keys.canonical_uuid(user_id)
    item = reads.get(keys.user(tenant_id, canonical)) if canonical else None
    if item is None or item.get("deleted_at"):
        raise UserNotFound
    return item
