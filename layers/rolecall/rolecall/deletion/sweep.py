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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import replace
from dataclasses import dataclass, field
from itertools import batched, chain, islice
from typing import Any, NamedTuple

from rolecall import clock, deadline
from rolecall.config import config
from rolecall.deletion import owned_keys, slices
from rolecall.errors import RolecallError, ServiceUnavailable
from rolecall.pool import Pool
from rolecall.storage import keys, reads, retries, writes

#: Seconds before the deadline at which a sweep starts nothing new.
RESERVE_SECONDS = 6.0

#: How far through its slice a sweep is, in thousandths, at the ends of the two passes.
_SWEPT_REACHED, _DONE_REACHED = 900, 990

_ID_DIGITS = 4


class _Bounds(NamedTuple):
    """What a slice may take at a time, and so what memory it takes, whatever the tenant's size.

    `items` and `users` go between two writes of the slice: what these cost is spread over as many. `users_ahead`
    are looked into at a time. With `chunk_ahead` the next chunk is listed while one goes, where no other slice
    fills the wait.
    """

    items: int
    users: int
    users_ahead: int
    chunk_ahead: bool


_SINGLE_OPERATIONS = _Bounds(1000, 250, 16, chunk_ahead=True)

_SHARED = _Bounds(150, 15, 1, chunk_ahead=False)


def run(found: slices.Slice, owner: str) -> slices.Slice:
    """Sweep an open slice or prove a swept one, until that is done or the time is up.

    Returns the slice as it is now; unchanged if another has its lease. Raises `ServiceUnavailable` when storage
    stays out of reach, with the slice left as after a crash.
    """
    with _lanes() as lanes:
        return _run(found, owner, lanes)


def run_side_by_side(found: Sequence[slices.Slice], owner: str) -> list[slices.Slice]:
    """`run` over several slices at a time, through the same lanes: where one has to wait, the others go on.

    Starts none when the time is short.
    """

    def run_one(one: slices.Slice) -> slices.Slice:
        return _run(one, owner, lanes) if deadline.time_left() > RESERVE_SECONDS else one

    side_by_side = len(found) if config().sweep_concurrency > 1 else 1
    with _lanes(_SHARED) as lanes, Pool(side_by_side) as pool:
        return list(pool.map_in_order(run_one, found, side_by_side))


def _run(found: slices.Slice, owner: str, lanes: "_Lanes") -> slices.Slice:
    if found.lease_until > clock.epoch_seconds(clock.now()) and found.owner != owner:
        return found
    one_run = _Run(found, owner, lanes)
    try:
        return one_run.to_its_end()
    except slices.Overtaken:
        return found
    except ServiceUnavailable:
        one_run.release()
        raise


def close_empty(found: Sequence[slices.Slice], owner: str) -> None:
    """Call slices done that hold nothing, in one go; for a small tenant most of them.

    They have no user whose partition were to be proven, and the last proof looks at the tenant's own. Does
    nothing for a tenant that one look can't take in, or if someone is at work already.
    """
    page = reads.query_keys(keys.tenant_partition(found[0].tenant_id), limit=_SINGLE_OPERATIONS.items)
    if page.more:
        return
    used = {keys.slice_of_sort_key(item.key.sk) for item in page.items if item.key.sk != keys.META}
    empty = [one for one in found if one.name not in used and one.state == slices.OPEN]
    if empty:
        with suppress(slices.Overtaken):
            writes.transact(
                *(one.saving(owner, lease=False, state=slices.DONE, reached=_DONE_REACHED)[1] for one in empty)
            )


def count_items(tenant_id: str, name: str) -> tuple[slices.Counts, bool]:
    """What a slice holds by type, and whether all of it could be counted in the time left. Changes nothing."""
    counts: slices.Counts = Counter()
    with _lanes() as lanes:
        for more in _Run(slices.Slice(tenant_id, name), "", lanes).survey():
            counts += more
            if deadline.time_left() < RESERVE_SECONDS / 2:
                return counts, False
    return counts, True


class _Lanes(NamedTuple):
    """What the slices of one process share: batches have lanes of their own, so that no small call delays them."""

    batches: Pool
    calls: Pool
    bounds: _Bounds


@contextmanager
def _lanes(bounds: _Bounds = _SINGLE_OPERATIONS) -> Iterator[_Lanes]:
    width = config().sweep_concurrency
    with Pool(width) as batches, Pool(2 * width if width > 1 else 1) as calls:
        yield _Lanes(batches, calls, bounds)


class _Found(NamedTuple):
    """An item of a slice: to be removed, or a user `kept` for the proof, or a `stray` that the proof finds."""

    position: slices.Position
    item: reads.KeyWithOwnedKeys
    kept: bool = False
    stray: bool = False


@dataclass(slots=True)
class _Chunk:
    """What goes between two writes of the slice; `resumed` if an earlier run has stated it already.

    Holds keys only. `owned` are those that its items name: of what is there of them and this tenant's, the
    `releases` go one by one, the `others` in batches.
    """

    resumed: bool
    upto: slices.Position = slices.START
    own: list[keys.Key] = field(default_factory=list)
    owned: list[keys.Key] = field(default_factory=list)
    releases: list[writes.Delete] = field(default_factory=list)
    others: list[keys.Key] = field(default_factory=list)
    kept: slices.Counts = field(default_factory=Counter)
    users_kept: int = 0
    has_strays: bool = False
    counts: slices.Counts = field(default_factory=Counter)

    def is_full(self, bounds: _Bounds) -> bool:
        return len(self.own) >= bounds.items or self.users_kept >= bounds.users

    def add(self, found: _Found) -> None:
        owned = [keys.Key(pk, keys.META) for pk in found.item.owned_keys]
        self.upto = found.position
        self.has_strays |= found.stray
        if found.kept:
            self.users_kept += 1
            self.kept.update(map(keys.receipt_category, (found.item.key, *owned)))
        else:
            self.own.append(found.item.key)
            self.owned += owned


class _Run:
    """The work of one owner on one slice, from where it stands."""

    def __init__(self, found: slices.Slice, owner: str, lanes: _Lanes) -> None:
        self._slice = found
        self._owner = owner
        self._lanes = lanes
        self._bounds = lanes.bounds
        self._tenant_id = found.tenant_id
        self._proving = found.state == slices.SWEPT

    def to_its_end(self) -> slices.Slice:
        with Pool(2 if self._bounds.chunk_ahead and config().sweep_concurrency > 1 else 1) as aside:
            for chunk in aside.prefetch_one(self._chunks()):
                if chunk.has_strays:
                    return self._settled(chunk).reopened(self._owner)
                self._state(chunk)
                self._remove(chunk)
                if deadline.time_left() < RESERVE_SECONDS:
                    return self._slice.saved(self._owner, lease=False, **self._counted())
        return self._ended()

    def survey(self) -> Iterator[slices.Counts]:
        """The counts by type of all there is, part by part; changes nothing."""
        for chunk in self._chunks():
            yield chunk.counts + chunk.kept

    def release(self) -> None:
        """Let others take over at once, where that can still be said."""
        with suppress(RolecallError):
            self._slice.saved(self._owner, lease=False)

    # --- Saying it ---

    def _counted(self) -> dict[str, Any]:
        """The changes that make the pending chunk a deleted one."""
        if self._slice.pending is None:
            return {}
        return {
            "deleted": self._slice.deleted + self._slice.pending,
            "pending": None,
            "position": self._slice.pending_to,
        }

    def _settled(self, chunk: _Chunk) -> slices.Slice:
        """The slice, not saved yet, with what is missing of its pending chunk counted."""
        if not chunk.resumed:
            return replace(self._slice, **self._counted())
        gone = (self._slice.pending or Counter()) - chunk.counts
        return replace(self._slice, deleted=self._slice.deleted + gone, pending=None)

    def _state(self, chunk: _Chunk) -> None:
        """Write down what is about to go, before it goes; and that the chunk before has gone."""
        before = self._slice.left
        if not chunk.resumed:
            before = before - chunk.counts if self._proving else before + chunk.kept
        self._slice = self._settled(chunk).saved(
            self._owner, pending=chunk.counts, pending_to=chunk.upto, left=before, reached=self._reached(chunk.upto)
        )

    def _ended(self) -> slices.Slice:
        state, reached = (slices.DONE, _DONE_REACHED) if self._proving else (slices.SWEPT, _SWEPT_REACHED)
        changes = {**self._counted(), "state": state, "position": slices.START, "pending": None}
        return self._slice.saved(self._owner, lease=False, **changes, reached=max(self._slice.reached, reached))

    def _reached(self, position: slices.Position) -> int:
        """Ids are random, so a place among them tells how much lies behind it."""
        digits = position.user.removeprefix("USER#")[1 : 1 + _ID_DIGITS]
        try:
            share = int(digits, 16) / 16**_ID_DIGITS
        except ValueError:
            share = 0.0
        low, high = (_SWEPT_REACHED, _DONE_REACHED) if self._proving else (0, _SWEPT_REACHED)
        return max(self._slice.reached, int(low + share * (high - low)))

    # --- Finding what is there ---

    def _chunks(self) -> Iterator[_Chunk]:
        position = self._slice.position
        if self._slice.pending is not None:
            # Whole, however much it is: what is missing of it has been deleted.
            chunk = _Chunk(resumed=True)
            for found in self._found(position, self._slice.pending_to):
                chunk.add(found)
            chunk.upto = position = self._slice.pending_to
            yield self._measured(chunk)
        chunk = _Chunk(resumed=False)
        for found in self._found(position, None):
            chunk.add(found)
            if chunk.is_full(self._bounds) or deadline.time_left() < RESERVE_SECONDS / 2:
                yield self._measured(chunk)
                chunk = _Chunk(resumed=False)
        if chunk.own or chunk.kept:
            yield self._measured(chunk)

    def _found(self, after: slices.Position, upto: slices.Position | None) -> Iterator[_Found]:
        """What there is behind `after`, up to `upto`."""
        directory = self._directory(after.user, upto.user if upto else None)
        if self._proving:
            yield from self._lanes.calls.map_in_order(self._proven, directory, self._bounds.users_ahead)
            return

        def look(item: reads.KeyWithOwnedKeys) -> tuple[reads.KeyWithOwnedKeys, Iterator[reads.KeyWithOwnedKeys]]:
            return item, self._children(item, after, upto)

        for item, children in self._lanes.calls.map_in_order(look, directory, self._bounds.users_ahead):
            sk = item.key.sk
            for child in children:
                yield _Found(slices.Position(sk, child.key.sk), child)
            if (sk, slices.END) > after:
                yield _Found(slices.Position(sk, slices.END), item, kept=keys.is_user_sort_key(sk))

    def _directory(self, after: str, upto: str | None) -> Iterator[reads.KeyWithOwnedKeys]:
        """What the slice has in the tenant's partition, from `after` to `upto`, both included."""
        partition, meta = keys.tenant_partition(self._tenant_id), keys.tenant(self._tenant_id).sk
        for low, high in keys.slice_ranges(self._slice.name):
            for item in _items(partition, max(low, after), min(high, upto or high), self._bounds.users):
                if item.key.sk not in {meta, high}:
                    yield item

    def _children(
        self, item: reads.KeyWithOwnedKeys, after: slices.Position, upto: slices.Position | None
    ) -> Iterator[reads.KeyWithOwnedKeys]:
        """What a user has; the first page of it has been read when this returns."""
        sk = item.key.sk
        if not keys.is_user_sort_key(sk) or (sk, slices.END) <= after:
            return iter(())
        first = after.child + keys.LOWEST_SORT_KEY if sk == after.user else ""
        last = upto.child if upto and sk == upto.user else keys.HIGHEST_SORT_KEY
        children = _items(self._partition_of(item), first, last, self._bounds.items)
        return chain(list(islice(children, 1)), children)

    def _proven(self, item: reads.KeyWithOwnedKeys) -> _Found:
        """A stray is what the sweep cannot have left: no user, or one of whom a consistent query finds something."""
        proven = keys.is_user_sort_key(item.key.sk) and retries.retry_while_throttled(
            lambda: reads.is_empty(self._partition_of(item))
        )
        return _Found(slices.Position(item.key.sk, slices.END), item, stray=not proven)

    def _partition_of(self, user: reads.KeyWithOwnedKeys) -> str:
        return keys.user_partition(self._tenant_id, user.key.sk.removeprefix("USER#"))

    def _measured(self, chunk: _Chunk) -> _Chunk:
        """With its counts. Owned keys count, and go, only if they are there and this tenant's."""
        items = retries.retry_while_throttled(lambda: reads.get_many(*dict.fromkeys(chunk.owned)))
        there = [
            delete for delete in (owned_keys.release_write(self._tenant_id, item) for item in items if item) if delete
        ]
        chunk.releases = [delete for delete in there if keys.is_reusable_by_others(delete.key.pk)]
        chunk.others = [delete.key for delete in there if not keys.is_reusable_by_others(delete.key.pk)]
        chunk.counts.update(map(keys.receipt_category, (*chunk.own, *(delete.key for delete in there))))
        return chunk

    # --- Removing it ---

    def _remove(self, chunk: _Chunk) -> None:
        """First what is outside, then what names it."""
        self._lanes.calls.run_all(owned_keys.delete_unless_foreign, chunk.releases)
        self._lanes.batches.run_all(_delete_patiently, _batches(chunk.others))
        self._lanes.batches.run_all(_delete_patiently, _batches(chunk.own))


def _batches(some: Iterable[keys.Key]) -> Iterable[tuple[keys.Key, ...]]:
    return batched(some, writes.BATCH_SIZE, strict=False)


def _items(pk: str, first: str, last: str, at_once: int) -> Iterator[reads.KeyWithOwnedKeys]:
    """What a partition has from `first` to `last`, both included."""
    while first <= last:
        page = _page(pk, first, last, at_once)
        yield from page.items
        if not page.more:
            return
        first = page.items[-1].key.sk + keys.LOWEST_SORT_KEY


def _page(pk: str, first: str, last: str, at_once: int) -> reads.Page[reads.KeyWithOwnedKeys]:
    return retries.retry_while_throttled(lambda: reads.query_keys(pk, first=first, last=last, limit=at_once))


def _delete_patiently(batch: Iterable[keys.Key]) -> None:
    retries.retry_while_throttled(lambda: writes.delete_batch(batch))
