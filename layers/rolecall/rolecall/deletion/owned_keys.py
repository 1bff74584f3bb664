"""Owned keys: items outside of a tenant's partitions that belong to it, such as tokens and email reservations.

An item in the tenant's partitions names them in `owned_keys`, and they are deleted with that item. Another tenant, or
another user of the same tenant, can take over an email once it is free. So a delete has a condition on the owner.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from rolecall.errors import RolecallError
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr, Condition


class Owner(NamedTuple):
    """A user of a tenant, or with an empty `user_id` the tenant itself."""

    tenant_id: str
    user_id: str = ""

    def owns(self, item: dynamodb.Item) -> bool:
        """Return whether the item names this tenant, and either this user or no user at all."""
        return item.get("tenant_id") == self.tenant_id and item.get("user_id") in (None, self.user_id)

    @property
    def owns_condition(self) -> Condition:
        """The write condition that `owns` holds."""
        no_user: Condition = Attr("user_id").not_exists()
        user = no_user | Attr("user_id").eq(self.user_id) if self.user_id else no_user
        return Attr("tenant_id").eq(self.tenant_id) & user


class _OwnedByAnother(RolecallError):
    """The item belongs to another owner by now. Only this module raises and catches it."""


def delete_owned_items(owner: Owner, owned_keys: Iterable[str]) -> None:
    """Delete the items with these partition keys that belong to the owner; leave those of other owners."""
    found = reads.get_many(*(keys.Key(pk, keys.META) for pk in sorted(set(owned_keys))))
    for delete in [prepare_delete(owner, item) for item in found if item]:
        if delete:
            delete_if_still_owned(delete)


def prepare_delete(owner: Owner, item: dynamodb.Item) -> writes.Delete | None:
    """Return the delete of an item, conditional on its owner; None if it belongs to another owner, or to nobody yet."""
    if not owner.owns(item):
        return None
    return writes.Delete(
        keys.Key(item["pk"], item["sk"]),
        when=owner.owns_condition,
        on_condition_failure=lambda _found: _OwnedByAnother(),
    )


def delete_if_still_owned(delete: writes.Delete) -> None:
    """Execute a delete made by `prepare_delete`; do nothing if another owner has taken the key over."""
    with suppress(_OwnedByAnother):
        retries.retry_while_throttled(lambda: writes.write(delete))
