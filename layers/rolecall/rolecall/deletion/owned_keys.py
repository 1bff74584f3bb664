"""Owned keys: items outside of a tenant's partitions that belong to it, such as tokens and email reservations.

An item in the tenant's partitions names them in `owned_keys`, and they are deleted with that item. Another owner can
take over an email once it is free, so each delete has a condition on the owner.
"""

from collections.abc import Iterable
from contextlib import suppress

from rolecall.errors import RolecallError
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr, Condition


class _OwnedByAnother(RolecallError):
    """The item belongs to another owner by now. Only this module raises and catches it."""


def delete_owned_items(tenant_id: str, owned_keys: Iterable[str]) -> None:
    """Delete the items with these partition keys that belong to the tenant; leave those of other owners."""
    found = reads.get_many(*(keys.Key(pk, keys.META) for pk in sorted(set(owned_keys))))
    for delete in [prepare_delete(tenant_id, item) for item in found if item]:
        if delete:
            delete_if_still_owned(delete)


def prepare_delete(tenant_id: str, item: dynamodb.Item) -> writes.Delete | None:
    """Return the delete of an owned item, conditional on its owner; None if it belongs to another owner."""
    match item.get("tenant_id"), item.get("account_id"):
        case owner, _ if owner == tenant_id:
            still_owned: Condition = Attr("tenant_id").eq(tenant_id)
        case None, None:
            still_owned = Attr("tenant_id").not_exists() & Attr("account_id").not_exists()
        case _:
            return None
    return writes.Delete(
        keys.Key(item["pk"], item["sk"]), when=still_owned, on_condition_failure=lambda _found: _OwnedByAnother()
    )


def delete_if_still_owned(delete: writes.Delete) -> None:
    """Execute a delete made by `prepare_delete`; do nothing if another owner has taken the key over."""
    with suppress(_OwnedByAnother):
        retries.retry_while_throttled(lambda: writes.write(delete))
