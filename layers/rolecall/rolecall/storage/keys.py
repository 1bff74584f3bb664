"""Every key of the table. A cross-tenant access can't be written down: tenant data is reached by its tenant's id only.

| function | example |
| --- | --- |
| `tenant(T)` | `TENANT#<T>` / `META` |
| `user(T, U)` | `TENANT#<T>` / `USER#<U>` |
| `item_of_user(T, U, "DEVICE", D)` | `TENANT#<T>#USER#<U>` / `DEVICE#<D>` |
| `api_token(H)` | `TOKEN#<sha256 of the token>` / `META` |
| `email("Ada@Example.com")` | `EMAIL#ada@example.com` / `META` |
| `tenant_name("Acme")` | `NAME#acme` / `META` |
| `account(7)` | `ACCOUNT#7` / `META` |
| `item_of_account(7, "SESSION", S)` | `ACCOUNT#7` / `SESSION#<S>` |
| `login_attempts("EMAIL", H)` | `ATTEMPTS#EMAIL#<sha256 of the address>` / `META` |
| `platform()` | `PLATFORM` / `META` |
| `audit_entry(T, E)` | `AUDIT#<T>` / `<time-ordered id>` |
| `deletion(T)` | `DELETION#<T>` / `META` |
| `deletion_slice(T, "3")` | `DELETION#<T>` / `SLICE#3` |
| `maintenance()` | `MAINTENANCE` / `META` |
| `creation_record(T, H)` | `TENANT#<T>` / `REQUEST#<keyed hash>` |
| `registration_record(H)` | `REQUEST#<keyed hash>` / `META` |

An item outside of its tenant's partitions is named in the `owned_keys` of the item that it belongs to, and
says itself to whom it belongs, in `tenant_id`.

Two indexes, overloaded, `<index>pk` and `<index>sk`. `gsi1`: a tenant's users by email, a user's tenant
by the user's id, tenants by name, open deletions of tenants and of users by time, accounts by email, audit
entries by target. `gsi2`: a tenant's users of one role and state by email, accounts of one role and state by
email, audits to be redacted.
"""

from typing import NamedTuple
from uuid import UUID

META = "META"

TOKEN_PREFIX = "TOKEN#"  # noqa: S105 (a key's beginning, no secret)

#: Scope of the audit entries that belong to no tenant.
PLATFORM = "PLATFORM"


class Key(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


class IndexPartition(NamedTuple):
    """A partition of one of the indexes."""

    index_name: str
    pk: str

    def index_attributes(self, sort_key: str) -> dict[str, str]:
        """The attributes that put an item into this partition."""
        return {f"{self.index_name}pk": self.pk, f"{self.index_name}sk": sort_key}


#: Sorts before every sort key, and behind every sort key that can be written: they have 1 to 1,024 bytes.
LOWEST_SORT_KEY, HIGHEST_SORT_KEY = "\x00", "\U0010ffff" * 256

#: The slice of a tenant's deletion for what is no user; the others go by the first hex digit of a user's id.
TENANT_SLICE = "tenant"

SLICES = (*"0123456789abcdef", TENANT_SLICE)

#: What an owned key begins with that nobody else can ever come to hold, since it is random.
_NEVER_REUSED = ("TOKEN#",)

#: The deletions of tenants that are not finished, by the time of the request.
PENDING_DELETIONS = IndexPartition("gsi1", "DELETIONS#OPEN")

#: The deletions of users that are not finished, by the time of the request.
PENDING_USER_DELETIONS = IndexPartition("gsi1", "USER_DELETIONS#OPEN")

#: The tenants that are not being deleted; the sort key is the case-folded name. It holds the name
#: reservations, which are written once: the tenants' own items change too often for a single partition.
TENANTS_BY_NAME = IndexPartition("gsi1", "TENANTS")

#: The deleted tenants whose audit entries still name emails, by the time of the deletion.
UNREDACTED_AUDITS = IndexPartition("gsi2", "AUDITS#UNREDACTED")

#: All platform accounts; the sort key is the email in lower case.
ACCOUNTS = IndexPartition("gsi1", "ACCOUNTS")


def canonical_uuid(text: str) -> str | None:
    """The lower-case hyphenated form, or None for anything else than a UUID in that form.

    Ids reach keys only through this, so a `#` can't be smuggled into one.
    """
    try:
        canonical = str(UUID(text))
    except ValueError:
        return None
    return canonical if canonical == text.lower() else None


def tenant(tenant_id: str) -> Key:
    return Key(tenant_partition(tenant_id), META)


def tenant_partition(tenant_id: str) -> str:
    return f"TENANT#{tenant_id}"


def user(tenant_id: str, user_id: str) -> Key:
    return Key(tenant_partition(tenant_id), f"USER#{user_id}")


def user_partition(tenant_id: str, user_id: str) -> str:
    return f"TENANT#{tenant_id}#USER#{user_id}"


def item_of_user(tenant_id: str, user_id: str, item_type: str, item_id: str) -> Key:
    """Anything that belongs to a user; `item_type` in upper case, as in `DEVICE`."""
    return Key(user_partition(tenant_id, user_id), f"{item_type}#{item_id}")


def users_by_email(tenant_id: str) -> IndexPartition:
    """A tenant's users; the sort key is the email in lower case."""
    return IndexPartition("gsi1", f"TENANT#{tenant_id}#USERS")


def users_by_role(tenant_id: str, role: str, active: bool) -> IndexPartition:
    """A tenant's users of one role and state; the sort key is the email in lower case."""
    return IndexPartition("gsi2", f"TENANT#{tenant_id}#USERS#{role}#{'active' if active else 'inactive'}")


def tenant_of_user(user_id: str) -> IndexPartition:
    """The one email reservation of a user, which names the tenant: for operators, who know only the id."""
    return IndexPartition("gsi1", f"USER#{user_id}")


def api_token(token_hash: str) -> Key:
    return Key(f"{TOKEN_PREFIX}{token_hash}", META)


def email(address: str) -> Key:
    return Key(f"EMAIL#{address.lower()}", META)


def tenant_name(name: str) -> Key:
    return Key(f"NAME#{name_form(name)}", META)


def name_form(name: str) -> str:
    """What two names that look the same have in common: without case, kinds of space, and what cannot be seen."""
    from unicodedata import category, normalize  # noqa: PLC0415 (few routes take a name)

    seen = "".join(one for one in normalize("NFKC", name).casefold() if category(one) != "Cf")
    return " ".join(normalize("NFKC", seen).split())


def account(account_id: int) -> Key:
    return Key(f"ACCOUNT#{account_id}", META)


def item_of_account(account_id: int, item_type: str, item_id: str) -> Key:
    return Key(f"ACCOUNT#{account_id}", f"{item_type}#{item_id}")


def account_session(account_id: int, session_id: str) -> Key:
    return item_of_account(account_id, "SESSION", session_id)


def spent_refresh_token(account_id: int, token_hash: str) -> Key:
    return item_of_account(account_id, "SPENT", token_hash)


def accounts_by_role_and_state(role: str, *, enabled: bool, banned: bool) -> IndexPartition:
    """The accounts of one role and state; the sort key is the email in lower case."""
    return IndexPartition(
        "gsi2", f"ACCOUNTS#{role}#{'enabled' if enabled else 'disabled'}#{'banned' if banned else 'free'}"
    )


def login_attempts(kind: str, source_hash: str) -> Key:
    """`kind` is what is counted by, in upper case: `EMAIL` or `ADDRESS`."""
    return Key(f"ATTEMPTS#{kind}#{source_hash}", META)


def platform() -> Key:
    return Key(PLATFORM, META)


def audit_entry(scope: str, entry_id: str) -> Key:
    """`scope` is a tenant's id, or `PLATFORM`."""
    return Key(f"AUDIT#{scope}", entry_id)


def audit_by_target(scope: str, target_type: str, target_id: str) -> IndexPartition:
    """What happened to one target; the sort key is the entry's time-ordered id."""
    return IndexPartition("gsi1", f"AUDIT#{scope}#{target_type}#{target_id}")


def creation_record(tenant_id: str, digest: str) -> Key:
    """The answer to a `POST /users` with an `Idempotency-Key`; it goes with the tenant."""
    return Key(tenant_partition(tenant_id), f"REQUEST#{digest}")


def registration_record(digest: str) -> Key:
    """The answer to a `POST /register` with an `Idempotency-Key`; it goes with the tenant's first admin."""
    return Key(f"REQUEST#{digest}", META)


def deletion(tenant_id: str) -> Key:
    return Key(f"DELETION#{tenant_id}", META)


def deletion_slice(tenant_id: str, name: str) -> Key:
    return Key(f"DELETION#{tenant_id}", f"SLICE#{name}")


def slice_ranges(name: str) -> list[tuple[str, str]]:
    """The sort keys of the tenant's partition that a slice covers, as half-open ranges.

    Every sort key lies in exactly one slice, also one that no version of this code has ever written.
    """
    digits = "0123456789abcdefg"  # the last one only bounds
    if name == TENANT_SLICE:
        return [(LOWEST_SORT_KEY, "USER#0"), ("USER#g", HIGHEST_SORT_KEY)]
    return [(f"USER#{name}", f"USER#{digits[digits.index(name) + 1]}")]


def slice_of_sort_key(sort_key: str) -> str:
    """The slice that covers a sort key of the tenant's partition."""
    found = (name for name in SLICES for low, high in slice_ranges(name) if low <= sort_key < high)
    return str(next(found))


def is_user_sort_key(sort_key: str) -> bool:
    """Whether an item of the tenant's partition is a user, with a partition of its own."""
    return sort_key.startswith("USER#")


def is_reusable_by_others(pk: str) -> bool:
    """Whether someone else may hold this owned key once it is free, as with an email."""
    return not pk.startswith(_NEVER_REUSED)


def maintenance() -> Key:
    return Key("MAINTENANCE", META)


def receipt_category(key: Key) -> str:
    """What an item is, as receipts count it: `devices` for `DEVICE#…`, `tokens` for `TOKEN#…` / `META`."""
    name = key.pk if key.sk == META else key.sk
    return name.partition("#")[0].lower() + "s"
