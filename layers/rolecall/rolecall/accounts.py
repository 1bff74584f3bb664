"""Platform accounts, and the operations on them."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Self

from boto3.dynamodb.conditions import Attr

from rolecall import audit, jwts, keys, standing, store
from rolecall.calls import Call
from rolecall.clock import epoch, rfc3339
from rolecall.errors import (
    AccountNotFound,
    EmailTaken,
    LastSuperadmin,
    PreconditionFailed,
    RolecallError,
    SelfChangeDenied,
    Unauthorized,
)
from rolecall.ids import new_id
from rolecall.passwords import hash_password, verify_password
from rolecall.roles import PlatformRole
from rolecall.telemetry import count, logger

REFRESH_LIFETIME = timedelta(days=7)
#: Ids are int32, as the contract says.
MAX_ACCOUNT_ID = 2**31 - 1
_PASSWORD = ("CREDENTIAL", "PASSWORD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A platform account. Field names are the contract's in snake case; amounts are exact decimals."""

    id: int
    first_name: str
    last_name: str
    username: str
    email: str
    phone_number: str | None = None
    nationality: str | None = None
    birth_date: str | None = None
    enabled: bool = True
    banned: bool = False
    ban_reason: str | None = None
    banned_at: str | None = None
    role: PlatformRole = PlatformRole.CLIENT
    wallet_balance: Decimal = Decimal(0)
    pending_withdrawal_amount: Decimal = Decimal(0)
    total_earned: Decimal = Decimal(0)
    total_withdrawn: Decimal = Decimal(0)
    stripe_connected_account_id: str | None = None
    stripe_account_complete: bool = False
    kyc_status: str = "PENDING"
    kyc_submitted_at: str | None = None
    kyc_reviewed_at: str | None = None
    total_annonces: int = 0
    total_reservations_as_sender: int = 0
    total_reservations_as_carrier: int = 0
    total_transactions: int = 0
    created_at: str
    updated_at: str
    last_login_at: str | None = None
    version: int = 1

    @classmethod
    def from_item(cls, item: store.Item) -> Self:
        known: dict[str, Any] = {
            name: int(item[name]) if name in _INTEGERS else item[name] for name in _FIELDS if name in item
        }
        return cls(**{**known, "role": PlatformRole(item["role"])})

    def to_item(self) -> store.Item:
        key = keys.account(self.id)
        return {"pk": key.pk, "sk": key.sk, **{name: getattr(self, name) for name in _FIELDS}}

    def to_json(self) -> dict[str, Any]:
        """The whole profile, as the contract shows it."""
        shown: dict[str, Any] = {_camel(name): getattr(self, name) for name in _FIELDS if name != "version"}
        return {("roles" if name == "role" else name): ([v] if name == "role" else v) for name, v in shown.items()}

    @property
    def may_act(self) -> bool:
        return self.enabled and not self.banned


_FIELDS = tuple(field.name for field in fields(Account))
_INTEGERS = frozenset(field.name for field in fields(Account) if field.type is int)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What it takes to make an account. The password is in clear here and nowhere else."""

    email: str
    password: str
    first_name: str
    last_name: str
    role: PlatformRole = PlatformRole.CLIENT


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login gives: an access token (JWT) and a refresh token (opaque, single use)."""

    access_token: str
    refresh_token: str


def create_account(call: Call, new: NewAccount) -> Account:
    """Make an account; raises `EmailTaken` if anyone on the platform has that email."""
    at = rfc3339(call.at)
    account = Account(
        id=store.next_number(keys.platform(), "last_account_id"),
        first_name=new.first_name,
        last_name=new.last_name,
        username=new.email,
        email=new.email,
        role=new.role,
        created_at=at,
        updated_at=at,
    )
    email_key = keys.email(new.email)
    password_key = keys.of_account(account.id, *_PASSWORD)

    def email_taken(_found: store.Item | None) -> RolecallError:
        return EmailTaken()

    store.transact(
        store.Put(
            {"pk": email_key.pk, "sk": email_key.sk, "account_id": account.id}, when=store.NEW, otherwise=email_taken
        ),
        store.Put(account.to_item(), when=store.NEW),
        store.Put(
            {
                "pk": password_key.pk,
                "sk": password_key.sk,
                "password_hash": hash_password(new.password),
                "created_at": at,
            },
            when=store.NEW,
        ),
        *_superadmins_change(_is_superadmin(new.role)),
        *standing.of(call.principal),
        audit.entry(
            call,
            "create_account",
            ("account", str(account.id)),
            scope=keys.PLATFORM,
            after={"email": new.email, "role": new.role},
        ),
    )
    logger.info("account created", account_id=account.id, role=new.role)
    return account


def log_in(call: Call, email: str, password: str) -> TokenPair:
    """Start a session of an account.

    Raises one and the same `Unauthorized`, after the same work, for an unknown email, a wrong password
    and an account that is banned or disabled.
    """
    reservation = store.get(keys.email(email)) or {}
    account_id = int(reservation.get("account_id", 0))
    item, credential = store.get_many(keys.account(account_id), keys.of_account(account_id, *_PASSWORD))
    known = verify_password(credential["password_hash"] if credential else None, password)
    if not known or item is None or not Account.from_item(item).may_act:
        logger.info("login refused", account_id=account_id or None)
        count("LoginRefused")
        raise Unauthorized("wrong email or password")
    pair = _start_session(call, account_id)
    logger.info("account logged in", account_id=account_id)
    return pair


def _start_session(call: Call, account_id: int) -> TokenPair:
    session_id, secret = new_id(), secrets.token_bytes(32)
    key = keys.of_account(account_id, "SESSION", session_id)

    def gone(_found: store.Item | None) -> RolecallError:
        return Unauthorized("wrong email or password")

    store.transact(
        store.Update(
            keys.account(account_id),
            set={"last_login_at": rfc3339(call.at)},
            when=Attr("enabled").eq(True) & Attr("banned").eq(False),
            otherwise=gone,
        ),
        store.Put(
            {
                "pk": key.pk,
                "sk": key.sk,
                "id": session_id,
                "refresh_hash": sha256(secret).hexdigest(),
                "created_at": rfc3339(call.at),
                "expires_at": epoch(call.at + REFRESH_LIFETIME),
            },
            when=store.NEW,
        ),
    )
    refresh_token = urlsafe_b64encode(f"{account_id}:{session_id}:".encode() + secret).decode().rstrip("=")
    return TokenPair(jwts.issue(jwts.Claims(account_id, session_id), call.at), refresh_token)


def change_account_role(
    call: Call,
    account_id: int,
    new_role: PlatformRole,
    *,
    reason: str | None = None,
    if_match: frozenset[int] | None = None,
) -> Account:
    """Change the role of someone else's account; the role that it has already changes nothing.

    The new role counts from the next request on, for tokens that are out already too, as the authorizer
    reads the account each time. Raises, in this order: `AccountNotFound`, `PreconditionFailed`,
    `SelfChangeDenied`, `LastSuperadmin`, `ConcurrentChange`; `Forbidden` or `Unauthorized` if the
    actor lost its standing since it was authorized.
    """
    account = store.settle(lambda: _change_role_once(call, account_id, new_role, reason, if_match))
    logger.info("account role changed", account_id=account_id, new_role=new_role)
    return account


def _change_role_once(
    call: Call, account_id: int, new_role: PlatformRole, reason: str | None, if_match: frozenset[int] | None
) -> Account:
    item = store.get(keys.account(account_id))
    if item is None:
        raise AccountNotFound
    target = Account.from_item(item)
    if if_match is not None and target.version not in if_match:
        raise PreconditionFailed
    if str(target.id) == call.principal.id:
        raise SelfChangeDenied
    if target.role is new_role:
        return target
    at = rfc3339(call.at)
    gained = _is_superadmin(new_role) - _is_superadmin(target.role) if target.may_act else 0
    store.transact(
        *_superadmins_change(gained),
        store.Update(
            keys.account(target.id),
            set={"role": new_role, "updated_at": at},
            add={"version": 1},
            when=Attr("version").eq(target.version) & Attr("role").eq(target.role),
        ),
        *standing.of(call.principal),
        audit.entry(
            call,
            "change_account_role",
            ("account", str(target.id)),
            scope=keys.PLATFORM,
            before={"role": target.role},
            after={"role": new_role},
            reason=reason,
        ),
    )
    count("AccountRoleChanged")
    return replace(target, role=new_role, updated_at=at, version=target.version + 1)


def _is_superadmin(role: PlatformRole) -> int:
    return int(role is PlatformRole.SUPERADMIN)


def _superadmins_change(gained: int) -> list[store.Write]:
    """Keep the platform's count of superadmins who may act; it never falls to 0."""
    if gained == 0:
        return []

    def otherwise(_found: store.Item | None) -> RolecallError:
        return LastSuperadmin()

    enough = Attr("enabled_superadmins").gt(1) if gained < 0 else store.EXISTS
    return [store.Update(keys.platform(), add={"enabled_superadmins": gained}, when=enough, otherwise=otherwise)]
