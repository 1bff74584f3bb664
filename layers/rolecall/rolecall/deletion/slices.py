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

#: Seconds after which a slice that nobody has written is anybody's.
LEASE_SECONDS = 60

type Counts = Counter[str]


class Position(NamedTuple):
    """A place in a slice: everything up to this item of this user's partition lies behind it."""

    user: str
    child: str


START = Position("", "")

#: As `Position.child`: behind everything that a user has.
END = "\U0010ffff"


class Overtaken(RolecallError):
    """Someone else has written the slice since it was read."""

    def __init__(self, found: dynamodb.Item | None) -> None:
        super().__init__("someone else sweeps this slice")
        self.found = found


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a tenant's deletion, as its item says.

    `deleted` is what certainly went, `pending` what may have gone up to `pending_to`, `left` what the
    sweep has seen and left for the proof; all by type. `reached` never falls.
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
    left: Counts = field(default_factory=Counter)
    reached: int = 0
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
            _counts(item["deleted"]),
            None if pending is None else _counts(pending),
            Position(*item["pending_to"]),
            _counts(item["left"]),
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
            "left": dict(self.left),
            "reached": self.reached,
            "updated_at": self.updated_at,
        }

    def saved(self, owner: str, *, lease: bool = True, **changes: Any) -> "Slice":
        """Write it down with `changes`, under the lease of `owner` or freed; raises `Overtaken`.

        A write that came through without an answer, and is then repeated, is recognised as one's own.
        """
        new, put = self.saving(owner, lease=lease, **changes)
        try:
            retries.retry_while_throttled(lambda: writes.write(put))
        except Overtaken as overtaken:
            found = overtaken.found or {}
            if (found.get("version"), found.get("owner")) != (new.version, owner):
                raise
        return new

    def saving(self, owner: str, *, lease: bool, **changes: Any) -> tuple["Slice", writes.Put]:
        """What it will be, and the write that makes it so."""
        now = clock.now()
        new = replace(
            self,
            version=self.version + 1,
            owner=owner,
            lease_until=clock.epoch_seconds(now) + LEASE_SECONDS if lease else 0,
            updated_at=clock.rfc3339(now),
            **changes,
        )
        return new, writes.Put(new.to_item(), when=Attr("version").eq(self.version), on_condition_failure=Overtaken)

    def reopened(self, owner: str) -> "Slice":
        """From its start again, as something was found in it; raises `Overtaken`."""
        return self.saved(owner, lease=False, state=OPEN, position=START, pending=None, left=Counter())


def _counts(stored: dict[str, Any]) -> Counts:
    return Counter({name: int(number) for name, number in stored.items()})


def workable(slices: Iterable[Slice]) -> list[Slice]:
    """What there is to do now: sweep the open slices; when none is open, prove the swept ones."""
    slices = list(slices)
    return [one for one in slices if one.state == OPEN] or [one for one in slices if one.state == SWEPT]
