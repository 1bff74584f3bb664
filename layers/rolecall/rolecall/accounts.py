"""Platform accounts, and the operations on them."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple, Self

from rolecall import audit, cursors, keys, standing, store
from rolecall.attributes import Attr, Condition
from rolecall.calls import Call
from rolecall.clock import rfc3339
from rolecall.errors import (
    AccountNotFound,
    EmailTaken,
    LastSuperadmin,
    PreconditionFailed,
    RolecallError,
    SelfChangeDenied,
    SuperadminExists,
)
from rolecall.passwords import hash_password
from rolecall.roles import PlatformRole
from rolecall.telemetry import count, logger


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A platform account. Field names are the contract's in snake case; amounts are exact decimals.

    `version` counts its changes from 1. `session_generation` is the one whose sessions stand.
    """

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
    session_generation: int = 1

    @classmethod
    def from_item(cls, item: store.Item) -> Self:
        known: dict[str, Any] = {
            name: int(item[name]) if name in _INTEGERS else item[name] for name in _FIELDS if name in item
        }
        return cls(**{**known, "role": PlatformRole(item["role"])})

    def to_item(self) -> store.Item:
        key = keys.account(self.id)
        return {
            "pk": key.pk,
            "sk": key.sk,
            **keys.ACCOUNTS.entry(self.email.lower()),
            **self.standing_entry(),
            **{name: getattr(self, name) for name in _FIELDS},
        }

    def standing_entry(self) -> dict[str, str]:
        """The attributes that put the account among those of its role and state."""
        partition = keys.accounts_by_standing(self.role, enabled=self.enabled, banned=self.banned)
        return partition.entry(self.email.lower())

    def to_json(self) -> dict[str, Any]:
        """The whole profile, as the contract shows it."""
        shown: dict[str, Any] = {_camel(name): getattr(self, name) for name in _FIELDS if name not in _INTERNAL}
        return {("roles" if name == "role" else name): ([v] if name == "role" else v) for name, v in shown.items()}

    @property
    def may_act(self) -> bool:
        return self.enabled and not self.banned

    @property
    def counts_as_superadmin(self) -> bool:
        """Whether the platform has a superadmin in this account."""
        return self.role is PlatformRole.SUPERADMIN and self.may_act


_FIELDS = tuple(field.name for field in fields(Account))
_INTERNAL = frozenset({"version", "session_generation"})
_INTEGERS = frozenset(field.name for field in fields(Account) if field.type is int)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class NewAccount(NamedTuple):
    """What it takes to make an account. The password is in clear here and nowhere else.

    The username is the email if none is given; the birth date is ISO 8601, as in `1990-12-31`.
    """

    email: str
    password: str
    first_name: str
    last_name: str
    role: PlatformRole = PlatformRole.CLIENT
    username: str | None = None
    phone_number: str | None = None
    nationality: str | None = None
    birth_date: str | None = None


class AccountPage(NamedTuple):
    accounts: list[Account]
    next_cursor: str | None


# --- Making and reading ----------------------------------------------------------------------------


def password_key(account_id: int) -> keys.Key:
    """Where an account's password hash is."""
    return keys.of_account(account_id, "CREDENTIAL", "PASSWORD")


def create_account(call: Call, new: NewAccount, *, only_superadmin: bool = False) -> Account:
    """Make an account.

    Raises `EmailTaken` if anyone on the platform has that email. With `only_superadmin`, which is for
    the first one, it raises `SuperadminExists` if the platform has an enabled superadmin.
    """
    at = rfc3339(call.at)
    account = Account(
        id=store.next_number(keys.platform(), "last_account_id"),
        first_name=new.first_name,
        last_name=new.last_name,
        username=new.username or new.email,
        email=new.email,
        phone_number=new.phone_number,
        nationality=new.nationality,
        birth_date=new.birth_date,
        role=new.role,
        created_at=at,
        updated_at=at,
    )
    reservation, credential = keys.email(new.email), password_key(account.id)
    store.transact(
        *_superadmins_change(int(account.counts_as_superadmin), only=only_superadmin),
        # Before the email: who may make no account learns nothing of others'.
        *standing.of(call.principal),
        store.Put(
            {"pk": reservation.pk, "sk": reservation.sk, "account_id": account.id},
            when=store.NEW,
            otherwise=lambda _found: EmailTaken(),
        ),
        store.Put(account.to_item(), when=store.NEW),
        store.Put(
            {
                "pk": credential.pk,
                "sk": credential.sk,
                "password_hash": hash_password(new.password),
                "created_at": at,
            }
        ),
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


def get_account(account_id: int) -> Account:
    """The account as it is now; raises `AccountNotFound`."""
    item = store.get(keys.account(account_id))
    if item is None:
        raise AccountNotFound
    return Account.from_item(item)


def list_accounts(
    *,
    limit: int,
    cursor: str | None = None,
    role: PlatformRole | None = None,
    enabled: bool | None = None,
    banned: bool | None = None,
    email_prefix: str = "",
) -> AccountPage:
    """A page of the accounts that match, ordered by email; it is full unless it is the last.

    Paging through sees everyone that matches throughout exactly once: a page starts behind the email
    where the last one ended, and nobody's email changes. Raises `ValidationFailed` for a cursor of
    another list.
    """
    prefix = email_prefix.lower()
    scope = ("list_accounts", str(role), str(enabled), str(banned), prefix)
    items = store.merged(
        _partitions(role, enabled, banned),
        prefix=prefix,
        after=cursors.decode(cursor, *scope) if cursor is not None else None,
        limit=limit + 1,
    )
    found = [Account.from_item(item) for item in items[:limit]]
    more = len(items) > limit
    return AccountPage(found, cursors.encode(found[-1].email.lower(), *scope) if more else None)


def _partitions(role: PlatformRole | None, enabled: bool | None, banned: bool | None) -> list[keys.IndexPartition]:
    if role is None and enabled is None and banned is None:
        return [keys.ACCOUNTS]
    either = (True, False)
    return [
        keys.accounts_by_standing(one_role, enabled=one_enabled, banned=one_banned)
        for one_role, one_enabled, one_banned in product(
            PlatformRole if role is None else (role,),
            either if enabled is None else (enabled,),
            either if banned is None else (banned,),
        )
    ]


# --- Changing --------------------------------------------------------------------------------------

type Versions = frozenset[int] | None


def change_account_role(
    call: Call, account_id: int, new_role: PlatformRole, *, reason: str | None = None, if_match: Versions = None
) -> Account:
    """Change the role of someone else's account.

    The new role counts from the next request on, for tokens that are out already too, as the authorizer
    reads the account each time. See `_change` for what it raises.
    """
    return _change(call, "change_account_role", account_id, lambda was: replace(was, role=new_role), reason, if_match)


def ban_account(call: Call, account_id: int, *, reason: str, if_match: Versions = None) -> Account:
    """Ban someone else's account, which ends all of its sessions for good; see `_change`."""

    def banned(was: Account) -> Account:
        return was if was.banned else replace(was, banned=True, ban_reason=reason, banned_at=rfc3339(call.at))

    return _change(call, "ban_account", account_id, banned, reason, if_match)


def unban_account(call: Call, account_id: int, *, reason: str, if_match: Versions = None) -> Account:
    """Lift the ban of someone else's account; see `_change`."""
    return _change(
        call,
        "unban_account",
        account_id,
        lambda was: replace(was, banned=False, ban_reason=None, banned_at=None),
        reason,
        if_match,
    )


def disable_account(call: Call, account_id: int, *, reason: str, if_match: Versions = None) -> Account:
    """Disable someone else's account, which ends all of its sessions for good; see `_change`."""
    return _change(call, "disable_account", account_id, lambda was: replace(was, enabled=False), reason, if_match)


def enable_account(call: Call, account_id: int, *, reason: str, if_match: Versions = None) -> Account:
    """Enable someone else's account again; see `_change`."""
    return _change(call, "enable_account", account_id, lambda was: replace(was, enabled=True), reason, if_match)


def _change(
    call: Call,
    action: str,
    account_id: int,
    becomes: Callable[[Account], Account],
    reason: str | None,
    if_match: Versions,
) -> Account:
    """Make someone else's account what `becomes` says; what it is already changes nothing.

    One transaction holds the account as it was read, the count of superadmins, the actor's standing and
    the audit entry. Raises, in this order: `AccountNotFound`, `PreconditionFailed`, `SelfChangeDenied`,
    `LastSuperadmin`, `ConcurrentChange`; `Forbidden` or `Unauthorized` if the actor lost its standing
    since it was authorized.
    """

    def once() -> tuple[Account, Account]:
        was = get_account(account_id)
        if if_match is not None and was.version not in if_match:
            raise PreconditionFailed
        if str(was.id) == call.principal.id:
            raise SelfChangeDenied
        becoming = becomes(was)
        return was, was if becoming == was else _save(call, action, was, becoming, reason)

    was, now = store.settle(once)
    if now != was:
        logger.info("account changed", action=action, account_id=account_id)
        count("AccountChanged")
    return now


def _save(call: Call, action: str, was: Account, becoming: Account, reason: str | None) -> Account:
    ends_sessions = was.may_act and not becoming.may_act
    now = replace(
        becoming,
        updated_at=rfc3339(call.at),
        version=was.version + 1,
        session_generation=was.session_generation + ends_sessions,
    )
    changed = _difference(was, now)
    told = _difference(was, becoming)
    store.transact(
        *_superadmins_change(now.counts_as_superadmin - was.counts_as_superadmin),
        store.Update(
            keys.account(was.id),
            set=changed | now.standing_entry(),
            when=Attr("version").eq(was.version),
        ),
        *standing.of(call.principal),
        audit.entry(
            call,
            action,
            ("account", str(was.id)),
            scope=keys.PLATFORM,
            before={name: getattr(was, name) for name in told},
            after=told,
            reason=reason,
        ),
    )
    return now


def _difference(was: Account, now: Account) -> dict[str, Any]:
    return {name: getattr(now, name) for name in _FIELDS if getattr(now, name) != getattr(was, name)}


def _superadmins_change(gained: int, *, only: bool = False) -> list[store.Write]:
    """Keep the platform's count of superadmins who may act; it never falls to 0.

    `only` lets it pass only from 0.
    """
    if gained == 0:
        return []

    def otherwise(_found: store.Item | None) -> RolecallError:
        return SuperadminExists() if only else LastSuperadmin()

    when: Condition = Attr("enabled_superadmins").gt(1) if gained < 0 else store.EXISTS
    if only:
        when = Attr("enabled_superadmins").not_exists() | Attr("enabled_superadmins").eq(0)
    return [store.Update(keys.platform(), add={"enabled_superadmins": gained}, when=when, otherwise=otherwise)]
