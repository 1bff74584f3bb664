"""Every key of the table. Tenants are isolated by partition key: each key of tenant data contains the tenant's id.

| function | example |
| --- | --- |
| `tenant(T)` | `TENANT#<T>` / `META` |
| `user(T, U)` | `TENANT#<T>` / `USER#<U>` |
| `item_of_user(T, U, "DEVICE", D)` | `TENANT#<T>#USER#<U>` / `DEVICE#<D>` |
| `api_token(H)` | `TOKEN#<sha256 of the token>` / `META` |
| `email_reservation("Ada@Example.com")` | `EMAIL#ada@example.com` / `META` |
| `tenant_name_reservation("Acme")` | `NAME#acme` / `META` |
| `username_reservation("Ada")` | `USERNAME#ada` / `META` |
| `account(7)` | `ACCOUNT#7` / `META` |
| `item_of_account(7, "SESSION", S)` | `ACCOUNT#7` / `SESSION#<S>` |
| `login_attempts_item("EMAIL", H)` | `ATTEMPTS#EMAIL#<sha256 of the address>` / `META` |
| `platform_counters()` | `PLATFORM` / `META` |
| `audit_entry(T, E)` | `AUDIT#<T>` / `<time-ordered id>` |
| `refusal_counter(T, 1781524800, U, "promote_user")` | `AUDIT#<T>#REFUSALS` / `1781524800#<U>#promote_user` |
| `refusal_counter_of_day(T, 1781481600, U, "delete_user")` | `AUDIT#<T>#REFUSALS` / `1781481600#<U>#delete_user#DAY` |
| `refusal_entries_of_day(T, 1781481600, U)` | `AUDIT#<T>#REFUSALS` / `1781481600#<U>#ENTRIES` |
| `deletion_job(T)` | `DELETION#<T>` / `META` |
| `deletion_slice(T, "3")` | `DELETION#<T>` / `SLICE#3` |
| `maintenance_progress()` | `MAINTENANCE` / `META` |
| `idempotency_record_in_tenant(T, H)` | `TENANT#<T>` / `REQUEST#<keyed hash>` |
| `idempotency_record_outside_tenant(H)` | `REQUEST#<keyed hash>` / `META` |
| `webhook(T, W)` | `TENANT#<T>` / `WEBHOOK#<W>` |
| `webhook(T, W, U)` | `TENANT#<T>#USER#<U>` / `WEBHOOK#<W>` |
| `last_delivery_webhook(T, W)` | `LAST_DELIVERIES#<T>` / `TENANT#WEBHOOK#<W>` |
| `last_delivery_webhook(T, W, U)` | `LAST_DELIVERIES#<T>` / `OF_USER#<U>#WEBHOOK#<W>` |

Some items of a tenant lie outside its partitions, such as a token or an email reservation. The owner lists their
partition keys in its attribute `owned_keys`, and each of them names its tenant in `tenant_id`.
"""

from typing import Literal, NamedTuple
from uuid import UUID

META = "META"

TOKEN_PREFIX = "TOKEN#"  # noqa: S105 (the prefix of a key, not a secret)

#: The beginning of the sort keys of webhooks, in the partition of a tenant and in that of a user.
WEBHOOK_PREFIX = "WEBHOOK#"

#: The beginning of the partition keys of audit entries, before the scope.
AUDIT_PREFIX = "AUDIT#"

#: The scope of audit entries that belong to no tenant.
PLATFORM = "PLATFORM"


class Key(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


#: The lower and the upper bound of all sort keys. DynamoDB's sort keys have 1 to 1,024 bytes, so no sort key lies
#: outside these bounds.
LOWEST_SORT_KEY, HIGHEST_SORT_KEY = "\x00", "\U0010ffff" * 256


def canonical_uuid(text: str) -> str | None:
    """The UUID in lower case, or None if the text is not a UUID with hyphens.

    Every id from a request passes through this function before it becomes part of a key, so that no id contains `#`.
    """
    try:
        canonical = str(UUID(text))
    except ValueError:
        return None
    return canonical if canonical == text.lower() else None


def tenant(tenant_id: str) -> Key:
    """The tenant's own item."""
    return Key(tenant_partition(tenant_id), META)


def tenant_partition(tenant_id: str) -> str:
    """The partition key of the tenant, its users and its other items."""
    return f"TENANT#{tenant_id}"


def user(tenant_id: str, user_id: str) -> Key:
    """The user's own item, in the partition of the tenant."""
    return Key(tenant_partition(tenant_id), f"USER#{user_id}")


def user_partition(tenant_id: str, user_id: str) -> str:
    """The partition key of what belongs to a user, such as devices."""
    return f"TENANT#{tenant_id}#USER#{user_id}"


def item_of_user(tenant_id: str, user_id: str, item_type: str, item_id: str) -> Key:
    """An item that belongs to a user, such as a device. `item_type` is in upper case, as in `DEVICE`."""
    return Key(user_partition(tenant_id, user_id), f"{item_type}#{item_id}")


def api_token(token_hash: str) -> Key:
    """The item of an API token, which names the user and the tenant."""
    return Key(f"{TOKEN_PREFIX}{token_hash}", META)


def email_reservation(address: str) -> Key:
    """The reservation of an email on the platform, the same for upper and lower case."""
    return Key(f"EMAIL#{address.lower()}", META)


def tenant_name_reservation(name: str) -> Key:
    """The reservation of a tenant's name, the same for look-alikes. Raises `InvalidText` for an unfit name."""
    return Key(f"NAME#{comparable_form_of_name(name)}", META)


def username_reservation(name: str) -> Key:
    """The reservation of an account's username, the same for look-alikes. Raises `InvalidText` for an unfit name."""
    return Key(f"USERNAME#{comparable_form_of_name(name)}", META)


def comparable_form_of_name(name: str) -> str:
    """The form in which names are compared. Raises `InvalidText` if it is empty or too long for a key.

    Two names that look the same have the same form.
    """
    # The text rules are imported only when a name is compared, because most routes take no name.
    from rolecall.text_rules import comparable_name  # noqa: PLC0415

    return comparable_name(name)


def account(account_id: int) -> Key:
    """The platform account's own item."""
    return Key(f"ACCOUNT#{account_id}", META)


def item_of_account(account_id: int, item_type: str, item_id: str) -> Key:
    """An item that belongs to a platform account. `item_type` is in upper case, as in `SESSION`."""
    return Key(f"ACCOUNT#{account_id}", f"{item_type}#{item_id}")


def login_attempts_item(kind: Literal["EMAIL", "KNOWN", "ADDRESS", "NETWORKS"], source_hash: str) -> Key:
    """The failed logins of a login name or an address, or a login name's networks.

    `kind` is `EMAIL`, `KNOWN`, `ADDRESS` or `NETWORKS`; see `auth.login_attempts`.
    """
    return Key(f"ATTEMPTS#{kind}#{source_hash}", META)


def platform_counters() -> Key:
    """The one item with the platform's counters, such as the number of enabled superadmins."""
    return Key(PLATFORM, META)


def audit_entry(scope: str, entry_id: str) -> Key:
    """An audit entry. `scope` is the id of a tenant, or `PLATFORM`."""
    return Key(f"{AUDIT_PREFIX}{scope}", entry_id)


def refusal_counter(scope: str, minute: int, actor_id: str, action: str) -> Key:
    """The counter of an actor's refusals of one action in one minute. `minute` is its first second, since 1970."""
    return Key(f"AUDIT#{scope}#REFUSALS", f"{minute}#{actor_id}#{action}")


def refusal_counter_of_day(scope: str, day: int, actor_id: str, action: str) -> Key:
    """The counter of an actor's refusals of one action in the rest of a day. `day` is its first second, since 1970."""
    return Key(f"AUDIT#{scope}#REFUSALS", f"{day}#{actor_id}#{action}#DAY")


def refusal_entries_of_day(scope: str, day: int, actor_id: str) -> Key:
    """The number of audit entries about an actor's refusals in one day. `day` is its first second, since 1970."""
    return Key(f"AUDIT#{scope}#REFUSALS", f"{day}#{actor_id}#ENTRIES")


def idempotency_record_in_tenant(tenant_id: str, digest: str) -> Key:
    """The stored response of a `POST /users` with an `Idempotency-Key`. It is deleted with the tenant."""
    return Key(tenant_partition(tenant_id), f"REQUEST#{digest}")


def idempotency_record_outside_tenant(digest: str) -> Key:
    """The stored response of the creation of a tenant or a platform account with an `Idempotency-Key`.

    It is emptied when the account, or the first admin of the tenant, is deleted.
    """
    return Key(f"REQUEST#{digest}", META)


#: The status of an idempotency record whose result was deleted: the user, tenant or account that the request created.
RESULT_DELETED = "DELETED"


def is_idempotency_record_outside_tenant(pk: str) -> bool:
    """Whether this is the partition key of an idempotency record that lies outside of a tenant's partition."""
    return pk.startswith("REQUEST#")


def webhook(tenant_id: str, webhook_id: str, user_id: str | None = None) -> Key:
    """A webhook of a tenant, or with `user_id` a webhook of that user."""
    partition = user_partition(tenant_id, user_id) if user_id else tenant_partition(tenant_id)
    return Key(partition, f"{WEBHOOK_PREFIX}{webhook_id}")


def last_deliveries_partition(tenant_id: str) -> str:
    """The partition key of the copies of webhooks whose user or tenant is deleted. It outlives the tenant."""
    return f"LAST_DELIVERIES#{tenant_id}"


def last_delivery_webhook(tenant_id: str, webhook_id: str, user_id: str | None = None) -> Key:
    """The copy of a webhook of a tenant, or with `user_id` of a webhook of that user."""
    return Key(last_deliveries_partition(tenant_id), f"{prefix_of_last_deliveries(user_id)}{webhook_id}")


def prefix_of_last_deliveries(user_id: str | None) -> str:
    """The beginning of the sort keys of the copies of one user's webhooks, or for None of the tenant's webhooks."""
    # The prefix differs from that of users, whose changes in the table's stream become role events.
    return f"OF_USER#{user_id}#{WEBHOOK_PREFIX}" if user_id else f"TENANT#{WEBHOOK_PREFIX}"


def deletion_job(tenant_id: str) -> Key:
    """The job of a tenant's deletion, and later its receipt."""
    return Key(f"DELETION#{tenant_id}", META)


def deletion_slice(tenant_id: str, slice_name: str) -> Key:
    """The progress of one slice of a tenant's deletion."""
    return Key(f"DELETION#{tenant_id}", f"SLICE#{slice_name}")


def is_user_sort_key(sort_key: str) -> bool:
    """Whether an item of the tenant's partition is a user. Each user has a partition of its own for its items."""
    return sort_key.startswith("USER#")


def maintenance_progress() -> Key:
    """The item in which maintenance stores how far its checks have come."""
    return Key("MAINTENANCE", META)
