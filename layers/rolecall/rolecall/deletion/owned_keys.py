"""The sweep of a tenant that is being deleted: slice by slice, each at its own pace, each exactly counted.

A tenant's partition is cut into slices by the first hex digit of the user's id, plus one for what is no
user. A slice goes through three states, and may fall back to the first:

| state | what is left of the slice |
| --- | --- |
| `open` | anything |
| `swept` | the user items, kept because they are the only directory of the users' partitions |
| `done` | nothing: each user's partition was proven empty by a consistent query, then its user item went |

No slice is proven before all are swept. So whatever is planted behind the sweep's back while a single
slice is open is found by the proof, and opens its slice again.

*Counting.* Before a chunk of items goes, the slice's item says which (`pending`: a range of positions and
the counts by type). The next write adds these counts to `deleted` and states the next chunk. Whoever takes
a slice over after a crash looks at what is left of the pending range: what is missing is counted, what is
left becomes the new pending chunk. So each item is counted once, wherever the crash came.

*Fencing.* Each write of a slice's item names the version that it replaces. Who was overtaken fails there
and stops; what it has deleted by then was in the pending range, and is counted by the other. The lease only
saves double work. Reusable keys outside of the tenant's partitions (emails) go one by one, on the
condition that they are still this tenant's: an overtaken sweep can't take away what someone else has
registered since.
"""

from collections.abc import Iterable
from contextlib import suppress

from rolecall.errors import RolecallError
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr, Condition


class _Foreign(RolecallError):
    """A key that an item names as its own has come to be someone else's."""


def release(tenant_id: str, owned: Iterable[str]) -> None:
    """Remove items outside of the tenant's partitions that are named as owned, if they are this tenant's."""
    found = reads.get_many(*(keys.Key(pk, keys.META) for pk in sorted(set(owned))))
    for delete in [release_write(tenant_id, item) for item in found if item]:
        if delete:
            delete_unless_foreign(delete)


def release_write(tenant_id: str, item: dynamodb.Item) -> writes.Delete | None:
    """How such an item goes, on the condition that it has not become someone else's by then; None if it is."""
    match item.get("tenant_id"), item.get("account_id"):
        case owner, _ if owner == tenant_id:
            ours: Condition = Attr("tenant_id").eq(tenant_id)
        case None, None:
            ours = Attr("tenant_id").not_exists() & Attr("account_id").not_exists()
        case _:
            return None
    return writes.Delete(keys.Key(item["pk"], item["sk"]), when=ours, on_condition_failure=lambda _found: _Foreign())


def delete_unless_foreign(delete: writes.Delete) -> None:
    with suppress(_Foreign):
        retries.retry_while_throttled(lambda: writes.write(delete))
