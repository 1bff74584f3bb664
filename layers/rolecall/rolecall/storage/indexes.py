"""Every partition of the four indexes, `gsi1` to `gsi4`.

There are four indexes, with the attributes `<index>pk` and `<index>sk`. Most serve several access patterns:

| index | what it finds |
| --- | --- |
| `gsi1` | users of a tenant by email, the tenant of a user id, active and scheduled tenants by name |
| `gsi1` | pending deletions by time, accounts by email, audit entries by target |
| `gsi1` | webhooks of a tenant by age, copies of webhooks for last deliveries by the time at which they expire |
| `gsi2` | users of a tenant by role and state, accounts by role and state, audit trails to be redacted |
| `gsi2` | scheduled deletions by the time at which they are due, tenants that are being deleted by name |
| `gsi2` | users of a tenant by external id |
| `gsi3` | temporary roles of one tenant's users, or of the accounts, by their ends |
| `gsi4` | temporary roles of the whole platform by their ends |
"""

from typing import NamedTuple

from rolecall.storage.keys import comparable_form_of_name


class IndexPartition(NamedTuple):
    """A partition of one of the indexes."""

    index_name: str
    pk: str

    def index_attributes(self, sort_key: str) -> dict[str, str]:
        """The attributes of an item that make it appear in this partition of the index."""
        return {f"{self.index_name}pk": self.pk, f"{self.index_name}sk": sort_key}


#: The index partition of the pending deletions of tenants, ordered by the time of the request.
PENDING_DELETIONS = IndexPartition("gsi1", "DELETIONS#OPEN")

#: The index partition of the scheduled deletions of tenants, ordered by the time at which each is due.
SCHEDULED_DELETIONS = IndexPartition("gsi2", "DELETIONS#SCHEDULED")

#: The index partition of the pending deletions of users, ordered by the time of the request.
PENDING_USER_DELETIONS = IndexPartition("gsi1", "USER_DELETIONS#OPEN")

#: The index partition of the active tenants, ordered by name without case. Its items are the name reservations, because
#: they rarely change. The tenants' own items change so often that one index partition could not take their writes.
TENANTS_BY_NAME = IndexPartition("gsi1", "TENANTS")

#: The index partition of the tenants whose deletion is scheduled, ordered by name without case. Its items are the
#: name reservations, like those of `TENANTS_BY_NAME`.
SCHEDULED_TENANTS_BY_NAME = IndexPartition("gsi1", "TENANTS#SCHEDULED")

#: The index partition of the tenants that are being deleted, ordered by name without case. Its items are the deletion
#: jobs. A tenant that is being deleted has no name reservation.
DELETING_TENANTS_BY_NAME = IndexPartition("gsi2", "TENANTS#DELETING")

#: The index partition of the deleted tenants whose audit entries still contain emails, ordered by the time of the
#: deletion.
UNREDACTED_AUDITS = IndexPartition("gsi2", "AUDITS#UNREDACTED")

#: The index partition of all platform accounts, ordered by email in lower case.
ACCOUNTS_BY_EMAIL = IndexPartition("gsi1", "ACCOUNTS")

#: The index partition of all copies of webhooks for last deliveries. The sort key is `last_delivery_sort_key`.
LAST_DELIVERIES = IndexPartition("gsi1", "LAST_DELIVERIES")

#: The attributes that make the item of a user or account appear in the indexes of temporary roles, `gsi3` and `gsi4`.
ROLE_END_ATTRIBUTES = ("gsi3pk", "gsi3sk", "gsi4pk", "gsi4sk")

#: The index partition of the platform accounts with a temporary role. The sort key is `role_end_sort_key`.
ROLE_ENDS_OF_ACCOUNTS = IndexPartition("gsi3", "ACCOUNTS#ROLE_ENDS")

#: The index partition of all users and accounts with a temporary role. The sort key is `role_end_sort_key`.
ROLE_ENDS = IndexPartition("gsi4", "ROLE_ENDS")

#: A sort key in `DELETING_TENANTS_BY_NAME` contains at most this many bytes of the tenant's name.
_COMPARED_NAME_BYTES = 900


def users_by_email(tenant_id: str) -> IndexPartition:
    """All users of a tenant. The sort key is the email in lower case."""
    return IndexPartition("gsi1", f"TENANT#{tenant_id}#USERS")


def users_by_role_and_state(tenant_id: str, role: str, active: bool, *, temporary: bool = False) -> IndexPartition:
    """The users of a tenant with one role and state. The sort key is the email in lower case.

    Users whose role was written as a temporary one have partitions of their own.
    """
    kind, state = "#temporary" if temporary else "", "active" if active else "inactive"
    return IndexPartition("gsi2", f"TENANT#{tenant_id}#USERS#{role}{kind}#{state}")


def users_by_external_id(tenant_id: str, external_id: str) -> IndexPartition:
    """The users of a tenant with one external id. Its items are the email reservations; the sort key is the user id."""
    return IndexPartition("gsi2", f"TENANT#{tenant_id}#EXTERNAL_ID#{external_id}")


def webhooks_of_tenant(tenant_id: str) -> IndexPartition:
    """All webhooks of a tenant and of its users. The sort key is the webhook's id, which is time-ordered."""
    return IndexPartition("gsi1", f"TENANT#{tenant_id}#WEBHOOKS")


def last_delivery_sort_key(expires_at: int, webhook_id: str) -> str:
    """The sort key that orders copies of webhooks by the time at which they expire, in seconds since 1970."""
    return f"{expires_at:010d}#{webhook_id}"


def role_ends_of_tenant(tenant_id: str) -> IndexPartition:
    """The users of a tenant with a temporary role. The sort key is `role_end_sort_key`."""
    return IndexPartition("gsi3", f"TENANT#{tenant_id}#ROLE_ENDS")


def role_end_sort_key(until: int, holder_id: str) -> str:
    """The sort key that orders temporary roles by their ends. `until` is in seconds since 1970."""
    return f"{until:010d}#{holder_id}"


def highest_role_end_sort_key(until: int) -> str:
    """A sort key above those of all roles that end in this second or before, and below those of all later ends."""
    return f"{until + 1:010d}"


def tenant_of_user(user_id: str) -> IndexPartition:
    """The index partition that finds a user's tenant by the user id alone, for operators.

    It holds one item, the user's email reservation, which names the tenant.
    """
    return IndexPartition("gsi1", f"USER#{user_id}")


def accounts_by_role_and_state(role: str, *, enabled: bool, banned: bool, temporary: bool = False) -> IndexPartition:
    """The accounts with one role and state. The sort key is the email in lower case.

    Accounts whose role was written as a temporary one have partitions of their own.
    """
    kind, state = "#temporary" if temporary else "", "enabled" if enabled else "disabled"
    return IndexPartition("gsi2", f"ACCOUNTS#{role}{kind}#{state}#{'banned' if banned else 'free'}")


def audit_by_target(scope: str, target_type: str, target_id: str) -> IndexPartition:
    """The audit entries about one target. The sort key is the time-ordered id of the entry."""
    return IndexPartition("gsi1", f"AUDIT#{scope}#{target_type}#{target_id}")


def deleting_tenant_sort_key(name: str, tenant_id: str) -> str:
    """The sort key in `DELETING_TENANTS_BY_NAME`. Raises `InvalidText` for a name that is blank or too long.

    It contains the id too, because another tenant may have taken the name since the deletion started.
    """
    # A sort key has at most 1,024 bytes, and a comparable name may have nearly as many. So the name is cut, to leave
    # room for the tenant's id.
    form = comparable_form_of_name(name).encode()[:_COMPARED_NAME_BYTES].decode(errors="ignore")
    return f"{form}\0{tenant_id}"
