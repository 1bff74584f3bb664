"""Slices of a tenant's deletion: the state of one slice, how it is counted, and how two workers exclude each other.

A tenant's partition is divided into slices by the first hex digit of the user's id; one more slice holds every
item that is not a user. A slice has one of three states, and can fall back to the first:

| state | what remains of the slice |
| --- | --- |
| `open` | anything |
| `swept` | the user items only: they are the one list of the users' partitions |
| `done` | nothing: a consistent query found each user's partition empty, and then the user item was deleted |

No slice is proven before all are swept. If an item is written into a user's partition while any slice is open, the
proof finds that item and opens the item's slice again.

*Counting.* Before a chunk of items is deleted, the slice's item records it: `pending` has the chunk's counts by type,
`pending_to` its end. The next write of the slice adds these counts to `deleted` and records the next chunk. After a
crash, the next worker lists what remains of the recorded chunk. It counts the missing items as deleted, and the
remaining ones become the new recorded chunk. So each item is counted exactly once.

*Fencing.* Each write of a slice's item has a condition on the version that it replaces. A worker that was overtaken
by another one fails at that write and stops. Its chunk was recorded, so the other worker counts it. The lease only
saves duplicate work. Keys outside of the tenant's partitions that others can take over (emails) are deleted one by
one, on the condition that they still belong to the tenant.
"""

from collections import Counter
from collections.abc import Iterable
from copy import replace
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from rolecall import clock
from rolecall.errors import RolecallError
from rolecall.storage import dynamodb, keys, retries, writes
from rolecall.storage.expressions import Attr

OPEN, SWEPT, DONE = "open", "swept", "done"

#: A worker holds the lease of a slice for this many seconds after each write of the slice. Afterwards any other worker
#: may take the slice.
LEASE_SECONDS = 60

#: The number of items of each type, as in `{"users": 12, "devices": 40}`.
type Counts = Counter[str]


class Position(NamedTuple):
    """A place in a slice, as the sort keys of a user and of an item in that user's partition.

    The sweep has passed every item up to and including this one.
    """

    user: str
    child: str


START = Position("", "")

#: The value of `Position.child` for a position behind all items of a user's partition.
AFTER_LAST_CHILD = "\U0010ffff"


class StaleSlice(RolecallError):
    """Another worker has written the slice since it was read. `stored` is the slice's item as it is now."""

    def __init__(self, stored: dynamodb.Item | None) -> None:
        super().__init__("another worker has written this slice")
        self.stored = stored


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of a tenant's deletion.

    All counts are by type. `deleted` counts the items that are certainly deleted. `pending` counts the items up to
    `pending_to` whose deletion has begun. `kept` (stored as `left`) counts the user items that the sweep keeps for the
    proof, with their owned keys. `progress` (stored as `reached`) runs from 0 to 1000 and never falls.
    """

    tenant_id: str
    name: str
    state: str = OPEN
    version: int = 0
    owner: str = ""
    lease_until: int = 0
    position: Position = START
    deleted: Counts = field(default_factory=Counter)
    pending: Counts | None = None
    pending_to: Position = START
    kept: Counts = field(default_factory=Counter)
    progress: int = 0
    updated_at: str = ""

    @property
    def key(self) -> keys.Key:
        return keys.deletion_slice(self.tenant_id, self.name)

    @classmethod
    def from_item(cls, item: dynamodb.Item) -> Self:
        pending = item.get("pending")
        return cls(
            item["tenant_id"],
            item["name"],
            item["state"],
            int(item["version"]),
            item["owner"],
            int(item["lease_until"]),
            Position(*item["position"]),
            _counts_from_item(item["deleted"]),
            None if pending is None else _counts_from_item(pending),
            Position(*item["pending_to"]),
            _counts_from_item(item["left"]),
            int(item["reached"]),
            item["updated_at"],
        )

    def to_item(self) -> dynamodb.Item:
        return {
            "pk": self.key.pk,
            "sk": self.key.sk,
            "tenant_id": self.tenant_id,
            "name": self.name,
            "version": self.version,
            "state": self.state,
            "owner": self.owner,
            "lease_until": self.lease_until,
            "position": list(self.position),
            "deleted": dict(self.deleted),
            "pending": None if self.pending is None else dict(self.pending),
            "pending_to": list(self.pending_to),
            "left": dict(self.kept),
            "reached": self.progress,
            "updated_at": self.updated_at,
        }

    def save(self, new_owner: str, *, keep_lease: bool = True, **changes: Any) -> "Slice":
        """Write the slice with `changes` and return it; raise `StaleSlice` if another worker has written it.

        `new_owner` holds the lease afterwards, or nobody does without `keep_lease`. If the answer to the write gets
        lost, the repeated write finds the same version and owner and counts as successful.
        """
        new, put = self.prepare_save_if_version_unchanged(new_owner, keep_lease=keep_lease, **changes)
        try:
            retries.retry_while_throttled(lambda: writes.write(put))
        except StaleSlice as stale:
            stored = stale.stored or {}
            if (stored.get("version"), stored.get("owner")) != (new.version, new_owner):
                raise
        return new

    def prepare_save_if_version_unchanged(
        self, new_owner: str, *, keep_lease: bool, **changes: Any
    ) -> tuple["Slice", writes.Put]:
        """Return the changed slice and the write that stores it; the write raises `StaleSlice` for another version.

        `new_owner` becomes the holder of the lease, which is renewed or, without `keep_lease`, ended. Who held it
        before is not checked.
        """
        now = clock.now()
        new = replace(
            self,
            version=self.version + 1,
            owner=new_owner,
            lease_until=clock.epoch_seconds(now) + LEASE_SECONDS if keep_lease else 0,
            updated_at=clock.rfc3339(now),
            **changes,
        )
        return new, writes.Put(new.to_item(), when=Attr("version").eq(self.version), on_condition_failure=StaleSlice)

    def save_as_reopened(self, new_owner: str) -> "Slice":
        """Write the slice, open from its start and without a lease, as an item is left in it; raise `StaleSlice`."""
        return self.save(new_owner, keep_lease=False, state=OPEN, position=START, pending=None, kept=Counter())


def _counts_from_item(stored: dict[str, Any]) -> Counts:
    return Counter({name: int(number) for name, number in stored.items()})


def runnable_slices(slices: Iterable[Slice]) -> list[Slice]:
    """Return the open slices, or if none is open, the swept ones; empty if all are done. Leases are not considered."""
    slices = list(slices)
    return [one for one in slices if one.state == OPEN] or [one for one in slices if one.state == SWEPT]


#: The names under which a receipt counts the items of some types. All other types are counted under the type in lower
#: case with an "s" added.
_CATEGORIES = {"SPENT": "used_refresh_tokens"}


def receipt_category(key: keys.Key) -> str:
    """Return the name under which a receipt counts an item: `devices` for `DEVICE#…`, `tokens` for `TOKEN#…`."""
    item_type = (key.pk if key.sk == keys.META else key.sk).partition("#")[0]
    return _CATEGORIES.get(item_type, f"{item_type.lower()}s")
