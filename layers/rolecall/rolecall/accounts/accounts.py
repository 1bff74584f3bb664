"""Platform accounts: the record of one account, reading one, listing them, and the count of superadmins."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple, Self

from rolecall.auth.roles import TEMPORARY_ROLE_ATTRIBUTES, HeldRole, PlatformRole, is_highest
from rolecall.clock import epoch_seconds, rfc3339_of_second
from rolecall.email_addresses import ANY_ADDRESS, AddressPrefix
from rolecall.errors import AccountNotFound, LastSuperadmin, RolecallError, SuperadminExists
from rolecall.storage import cursors, dynamodb, indexes, keys, reads, writes
from rolecall.storage.expressions import Attr, Condition

_LASTING_CLIENT = HeldRole.lasting(PlatformRole.CLIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A platform account at one moment. Field names are the contract's in snake case; amounts are exact decimals.

    The end of a temporary role counts as a change, whether or not it is written down already: from that second on,
    `role` is the lasting role, and `version` and `updated_at` are those that writing the end down stores.

    `version` is 1 at creation and grows by 1 with each change. Only sessions with the account's present
    `session_generation` are valid: raising it ends all sessions. An account with a temporary password has
    `password_change_required`.
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
    held_role: HeldRole[PlatformRole] = _LASTING_CLIENT
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
    password_change_required: bool = False
    has_unwritten_end: bool = False

    @classmethod
    def from_item(cls, item: dynamodb.Item, at: datetime) -> Self:
        """Make an account of its item, with the role in force at the moment `at`."""
        written = HeldRole.from_item(item, PlatformRole)
        known: dict[str, Any] = {
            name: int(item[name]) if name in _INTEGERS else item[name] for name in FIELDS if name in item
        }
        account = cls(**known, held_role=written.at(at))
        if written.until is None or not written.has_ended_at(at):
            return account
        ended_at = rfc3339_of_second(written.until)
        return replace(account, version=account.version + 1, updated_at=ended_at, has_unwritten_end=True)

    def to_item(self) -> dynamodb.Item:
        key = keys.account(self.id)
        return {
            "pk": key.pk,
            "sk": key.sk,
            **indexes.ACCOUNTS_BY_EMAIL.index_attributes(self.email.lower()),
            **self.role_and_index_attributes(),
            **{name: getattr(self, name) for name in FIELDS},
        }

    def role_and_index_attributes(self) -> dict[str, Any]:
        """Return the attributes of the account's item that store its role and list it under its role and state."""
        until = self.held_role.until
        partition = indexes.accounts_by_role_and_state(
            self.role, enabled=self.enabled, banned=self.banned, temporary=until is not None
        )
        attributes = {**self.held_role.item_attributes(), **partition.index_attributes(self.email.lower())}
        if until is None:
            return attributes
        sort_key = indexes.role_end_sort_key(until, str(self.id))
        ends = indexes.ROLE_ENDS_OF_ACCOUNTS.index_attributes(sort_key) | indexes.ROLE_ENDS.index_attributes(sort_key)
        return {**attributes, **ends}

    def role_attributes_to_remove(self, after: Self) -> tuple[str, ...]:
        """Return the attributes that the item of this account must no longer have after a change to `after`."""
        return TEMPORARY_ATTRIBUTES if after.held_role.until is None and self.held_role.until is not None else ()

    @property
    def unchanged_condition(self) -> Condition:
        """The write condition that nobody has changed this account since it was read, and its role has not ended."""
        unchanged = Attr("version").eq(self.version)
        return unchanged if self.held_role.until is None else unchanged & Attr("role_until").is_after_now()

    def to_creation_record(self) -> dict[str, Any]:
        """Return the fields of a new account for its idempotency record. All other fields have their default values."""
        return {"role": self.role, **{name: getattr(self, name) for name in _CREATION_FIELDS}}

    @classmethod
    def from_creation_record(cls, record: Mapping[str, Any]) -> Self:
        """Make the account as it was created of its record; see `to_creation_record`."""
        known = {name: record[name] for name in _CREATION_FIELDS}
        return cls(**known, held_role=HeldRole.lasting(PlatformRole(record["role"])))

    def to_json(self) -> dict[str, Any]:
        """Return the whole profile, as the contract shows it."""
        shown: dict[str, Any] = {}
        for field in fields(self):
            if field.name == "held_role":
                role, *temporary = self.held_role.to_json().items()
                shown |= {"roles": [role[1]], **{_camel_case(name): value for name, value in temporary}}
            elif field.name not in _INTERNAL:
                shown[_camel_case(field.name)] = getattr(self, field.name)
        return shown

    @property
    def is_active(self) -> bool:
        """Whether the account is enabled and not banned."""
        return self.enabled and not self.banned

    @property
    def role(self) -> PlatformRole:
        """The role in force."""
        return self.held_role.role

    @property
    def counts_as_superadmin(self) -> bool:
        """Whether this is a lasting superadmin who is active: only these are counted."""
        return self.held_role.lasting_role is PlatformRole.SUPERADMIN and self.is_active


#: The attributes that an account's item has only while it stores a temporary role.
TEMPORARY_ATTRIBUTES = (*TEMPORARY_ROLE_ATTRIBUTES, *indexes.ROLE_END_ATTRIBUTES)

#: The fields of an `Account` that the account's item stores under the same names.
FIELDS = tuple(field.name for field in fields(Account) if field.name not in {"held_role", "has_unwritten_end"})

#: The fields of a new account that its idempotency record stores, together with the role. All other fields of a new
#: account have their default values.
_CREATION_FIELDS = (
    *("id", "first_name", "last_name", "username", "email", "phone_number", "nationality", "birth_date"),
    *("created_at", "updated_at"),
)

_INTERNAL = frozenset({"version", "session_generation", "has_unwritten_end", "password_change_required"})

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


def get_account(account_id: int, at: datetime) -> Account:
    """Return the account with the role in force at the moment `at`; raise `AccountNotFound` if there is none."""
    return Account.from_item(read_item(account_id), at)


def read_item(account_id: int) -> dynamodb.Item:
    """Return the account's item; raise `AccountNotFound` if there is none."""
    item = reads.get(keys.account(account_id))
    if item is None:
        raise AccountNotFound
    return item


def list_accounts(
    at: datetime,
    *,
    limit: int,
    cursor: str | None = None,
    role: PlatformRole | None = None,
    enabled: bool | None = None,
    banned: bool | None = None,
    email: AddressPrefix = ANY_ADDRESS,
) -> AccountPage:
    """Return a page of the accounts that match, ordered by email; raise `ValidationFailed` for a wrong cursor.

    `role` is the role in force at the moment `at`. Every page but the last is full. The next page starts behind the
    last email of this one, and emails don't change, so paging returns each account that matches the whole time exactly
    once. A cursor of another list or of other filters is wrong.
    """
    scope = ("list_accounts", str(role), str(enabled), str(banned), *email.cursor_scope)
    items = reads.query_merged(
        _index_partitions_to_query(role, enabled, banned),
        also=_items_whose_temporary_role_has_ended(role, enabled, banned, at),
        keeps=lambda item: role is None or HeldRole.from_item(item, PlatformRole).at(at).role is role,
        prefix=email.stored,
        matches=email.open_label_matches,
        after=cursors.decode(cursor, *scope) if cursor is not None else None,
        limit=limit + 1,
    )
    found = [Account.from_item(item, at) for item in items[:limit]]
    more = len(items) > limit
    return AccountPage(found, cursors.encode(found[-1].email.lower(), *scope) if more else None)


def _index_partitions_to_query(
    role: PlatformRole | None, enabled: bool | None, banned: bool | None
) -> list[indexes.IndexPartition]:
    """Return the partition of all accounts without a filter, else those of the roles and states that match."""
    if role is None and enabled is None and banned is None:
        return [indexes.ACCOUNTS_BY_EMAIL]
    both = (True, False)
    return [
        indexes.accounts_by_role_and_state(one_role, enabled=one_enabled, banned=one_banned, temporary=temporary)
        for one_role, one_enabled, one_banned, temporary in product(
            PlatformRole if role is None else (role,),
            both if enabled is None else (enabled,),
            both if banned is None else (banned,),
            (False, True),
        )
        # A temporary role is always higher than the lasting role of its holder. So nobody has the lowest role as a
        # temporary role.
        if not (temporary and one_role is PlatformRole.CLIENT)
    ]


def _items_whose_temporary_role_has_ended(
    role: PlatformRole | None, enabled: bool | None, banned: bool | None, at: datetime
) -> list[tuple[str, dynamodb.Item]]:
    """Return emails and items, by email, of the accounts to which `role` has come back by an end not written down yet.

    Returns nothing if `role` is None or the highest role. The result also has accounts to which another role has come
    back; `list_accounts` leaves them out. The index by role still lists these accounts under their temporary role.
    There are few: maintenance writes each end down within minutes.
    """
    # This function finds the accounts that have `role` again because a temporary role has ended. For the highest role
    # there are none: no temporary role is higher than it.
    if role is None or is_highest(role):
        return []
    ended = reads.get_current_items_listed_up_to(
        indexes.ROLE_ENDS_OF_ACCOUNTS, indexes.highest_role_end_sort_key(epoch_seconds(at))
    )
    listed = (item for item in ended if enabled in (None, item["enabled"]) and banned in (None, item["banned"]))
    return sorted(((item["email"].lower(), item) for item in listed), key=lambda entry: entry[0])


def superadmin_count_writes(
    delta: int, *, only_if_zero_before: bool = False, may_fall_to_zero: bool = False
) -> list[writes.Write]:
    """Return the write that adds `delta` (1, 0 or -1) to the platform's count of active superadmins; no write for 0.

    Changes nothing and raises nothing itself. The transaction raises `LastSuperadmin` if the count would fall to 0,
    unless `may_fall_to_zero`. With `only_if_zero_before`, it raises `SuperadminExists` if the count is not 0 before.
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
