"""Every key of the table. A cross-tenant access can't be written down: tenant data is reached by its tenant's id only.

| function | example |
| --- | --- |
| `tenant(T)` | `TENANT#<T>` / `META` |
| `user(T, U)` | `TENANT#<T>` / `USER#<U>` |
| `of_user(T, U, "DEVICE", D)` | `TENANT#<T>#USER#<U>` / `DEVICE#<D>` |
| `api_token(H)` | `TOKEN#<sha256 of the token>` / `META` |
| `email("Ada@Example.com")` | `EMAIL#ada@example.com` / `META` |
| `tenant_name("Acme")` | `NAME#acme` / `META` |
| `account(7)` | `ACCOUNT#7` / `META` |
| `of_account(7, "SESSION", S)` | `ACCOUNT#7` / `SESSION#<S>` |
| `login_attempts("EMAIL", H)` | `ATTEMPTS#EMAIL#<sha256 of the address>` / `META` |
| `platform()` | `PLATFORM` / `META` |
| `audit_entry(T, E)` | `AUDIT#<T>` / `<time-ordered id>` |
| `deletion(T)` | `DELETION#<T>` / `META` |

Two indexes, overloaded, `<index>pk` and `<index>sk`. `gsi1`: a tenant's users by email, open deletions
by time, audit entries by target. `gsi2` is for a second order of the same items.
"""

from typing import NamedTuple
from uuid import UUID

META = "META"
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

    def entry(self, sort_key: str) -> dict[str, str]:
        """The attributes that put an item into this partition."""
        return {f"{self.index_name}pk": self.pk, f"{self.index_name}sk": sort_key}


#: The deletions of tenants that are not finished, by the time of the request.
OPEN_DELETIONS = IndexPartition("gsi1", "DELETIONS#OPEN")
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


def of_user(tenant_id: str, user_id: str, item_type: str, item_id: str) -> Key:
    """Anything that belongs to a user; `item_type` in upper case, as in `DEVICE`."""
    return Key(user_partition(tenant_id, user_id), f"{item_type}#{item_id}")


def users_by_email(tenant_id: str) -> IndexPartition:
    """A tenant's users; the sort key is the email in lower case."""
    return IndexPartition("gsi1", f"TENANT#{tenant_id}#USERS")


def api_token(token_hash: str) -> Key:
    return Key(f"TOKEN#{token_hash}", META)


def email(address: str) -> Key:
    return Key(f"EMAIL#{address.lower()}", META)


def tenant_name(name: str) -> Key:
    return Key(f"NAME#{name.casefold()}", META)


def account(account_id: int) -> Key:
    return Key(f"ACCOUNT#{account_id}", META)


def of_account(account_id: int, item_type: str, item_id: str) -> Key:
    return Key(f"ACCOUNT#{account_id}", f"{item_type}#{item_id}")


def account_session(account_id: int, session_id: str) -> Key:
    return of_account(account_id, "SESSION", session_id)


def spent_refresh_token(account_id: int, token_hash: str) -> Key:
    return of_account(account_id, "SPENT", token_hash)


def accounts_by_standing(role: str, *, enabled: bool, banned: bool) -> IndexPartition:
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


def deletion(tenant_id: str) -> Key:
    return Key(f"DELETION#{tenant_id}", META)


def item_type(key: Key) -> str:
    """What an item is, as receipts count it: `devices` for `DEVICE#…`, `tokens` for `TOKEN#…` / `META`."""
    name = key.pk if key.sk == META else key.sk
    return name.partition("#")[0].lower() + "s"
