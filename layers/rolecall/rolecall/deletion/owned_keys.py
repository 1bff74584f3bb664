"""Owned keys: items outside of a tenant's partitions that belong to it, such as tokens and email reservations.

An item in the tenant's partitions names them in `owned_keys`, and they are deleted with that item. Another tenant, or
another user of the same tenant, can take over an email once it is free. So a delete has a condition on the owner.

The idempotency record of a request is not deleted but emptied: the answer and the owner are removed from it. A repeated
request then learns that its result was deleted, and creates nothing again.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from rolecall.errors import RolecallError
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr, Condition

#: The prefixes of keys that contain a random token. After such an item is deleted, no other user can ever get an item
#: with the same key.
_NEVER_REUSED = (keys.TOKEN_PREFIX,)


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


#: A write for an item that belongs to a deleted user or tenant. It deletes the item. If the item stores the response to
#: a request, the write only removes the response from it.
type Release = writes.Delete | writes.Update


class _OwnedByAnother(RolecallError):
    """The item belongs to another owner by now. Only this module raises and catches it."""


def release_items_still_owned(owner: Owner, keys_maybe_taken_over: Iterable[str]) -> None:
    """Delete, or empty if they are stored responses, the items with these keys that still belong to the owner.

    The keys are partition keys. Items of other owners and keys without an item are left alone.
    """
    found = reads.get_many(*(keys.Key(pk, keys.META) for pk in sorted(set(keys_maybe_taken_over))))
    for release in [prepare_release_if_owned(owner, item) for item in found if item]:
        if release:
            release_if_still_owned(release)


def prepare_release_if_owned(owner: Owner, item: dynamodb.Item) -> Release | None:
    """Return the write that deletes an item, or empties a stored response; None if the item is not the owner's.

    The write has a condition on the owner. An item that names no tenant belongs to nobody: this returns None.
    """
    if not owner.owns(item):
        return None
    key = keys.Key(item["pk"], item["sk"])
    if keys.is_idempotency_record_outside_tenant(key.pk):
        return prepare_emptying_of_stored_response(owner, key)
    return writes.Delete(key, when=owner.owns_condition, on_condition_failure=lambda _found: _OwnedByAnother())


def prepare_emptying_of_stored_response(owner: Owner, key: keys.Key) -> writes.Update:
    """Return the write that removes the answer and the owner from a stored response, if it still has this owner.

    The transaction fails with a private error if the stored response has another owner by then.
    """
    return writes.Update(
        key,
        set={"status": keys.RESULT_DELETED},
        remove=("answer", "tenant_id", "user_id"),
        when=owner.owns_condition,
        on_condition_failure=lambda _found: _OwnedByAnother(),
    )


def release_if_still_owned(release: Release) -> None:
    """Execute a write made by `prepare_release_if_owned`; do nothing if another owner has taken the key over."""
    with suppress(_OwnedByAnother):
        retries.retry_while_throttled(lambda: writes.write(release))


def can_be_taken_by_another_owner(owned_pk: str) -> bool:
    """Whether another owner can take this owned key once it is free: true for an email, false for a token."""
    return not owned_pk.startswith(_NEVER_REUSED)
