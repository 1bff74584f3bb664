"""Users of a tenant, and the operations on them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from rolecall import audit, cursors, keys, standing, store, tokens
from rolecall.attributes import Attr, Condition
from rolecall.calls import Call, PrincipalType
from rolecall.clock import rfc3339
from rolecall.errors import (
    ConcurrentChange,
    EmailTaken,
    LastAdmin,
    PreconditionFailed,
    RolecallError,
    SelfChangeDenied,
    Unauthorized,
    UserNotFound,
)
from rolecall.ids import new_id
from rolecall.roles import Role, admins_gained, check_manages, check_transition
from rolecall.telemetry import count, logger

if TYPE_CHECKING:
    from rolecall.idempotency import Claim


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


class NewUser(NamedTuple):
    """What it takes to make a user. The password is in clear here and nowhere else."""

    email: str
    password: str
    role: Role
    webhook_url: str | None = None


class Created(NamedTuple):
    """A user that was just made, with the token that is shown this once."""

    user: User
    token: str
    webhook_url: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "success": True,
            "user": self.user.to_json(self.token),
            "webhook_configured": self.webhook_url is not None,
            "webhook_url": self.webhook_url,
            "note": "Keep the token: it is shown this once and cannot be read again.",
        }

    def to_record(self) -> dict[str, Any]:
        """What is kept for a replay: all but the token, which its claim derives again."""
        return {"user": self.user._asdict(), "webhook_url": self.webhook_url}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], claim: "Claim") -> Self:
        user = User.from_item(record["user"])
        return cls(user, claim.api_token(user.id), record["webhook_url"])


class RoleChange(NamedTuple):
    """What a change of role came to; `version` is the user's version after it."""

    user_id: str
    old_role: Role
    new_role: Role
    version: int


class UserPage(NamedTuple):
    users: list[User]
    next_cursor: str | None


# --- Making ----------------------------------------------------------------------------------------


def create_user(call: Call, new: NewUser, *, idempotency_key: str | None = None) -> Created:
    """Make a user in the caller's tenant; the same answer again for the same `idempotency_key` and user.

    Raises `EmailTaken` if anyone on the platform has that email, `IdempotencyKeyReused` for the key of
    another user, `RequestInProgress` while the first request with the key runs.
    """
    if idempotency_key is None:
        return _create_user(call, new, None)
    # Powertools' idempotency is heavy, and most requests come without a key.
    from rolecall import idempotency  # noqa: PLC0415

    tenant_id = call.principal.tenant_id
    claim = idempotency.claim(
        call, "create_user", idempotency_key, lambda digest: keys.creation_record(tenant_id, digest)
    )
    return idempotency.once(
        claim,
        new._asdict(),
        lambda: _create_user(call, new, claim),
        to_record=Created.to_record,
        from_record=lambda record: Created.from_record(record, claim),
    )


def _create_user(call: Call, new: NewUser, claim: "Claim | None") -> Created:
    tenant_id = call.principal.tenant_id
    created, writes = new_user(call, tenant_id, new, claim)
    store.transact(
        standing.tenant_active(tenant_id, admins=admins_gained(None, new.role)),
        *standing.of(call.principal),
        *writes,
        *([claim.completed(created.to_record(), tenant_id)] if claim else []),
        audit.entry(
            call,
            "create_user",
            ("user", created.user.id),
            scope=tenant_id,
            after={"email": new.email, "role": new.role, "active": True},
        ),
    )
    logger.info("user created", tenant_id=tenant_id, user_id=created.user.id, role=new.role)
    return created


def new_user(
    call: Call, tenant_id: str, new: NewUser, claim: "Claim | None" = None
) -> tuple[Created, list[store.Write]]:
    """A new user and the writes that make it; they belong into one transaction with its tenant's.

    The user of a `claim` gets a token that the claim can derive again, and owns the claim's record if
    that lies outside the tenant.
    """
    # Argon2 is needed only where a password is set.
    from rolecall.passwords import hash_password  # noqa: PLC0415

    user_id, at, address = new_id(), rfc3339(call.at), new.email.lower()
    token = claim.api_token(user_id) if claim else tokens.new_api_token()
    user = User(user_id, tenant_id, new.email, new.role, True, token[-4:], at, at, 1)
    token_key = keys.api_token(tokens.api_token_hash(token))
    email_key = keys.email(new.email)
    owner = {"tenant_id": tenant_id, "user_id": user.id}
    writes: list[store.Write] = [
        _new_item(
            email_key,
            {**owner, **keys.tenant_of_user(user.id).entry(tenant_id)},
            otherwise=lambda _found: EmailTaken(),
        ),
        _new_item(
            keys.user(tenant_id, user.id),
            {
                **keys.users_by_email(tenant_id).entry(address),
                **keys.users_by_role(tenant_id, user.role, user.active).entry(address),
                **user._asdict(),
                "owned_keys": {token_key.pk, email_key.pk, *(claim.keys_outside_tenant if claim else ())},
            },
        ),
        _new_item(token_key, {**owner, "created_at": at}),
        _new_item(
            keys.of_user(tenant_id, user.id, "CREDENTIAL", "PASSWORD"),
            {"password_hash": hash_password(new.password), "created_at": at},
        ),
    ]
    if new.webhook_url:
        writes.append(
            _new_item(keys.of_user(tenant_id, user.id, "WEBHOOK", new_id()), {"url": new.webhook_url, "created_at": at})
        )
    return Created(user, token, new.webhook_url), writes


# --- Changing --------------------------------------------------------------------------------------


def promote_user(call: Call, user_id: str, new_role: Role, *, if_match: frozenset[int] | None = None) -> RoleChange:
    """Change the role of someone else in the caller's tenant; the role that they have already changes nothing.

    One transaction holds the target as it was read, the actor's standing, the tenant's status with its
    count of active admins, and the audit entry. Raises, in this order: `UserNotFound`,
    `PreconditionFailed`, `SelfChangeDenied`, `RoleTransitionDenied`, `LastAdmin`, `ConcurrentChange`;
    `Forbidden` or `Unauthorized` if the actor lost its standing since it was authorized.
    """
    old, new = store.settle(lambda: _change_once(call, "promote_user", user_id, new_role, None, if_match))
    logger.info(
        "role unchanged" if old.role == new.role else "user promoted",
        tenant_id=call.principal.tenant_id,
        user_id=old.id,
        old_role=old.role,
        new_role=new.role,
    )
    return RoleChange(old.id, old.role, new.role, new.version)


def update_user(
    call: Call,
    user_id: str,
    *,
    role: Role | None = None,
    active: bool | None = None,
    if_match: frozenset[int] | None = None,
) -> User:
    """Change the role of someone else in the caller's tenant, or whether they are active, or both at once.

    A role obeys the rules of `promote_user`. Who is not active cannot do anything from then on. Raises
    what `promote_user` does, `SelfChangeDenied` and `Forbidden` also for a change of `active` of oneself
    and of someone whom the actor does not manage.
    """
    old, new = store.settle(lambda: _change_once(call, "update_user", user_id, role, active, if_match))
    logger.info("user updated", tenant_id=new.tenant_id, user_id=new.id, role=new.role, active=new.active)
    count("UserDeactivated", int(old.active and not new.active))
    return new


def _change_once(
    call: Call,
    action: str,
    user_id: str,
    role: Role | None,
    active: bool | None,
    if_match: frozenset[int] | None,
) -> tuple[User, User]:
    """The user before and after the change."""
    actor = call.principal
    old = User.from_item(_read(actor.tenant_id, user_id))
    if if_match is not None and old.version not in if_match:
        raise PreconditionFailed
    _check_may_change(call, old, role, active)
    new = replace(old, role=old.role if role is None else role, active=old.active if active is None else active)
    if new == old:
        return old, old
    new = replace(new, updated_at=rfc3339(call.at), version=old.version + 1)
    changed = [name for name in ("role", "active") if getattr(old, name) != getattr(new, name)]
    with unless_overtaken(old):
        store.transact(
            standing.tenant_active(old.tenant_id, admins=admins_gained(old.counted_role, new.counted_role)),
            store.Update(
                keys.user(old.tenant_id, old.id),
                set={
                    "role": new.role,
                    "active": new.active,
                    "updated_at": new.updated_at,
                    **keys.users_by_role(new.tenant_id, new.role, new.active).entry(new.email.lower()),
                },
                add={"version": 1},
                when=old.as_read,
            ),
            *standing.of(actor),
            audit.entry(
                call,
                action,
                ("user", old.id),
                scope=old.tenant_id,
                before={name: getattr(old, name) for name in changed},
                after={name: getattr(new, name) for name in changed},
            ),
        )
    count("RoleChanged", int(old.role is not new.role))
    return old, new


@contextmanager
def unless_overtaken(target: User) -> Iterator[None]:
    """`LastAdmin` counts only while the target is what it was; else it is `ConcurrentChange`, and looked at again.

    Two equal demotions at once: for the second one there is nothing left to do, and nothing wrong with it. Raises
    `UserNotFound` for a target that is gone.
    """
    try:
        yield
    except LastAdmin:
        if User.from_item(_read(target.tenant_id, target.id)).version != target.version:
            raise ConcurrentChange from None
        raise


def _check_may_change(call: Call, target: User, role: Role | None, active: bool | None) -> None:
    actor, oneself = Role(call.principal.role), target.id == call.principal.id
    if role is not None:
        check_transition(actor, target.role, role, oneself=oneself)
    if active is not None:
        if oneself:
            raise SelfChangeDenied("you cannot activate or deactivate yourself: ask someone else")
        check_manages(actor, target.role)


def rotate_token(call: Call, user_id: str) -> tuple[User, str]:
    """Give a user, oneself or someone whom one manages, a new API token; returns it with the user.

    The old one is dead from then on: one transaction takes it away and puts the new one. Raises
    `UserNotFound`, `Forbidden`, `ConcurrentChange`; `Unauthorized` if the actor lost its standing.
    """
    user, token = store.settle(lambda: _rotate_once(call, user_id))
    logger.info("token rotated", tenant_id=user.tenant_id, user_id=user.id)
    return user, token


def _rotate_once(call: Call, user_id: str) -> tuple[User, str]:
    actor = call.principal
    item = _read(actor.tenant_id, user_id)
    old = User.from_item(item)
    oneself = old.id == actor.id
    if not oneself:
        check_manages(Role(actor.role), old.role)
    # One, unless something is wrong that this puts right.
    old_tokens = {pk for pk in item["owned_keys"] if pk.startswith(keys.TOKEN_PREFIX)}
    # A token that someone else rotated since the authorizer saw it is dead: it must not bring forth another.
    is_dead = bool(actor.token_hash) and keys.api_token(actor.token_hash).pk not in old_tokens
    if oneself and (not old.active or is_dead):
        raise Unauthorized
    token = tokens.new_api_token()
    token_key = keys.api_token(tokens.api_token_hash(token))
    old_token_keys = [keys.Key(pk, keys.META) for pk in sorted(old_tokens)]
    last_used = [one["last_used_at"] for one in map(store.get, old_token_keys) if one and "last_used_at" in one]
    new = replace(old, token_last4=token[-4:], updated_at=rfc3339(call.at), version=old.version + 1)
    store.transact(
        standing.tenant_active(old.tenant_id),
        # A transaction holds one operation an item: of oneself, this one vouches for the standing too.
        store.Update(
            keys.user(old.tenant_id, old.id),
            set={
                "token_last4": new.token_last4,
                "owned_keys": item["owned_keys"] - old_tokens | {token_key.pk},
                "updated_at": new.updated_at,
            },
            add={"version": 1},
            when=old.as_read,
        ),
        *map(store.Delete, old_token_keys),
        _new_item(token_key, {"tenant_id": old.tenant_id, "user_id": old.id, "created_at": new.updated_at}),
        *([] if oneself else standing.of(actor)),
        audit.entry(
            call,
            "rotate_token",
            ("user", old.id),
            scope=old.tenant_id,
            before={"token_last4": old.token_last4, "token_last_used_at": max(last_used, default=None)},
            after={"token_last4": new.token_last4},
        ),
    )
    return new, token


def put_item_of_user(tenant_id: str, user_id: str, item_type: str, item_id: str, attributes: store.Item) -> None:
    """Write something that belongs to a user, such as a device, into the user's partition.

    What is written here goes with the user and with the tenant. Raises `Unauthorized` for a tenant
    that is not active, `UserNotFound` for a user that is not there, being deleted or not active.
    """

    def otherwise(_found: store.Item | None) -> RolecallError:
        return UserNotFound()

    key = keys.of_user(tenant_id, user_id, item_type, item_id)
    store.transact(
        standing.tenant_active(tenant_id),
        # Whoever is being deleted is not active.
        store.Check(keys.user(tenant_id, user_id), when=Attr("active").eq(True), otherwise=otherwise),
        store.Put({"pk": key.pk, "sk": key.sk, **attributes}),
    )


# --- Reading ---------------------------------------------------------------------------------------


def get_user(call: Call, user_id: str) -> User:
    """Oneself, or someone whom the caller manages; anyone for the master token.

    Raises `UserNotFound`, and `Forbidden` for someone of the caller's tenant whom it may not see.
    """
    actor = call.principal
    if actor.type is PrincipalType.MASTER:
        return _of_any_tenant(user_id)
    user = User.from_item(_read(actor.tenant_id, user_id))
    if user.id != actor.id:
        check_manages(Role(actor.role), user.role)
    return user


def _of_any_tenant(user_id: str) -> User:
    canonical = keys.canonical_uuid(user_id)
    found = store.query_index(keys.tenant_of_user(canonical), limit=1).items if canonical else []
    if not canonical or not found:
        raise UserNotFound
    tenant_id = found[0]["tenant_id"]
    tenant, user = store.get_many(keys.tenant(tenant_id), keys.user(tenant_id, canonical))
    if tenant is None or tenant["status"] != standing.ACTIVE or user is None or user.get("deleted_at"):
        raise UserNotFound
    return User.from_item(user)


def list_users(
    call: Call,
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
    tenant_id, prefix = call.principal.tenant_id, email.lower()
    scope = ("list_users", tenant_id, role or "", "" if active is None else str(active), prefix)
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    items = store.merged(_partitions(tenant_id, role, active), prefix=prefix, after=position, limit=limit + 1)
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


def _read(tenant_id: str, user_id: str) -> store.Item:
    """Raises `UserNotFound` also for a user that is being deleted."""
    canonical = keys.canonical_uuid(user_id)
    item = store.get(keys.user(tenant_id, canonical)) if canonical else None
    if item is None or item.get("deleted_at"):
        raise UserNotFound
    return item


def _new_item(key: keys.Key, attributes: store.Item, otherwise: store.Otherwise | None = None) -> store.Put:
    item = {"pk": key.pk, "sk": key.sk, **attributes}
    return store.Put(item, when=store.NEW, otherwise=otherwise) if otherwise else store.Put(item, when=store.NEW)
