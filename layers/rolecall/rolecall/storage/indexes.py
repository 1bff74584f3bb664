"""Every partition of the two indexes, `gsi1` and `gsi2`.

There are two indexes, with the attributes `<index>pk` and `<index>sk`. Each serves several access patterns:

| index | what it finds |
| --- | --- |
| `gsi1` | users of a tenant by email, the tenant of a user id, active and scheduled tenants by name |
| `gsi1` | pending deletions by time, accounts by email, audit entries by target |
| `gsi2` | users of a tenant by role and state, accounts by role and state, audit trails to be redacted |
| `gsi2` | scheduled deletions by the time at which they are due, tenants that are being deleted by name |
"""

from typing import NamedTuple

from rolecall.storage.keys import comparable_form_of_name


class IndexPartition(NamedTuple):
    """A partition of one of the two indexes."""

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

#: The index partition of the active tenants, ordered by name without case. It lists the name reservations instead of
#: the tenants' own items: a reservation rarely changes, and one partition could not take the many writes of the
#: tenants' own items.
TENANTS_BY_NAME = IndexPartition("gsi1", "TENANTS")

#: The index partition of the tenants whose deletion is scheduled, ordered by name without case. It lists their name
#: reservations, like `TENANTS_BY_NAME`.
SCHEDULED_TENANTS_BY_NAME = IndexPartition("gsi1", "TENANTS#SCHEDULED")

#: The index partition of the tenants that are being deleted, ordered by name without case. It lists the deletion jobs,
#: because a tenant's name reservation is deleted when its deletion starts.
DELETING_TENANTS_BY_NAME = IndexPartition("gsi2", "TENANTS#DELETING")

#: The index partition of the deleted tenants whose audit entries still contain emails, ordered by the time of the
#: deletion.
UNREDACTED_AUDITS = IndexPartition("gsi2", "AUDITS#UNREDACTED")

#: The index partition of all platform accounts, ordered by email in lower case.
ACCOUNTS_BY_EMAIL = IndexPartition("gsi1", "ACCOUNTS")

#: A sort key in `DELETING_TENANTS_BY_NAME` contains at most this many bytes of the tenant's name.
_COMPARED_NAME_BYTES = 900


def users_by_email(tenant_id: str) -> IndexPartition:
    """All users of a tenant. The sort key is the email in lower case."""
    return IndexPartition("gsi1", f"TENANT#{tenant_id}#USERS")


def users_by_role_and_state(tenant_id: str, role: str, active: bool) -> IndexPartition:
    """The users of a tenant with one role and state. The sort key is the email in lower case."""
    return IndexPartition("gsi2", f"TENANT#{tenant_id}#USERS#{role}#{'active' if active else 'inactive'}")


def tenant_of_user(user_id: str) -> IndexPartition:
    """The index partition that finds a user's tenant by the user id alone, for operators.

    It holds one item, the user's email reservation, which names the tenant.
    """
    return IndexPartition("gsi1", f"USER#{user_id}")


def accounts_by_role_and_state(role: str, *, enabled: bool, banned: bool) -> IndexPartition:
    """The accounts with one role and state. The sort key is the email in lower case."""
    return IndexPartition(
        "gsi2", f"ACCOUNTS#{role}#{'enabled' if enabled else 'disabled'}#{'banned' if banned else 'free'}"
    )


def audit_by_target(scope: str, target_type: str, target_id: str) -> IndexPartition:
    """The audit entries about one target. The sort key is the time-ordered id of the entry."""
    return IndexPartition("gsi1", f"AUDIT#{scope}#{target_type}#{target_id}")


def deleting_tenant_sort_key(name: str, tenant_id: str) -> str:
    """The sort key in `DELETING_TENANTS_BY_NAME`. It has the id too, because the name is free for others already."""
    # The name is cut, because a sort key has at most 1,024 bytes and a comparable name may have nearly as many.
    form = comparable_form_of_name(name).encode()[:_COMPARED_NAME_BYTES].decode(errors="ignore")
    return f"{form}\0{tenant_id}"
