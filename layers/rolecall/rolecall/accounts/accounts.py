"""Platform accounts: the record of one account, reading one, listing them, and the count of superadmins."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple, Self

from rolecall.auth.roles import PlatformRole
from rolecall.email_addresses import ANY_ADDRESS, AddressPrefix
from rolecall.errors import AccountNotFound, LastSuperadmin, RolecallError, SuperadminExists
from rolecall.storage import cursors, dynamodb, indexes, keys, reads, writes
from rolecall.storage.expressions import Attr, Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A platform account. Field names are the contract's in snake case; amounts are exact decimals.

    `version` is 1 at creation and grows by 1 with each change. Only sessions with the account's present
    `session_generation` are valid: raising it ends all sessions.
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
    def from_item(cls, item: dynamodb.Item) -> Self:
        known: dict[str, Any] = {
            name: int(item[name]) if name in _INTEGERS else item[name] for name in FIELDS if name in item
        }
        return cls(**{**known, "role": PlatformRole(item["role"])})

    def to_item(self) -> dynamodb.Item:
        key = keys.account(self.id)
        return {
            "pk": key.pk,
            "sk": key.sk,
            **indexes.ACCOUNTS_BY_EMAIL.index_attributes(self.email.lower()),
            **self.role_and_state_index_entry(),
            **{name: getattr(self, name) for name in FIELDS},
        }

    def role_and_state_index_entry(self) -> dict[str, str]:
        """Return the index attributes that list the account under its role and state."""
        partition = indexes.accounts_by_role_and_state(self.role, enabled=self.enabled, banned=self.banned)
        return partition.index_attributes(self.email.lower())

    def to_creation_record(self) -> dict[str, Any]:
        """Return the fields of a new account for its idempotency record. All other fields have their default values."""
        return {name: getattr(self, name) for name in _CREATION_FIELDS}

    @classmethod
    def from_creation_record(cls, record: Mapping[str, Any]) -> Self:
        return cls(**{**record, "role": PlatformRole(record["role"])})

    def to_json(self) -> dict[str, Any]:
        """Return the whole profile, as the contract shows it."""
        shown: dict[str, Any] = {_camel_case(name): getattr(self, name) for name in FIELDS if name not in _INTERNAL}
        return {("roles" if name == "role" else name): ([v] if name == "role" else v) for name, v in shown.items()}

    @property
    def is_active(self) -> bool:
        """Whether the account is enabled and not banned."""
        return self.enabled and not self.banned

    @property
    def is_active_superadmin(self) -> bool:
        return self.role is PlatformRole.SUPERADMIN and self.is_active


FIELDS = tuple(field.name for field in fields(Account))

#: The fields whose values differ between two new accounts.
_CREATION_FIELDS = (
    *("id", "first_name", "last_name", "username", "email", "phone_number", "nationality", "birth_date", "role"),
    *("created_at", "updated_at"),
)

_INTERNAL = frozenset({"version", "session_generation"})

_INTEGERS = frozenset(field.name for field in fields(Account) if field.type is int)


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class AccountPage(NamedTuple):
    accounts: list[Account]
    next_cursor: str | None


def password_item_key(account_id: int) -> keys.Key:
    """Return the key of the item that holds an account's password hash."""
    return keys.item_of_account(account_id, "CREDENTIAL", "PASSWORD")


def get_account(account_id: int) -> Account:
    """Return the account as it is now; raise `AccountNotFound` if there is none."""
    item = reads.get(keys.account(account_id))
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
    email: AddressPrefix = ANY_ADDRESS,
) -> AccountPage:
    """Return a page of the accounts that match, ordered by email; every page but the last is full.

    The next page starts behind the last email of this one, and emails don't change, so paging returns each
    account that matches the whole time exactly once. Raises `ValidationFailed` for a cursor of another list.
    """
    scope = ("list_accounts", str(role), str(enabled), str(banned), *email.cursor_scope)
    items = reads.query_merged(
        _index_partitions_by_role_and_state(role, enabled, banned),
        prefix=email.stored,
        matches=email.matches,
        after=cursors.decode(cursor, *scope) if cursor is not None else None,
        limit=limit + 1,
    )
    found = [Account.from_item(item) for item in items[:limit]]
    more = len(items) > limit
    return AccountPage(found, cursors.encode(found[-1].email.lower(), *scope) if more else None)


def _index_partitions_by_role_and_state(
    role: PlatformRole | None, enabled: bool | None, banned: bool | None
) -> list[indexes.IndexPartition]:
    if role is None and enabled is None and banned is None:
        return [indexes.ACCOUNTS_BY_EMAIL]
    both = (True, False)
    return [
        indexes.accounts_by_role_and_state(one_role, enabled=one_enabled, banned=one_banned)
        for one_role, one_enabled, one_banned in product(
            PlatformRole if role is None else (role,),
            both if enabled is None else (enabled,),
            both if banned is None else (banned,),
        )
    ]


def superadmin_count_writes(
    delta: int, *, only_if_zero_before: bool = False, may_fall_to_zero: bool = False
) -> list[writes.Write]:
    """Return the write that adds `delta` (1, 0 or -1) to the platform's count of active superadmins, or no write.

    The transaction raises `LastSuperadmin` if the count would fall to 0, unless `may_fall_to_zero`. With
    `only_if_zero_before`, it raises `SuperadminExists` if the count is not 0 before.
    """
    if delta == 0:
        return []

    def count_refused(_found: dynamodb.Item | None) -> RolecallError:
        return SuperadminExists() if only_if_zero_before else LastSuperadmin()

    when: Condition = Attr("enabled_superadmins").gt(0 if may_fall_to_zero else 1) if delta < 0 else writes.MUST_EXIST
    if only_if_zero_before:
        when = Attr("enabled_superadmins").not_exists() | Attr("enabled_superadmins").eq(0)
    return [
        writes.Update(
            keys.platform_counters(), add={"enabled_superadmins": delta}, when=when, on_condition_failure=count_refused
        )
    ]
