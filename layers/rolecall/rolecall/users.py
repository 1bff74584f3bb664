"""Users of a tenant, and the operations on them."""

from dataclasses import dataclass
from typing import Any, Self

from boto3.dynamodb.conditions import Attr

from rolecall import audit, cursors, keys, standing, store, tokens
from rolecall.calls import Call
from rolecall.clock import rfc3339
from rolecall.errors import EmailTaken, PreconditionFailed, RolecallError, UserNotFound
from rolecall.ids import new_id
from rolecall.passwords import hash_password
from rolecall.roles import Role, admins_gained, check_transition
from rolecall.telemetry import count, logger


@dataclass(frozen=True, slots=True)
class User:
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
    def from_item(cls, item: store.Item) -> Self:
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

    def to_json(self, token: str | None = None) -> dict[str, Any]:
        """As the contract shows a user: with its token the first time, masked ever after."""
        return {
            "id": self.id,
            "tenant_id": self.tenant_id,
            "email": self.email,
            "role": self.role,
            "token": token or tokens.masked(self.token_last4),
            "active": self.active,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@dataclass(frozen=True, slots=True)
class NewUser:
    """What it takes to make a user. The password is in clear here and nowhere else."""

    email: str
    password: str
    role: Role
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
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


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What a change of role came to; `version` is the user's version after it."""

    user_id: str
    old_role: Role
    new_role: Role
    version: int


@dataclass(frozen=True, slots=True)
class UserPage:
    users: list[User]
    next_cursor: str | None


def create_user(call: Call, new: NewUser) -> Created:
    """Make a user in the caller's tenant.

    Raises `EmailTaken` if anyone on the platform has that email.
    """
    tenant_id = call.principal.tenant_id
    created, writes = new_user(call, tenant_id, new)
    store.transact(
        standing.tenant_active(tenant_id, admins=admins_gained(None, new.role)),
        *standing.of(call.principal),
        *writes,
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


def new_user(call: Call, tenant_id: str, new: NewUser) -> tuple[Created, list[store.Write]]:
    """A new user and the writes that make it; they belong into one transaction with its tenant's."""
    token = tokens.new_api_token()
    at = rfc3339(call.at)
    user = User(new_id(), tenant_id, new.email, new.role, True, token[-4:], at, at, 1)
    token_key = keys.api_token(tokens.api_token_hash(token))
    email_key = keys.email(new.email)
    owner = {"tenant_id": tenant_id, "user_id": user.id}
    writes: list[store.Write] = [
        _new_item(email_key, owner, otherwise=lambda _found: EmailTaken()),
        _new_item(
            keys.user(tenant_id, user.id),
            {
                **keys.users_by_email(tenant_id).entry(new.email.lower()),
                "id": user.id,
                "tenant_id": tenant_id,
                "email": new.email,
                "role": new.role,
                "active": True,
                "token_last4": user.token_last4,
                "created_at": at,
                "updated_at": at,
                "version": 1,
                "owned_keys": {token_key.pk, email_key.pk},
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


def promote_user(call: Call, user_id: str, new_role: Role, *, if_match: frozenset[int] | None = None) -> RoleChange:
    """Change the role of someone else in the caller's tenant; the role that they have already changes nothing.

    One transaction holds the target as it was read, the actor's standing, the tenant's status with its
    count of active admins, and the audit entry. Raises, in this order: `UserNotFound`,
    `PreconditionFailed`, `SelfChangeDenied`, `RoleTransitionDenied`, `LastAdmin`, `ConcurrentChange`;
    `Forbidden` or `Unauthorized` if the actor lost its standing since it was authorized.
    """
    change = store.settle(lambda: _promote_once(call, user_id, new_role, if_match))
    logger.info(
        "user promoted",
        tenant_id=call.principal.tenant_id,
        user_id=user_id,
        old_role=change.old_role,
        new_role=change.new_role,
    )
    count("RoleChanged", int(change.old_role is not change.new_role))
    return change


def _promote_once(call: Call, user_id: str, new_role: Role, if_match: frozenset[int] | None) -> RoleChange:
    actor = call.principal
    target = _read(actor.tenant_id, user_id)
    if if_match is not None and target.version not in if_match:
        raise PreconditionFailed
    check_transition(Role(actor.role), target.role, new_role, oneself=target.id == actor.id)
    if target.role is new_role:
        return RoleChange(target.id, target.role, new_role, target.version)
    gained = admins_gained(target.role, new_role) if target.active else 0
    store.transact(
        standing.tenant_active(actor.tenant_id, admins=gained),
        store.Update(
            keys.user(actor.tenant_id, target.id),
            set={"role": new_role, "updated_at": rfc3339(call.at)},
            add={"version": 1},
            when=Attr("version").eq(target.version) & Attr("role").eq(target.role),
        ),
        *standing.of(actor),
        audit.entry(
            call,
            "promote_user",
            ("user", target.id),
            scope=actor.tenant_id,
            before={"role": target.role},
            after={"role": new_role},
        ),
    )
    return RoleChange(target.id, target.role, new_role, target.version + 1)


def list_users(call: Call, *, limit: int, cursor: str | None = None) -> UserPage:
    """A page of the users of the caller's tenant, ordered by email.

    Paging through sees everyone that exists throughout exactly once: a page starts behind the email
    where the last one ended, and nobody's email changes. Raises `ValidationFailed` for a cursor of
    another list.
    """
    tenant_id = call.principal.tenant_id
    scope = ("list_users", tenant_id)
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    items = store.merged([keys.users_by_email(tenant_id)], after=position, limit=limit + 1)
    users = [User.from_item(item) for item in items[:limit]]
    more = len(items) > limit
    return UserPage(users, cursors.encode(users[-1].email.lower(), *scope) if more else None)


def put_item_of_user(tenant_id: str, user_id: str, item_type: str, item_id: str, attributes: store.Item) -> None:
    """Write something that belongs to a user, such as a device, into the user's partition.

    What is written here goes with the user and with the tenant. Raises `Unauthorized` for a tenant
    that is not active, `UserNotFound` for a user that is not there or not active.
    """

    def otherwise(_found: store.Item | None) -> RolecallError:
        return UserNotFound()

    key = keys.of_user(tenant_id, user_id, item_type, item_id)
    store.transact(
        standing.tenant_active(tenant_id),
        store.Check(keys.user(tenant_id, user_id), when=Attr("active").eq(True), otherwise=otherwise),
        store.Put({"pk": key.pk, "sk": key.sk, **attributes}),
    )


def _read(tenant_id: str, user_id: str) -> User:
    canonical = keys.canonical_uuid(user_id)
    item = store.get(keys.user(tenant_id, canonical)) if canonical else None
    if item is None:
        raise UserNotFound
    return User.from_item(item)


def _new_item(key: keys.Key, attributes: store.Item, otherwise: store.Otherwise | None = None) -> store.Put:
    item = {"pk": key.pk, "sk": key.sk, **attributes}
    return store.Put(item, when=store.NEW, otherwise=otherwise) if otherwise else store.Put(item, when=store.NEW)
