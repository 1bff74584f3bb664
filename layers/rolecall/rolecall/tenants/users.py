"""Tenant users: the record of one user, reading one, and listing a tenant's users."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from rolecall import clock
from rolecall.auth import preconditions, tokens
from rolecall.auth.principals import PrincipalType, RequestContext
from rolecall.auth.roles import (
    TEMPORARY_ROLE_ATTRIBUTES,
    HeldRole,
    Role,
    check_may_manage,
    is_highest,
)
from rolecall.auth.session_owners import FIRST_GENERATION
from rolecall.clock import rfc3339_of_second
from rolecall.email_addresses import ANY_ADDRESS, AddressPrefix
from rolecall.errors import UserNotFound
from rolecall.storage import cursors, dynamodb, indexes, keys, reads
from rolecall.storage.expressions import Attr, Condition
from rolecall.tenants.user_profiles import EMPTY_PROFILE, UserProfile

#: The attributes that a user's item has only while it stores a temporary role.
TEMPORARY_ATTRIBUTES = (*TEMPORARY_ROLE_ATTRIBUTES, *indexes.ROLE_END_ATTRIBUTES)


class User(NamedTuple):
    """A user of a tenant at one moment. `version` is 1 at creation and grows by 1 with each change.

    The end of a temporary role counts as a change, whether or not it is written down already: from that second on,
    `role` is the lasting role, and `version` and `updated_at` are those that writing the end down stores.

    Only sessions with the user's present `session_generation` are valid: raising it ends all sessions. `token_last4` is
    None for a user without an API token.
    """

    id: str
    tenant_id: str
    email: str
    held_role: HeldRole[Role]
    active: bool
    token_last4: str | None
    created_at: str
    updated_at: str
    version: int
    session_generation: int = FIRST_GENERATION
    has_unwritten_end: bool = False
    profile: UserProfile = EMPTY_PROFILE

    @classmethod
    def from_item(cls, item: Mapping[str, Any], at: datetime) -> Self:
        """Make a user of its item, with the role in force at the moment `at`."""
        written = HeldRole.from_item(item, Role)
        has_unwritten_end = written.has_ended_at(at)
        return cls(
            item["id"],
            item["tenant_id"],
            item["email"],
            written.at(at),
            item["active"],
            item.get("token_last4"),
            item["created_at"],
            rfc3339_of_second(written.until) if written.until and has_unwritten_end else item["updated_at"],
            int(item["version"]) + has_unwritten_end,
            int(item.get("session_generation", FIRST_GENERATION)),
            has_unwritten_end,
            UserProfile.from_item(item),
        )

    @property
    def role(self) -> Role:
        """The role in force."""
        return self.held_role.role

    @property
    def counted_role(self) -> Role | None:
        """The lasting role of an active user, None for an inactive one: only lasting, active admins are counted."""
        return self.held_role.lasting_role if self.active else None

    @property
    def unchanged_condition(self) -> Condition:
        """The write condition that nobody has changed this user since it was read, and that its role has not ended."""
        unchanged = Attr("version").eq(self.version) & Attr("role").eq(self.role) & Attr("active").eq(self.active)
        if self.held_role.until is None:
            return unchanged & Attr("role_until").not_exists()
        return unchanged & Attr("role_until").eq(self.held_role.until) & Attr("role_until").is_after_now()

    def role_state_and_index_attributes(self) -> dict[str, Any]:
        """Return the attributes of the user's item that depend on its role and state, with the index entries."""
        attributes = {
            **self.held_role.item_attributes(),
            "active": self.active,
            **indexes.users_by_role_and_state(
                self.tenant_id, self.role, self.active, temporary=self.held_role.until is not None
            ).index_attributes(self.email.lower()),
        }
        if self.held_role.until is None:
            return attributes
        sort_key = indexes.role_end_sort_key(self.held_role.until, self.id)
        return {
            **attributes,
            **indexes.role_ends_of_tenant(self.tenant_id).index_attributes(sort_key),
            **indexes.ROLE_ENDS.index_attributes(sort_key),
        }

    def email_attributes(self) -> dict[str, Any]:
        """Return the attributes of the user's item that depend on its email only, with the index entry."""
        return {"email": self.email, **indexes.users_by_email(self.tenant_id).index_attributes(self.email.lower())}

    def attributes_to_remove(self, after: Self) -> tuple[str, ...]:
        """Return the attributes that the item of this user must no longer have after a change to `after`."""
        removed = self.profile.fields_that_are_set().keys() - after.profile.fields_that_are_set().keys()
        is_lasting_now = after.held_role.until is None and self.held_role.until is not None
        return (*(TEMPORARY_ATTRIBUTES if is_lasting_now else ()), *sorted(removed))

    def to_new_item(self) -> dict[str, Any]:
        """Return the attributes of the item of a new user, with the index entries."""
        plain = {name: getattr(self, name) for name in _PLAIN_FIELDS}
        return {
            **self.email_attributes(),
            **self.role_state_and_index_attributes(),
            **{name: value for name, value in plain.items() if value is not None},
            **self.profile.fields_that_are_set(),
        }

    def to_creation_record(self) -> dict[str, Any]:
        """Return the facts of a new user, from which `from_item` makes the same user again."""
        return {"role": self.role, **{name: getattr(self, name) for name in _PLAIN_FIELDS}}

    def to_json(self, full_token: str | None = None) -> dict[str, Any]:
        """Return the user as lists show it, with `full_token` in full if it is given, else with the masked token.

        The token is None for a user without one.
        """
        masked = None if self.token_last4 is None else tokens.masked_token(self.token_last4)
        return {**self.to_json_without_token(), "token": full_token or masked}

    def to_json_without_token(self) -> dict[str, Any]:
        """Return the user as `GET /users/{id}` shows it, without a token."""
        return {
            "id": self.id,
            "tenant_id": self.tenant_id,
            "email": self.email,
            **self.held_role.to_json(),
            "active": self.active,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


#: The fields of a `User` that the user's item stores under the same names.
_PLAIN_FIELDS = (
    *("id", "tenant_id", "email", "active", "token_last4", "created_at", "updated_at", "version"),
    "session_generation",
)


class UserPage(NamedTuple):
    users: list[User]
    next_cursor: str | None


def get_user(context: RequestContext, own_or_managed_user_id: str) -> User:
    """Return the caller, or a user whom the caller manages; raise `UserNotFound`, or `Forbidden` for any other user.

    The master token gets any user of any active tenant. Raises `UserNotFound` for a user of another tenant than the
    caller's, and for a user who is being deleted.
    """
    actor = context.principal
    if actor.type is PrincipalType.MASTER:
        return _get_user_of_any_tenant(own_or_managed_user_id, context.at)
    user = User.from_item(read_item_of_undeleted_user(actor.tenant_id, own_or_managed_user_id), context.at)
    if user.id != actor.id:
        check_may_manage(Role(actor.role), user.role)
    return user


def _get_user_of_any_tenant(user_id: str, at: datetime) -> User:
    """Return the user with this id; raise `UserNotFound` also if the user is deleted or the tenant is not active."""
    canonical = keys.canonical_uuid(user_id)
    reservations = reads.query_index(indexes.tenant_of_user(canonical), limit=1).items if canonical else []
    if not canonical or not reservations:
        raise UserNotFound
    tenant_id = reservations[0]["tenant_id"]
    tenant, user = reads.get_many(keys.tenant(tenant_id), keys.user(tenant_id, canonical))
    if tenant is None or tenant["status"] != preconditions.ACTIVE or user is None or user.get("deleted_at"):
        raise UserNotFound
    return User.from_item(user, at)


def list_users(
    context: RequestContext,
    *,
    limit: int,
    cursor: str | None = None,
    role: Role | None = None,
    active: bool | None = None,
    email_prefix: AddressPrefix = ANY_ADDRESS,
) -> UserPage:
    """Return a page of the users of the caller's tenant, by email; raise `ValidationFailed` for a wrong cursor.

    `role` is the role in force at this moment. Every page but the last is full. A page reads only the users that it
    returns, and those whose temporary role has ended but is not written down yet, however large the tenant is. The next
    page starts behind the last email of this one, and emails don't change, so paging returns each user that exists the
    whole time exactly once. A cursor of another list or of other filters is wrong.
    """
    tenant_id, at = context.principal.tenant_id, context.at
    scope = ("list_users", tenant_id, role or "", "" if active is None else str(active), *email_prefix.cursor_scope)
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    items = reads.query_merged(
        _index_partitions_to_query(tenant_id, role, active),
        also=_items_whose_temporary_role_has_ended(tenant_id, role, active, at),
        prefix=email_prefix.stored,
        after=position,
        limit=limit + 1,
        matches=email_prefix.open_label_matches,
        keeps=lambda item: role is None or HeldRole.from_item(item, Role).at(at).role is role,
    )
    users = [User.from_item(item, at) for item in items[:limit]]
    more = len(items) > limit
    return UserPage(users, cursors.encode(users[-1].email.lower(), *scope) if more else None)


def _index_partitions_to_query(tenant_id: str, role: Role | None, active: bool | None) -> list[indexes.IndexPartition]:
    """Return the partition of all users without a filter, else those of the roles and states that match.

    A role that can be temporary has a partition of its own for its temporary holders.
    """
    if role is None and active is None:
        return [indexes.users_by_email(tenant_id)]
    return [
        indexes.users_by_role_and_state(tenant_id, one_role, state, temporary=temporary)
        for one_role in (Role if role is None else (role,))
        # A temporary role is always higher than the lasting role of its holder. So nobody has the lowest role as a
        # temporary role.
        for temporary in ((False,) if one_role is Role.USER else (False, True))
        for state in ((True, False) if active is None else (active,))
    ]


def _items_whose_temporary_role_has_ended(
    tenant_id: str, role: Role | None, active: bool | None, at: datetime
) -> list[tuple[str, dynamodb.Item]]:
    """Return emails and items, by email, of the users to whom `role` has come back by an end not written down yet.

    Returns nothing if `role` is None or the highest role. The result also has users to whom another role has come back;
    `list_users` leaves them out. The index by role still lists these users under their temporary role. There are few:
    maintenance writes each end down within minutes.
    """
    # This function finds the users who have `role` again because a temporary role has ended. For the highest role there
    # are none: no temporary role is higher than it.
    if role is None or is_highest(role):
        return []
    ended = reads.get_current_items_listed_up_to(
        indexes.role_ends_of_tenant(tenant_id), indexes.highest_role_end_sort_key(clock.epoch_seconds(at))
    )
    listed = (item for item in ended if "deleted_at" not in item and active in (None, item["active"]))
    return sorted(((item["email"].lower(), item) for item in listed), key=lambda entry: entry[0])


def read_item_of_undeleted_user(tenant_id: str, user_id: str) -> dynamodb.Item:
    """Return a user's item; raise `UserNotFound` if there is none, or if the user is being deleted."""
    canonical = keys.canonical_uuid(user_id)
    item = reads.get(keys.user(tenant_id, canonical)) if canonical else None
    if item is None or item.get("deleted_at"):
        raise UserNotFound
    return item
