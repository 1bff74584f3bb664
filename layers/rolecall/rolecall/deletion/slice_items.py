"""Finding the items of a slice: in order, chunk by chunk, each chunk with its counts. Changes nothing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

from rolecall import deadline
from rolecall.deletion import slice_ranges
from rolecall.deletion.executors import RESERVE_SECONDS, ChunkLimits, Executors, open_executors
from rolecall.deletion.owned_keys import (
    Owner,
    Release,
    can_be_taken_by_another_owner,
    prepare_release_if_owned,
)
from rolecall.deletion.slices import AFTER_LAST_CHILD, START, SWEPT, Counts, Position, Slice, receipt_category
from rolecall.storage import keys, reads, retries


class FoundItem(NamedTuple):
    """An item of a slice. `kept`: a user item that stays for the proof. `unexpected`: an item that no sweep leaves."""

    position: Position
    item: reads.KeyWithOwnedKeys
    kept: bool = False
    unexpected: bool = False


@dataclass(slots=True)
class Chunk:
    """The items that are deleted between two writes of the slice; `resumed` if an earlier run has recorded them.

    Holds keys only. `own` are items of the tenant's partitions. `owned` are the keys in their `owned_keys`, with their
    owners. Of the owned items that exist and belong to the owner, `conditional_releases` are executed one by one and
    `unconditional_deletes` in batches.
    """

    resumed: bool
    end: Position = START
    own: list[keys.Key] = field(default_factory=list)
    owned: list[tuple[Owner, keys.Key]] = field(default_factory=list)
    conditional_releases: list[Release] = field(default_factory=list)
    unconditional_deletes: list[keys.Key] = field(default_factory=list)
    kept: Counts = field(default_factory=Counter)
    users_kept: int = 0
    has_unexpected: bool = False
    counts: Counts = field(default_factory=Counter)

    def is_full(self, chunk_limits: ChunkLimits) -> bool:
        """Whether the chunk has as many items to delete, or as many kept users, as the limits allow."""
        return len(self.own) >= chunk_limits.items or self.users_kept >= chunk_limits.users

    def add_for_deletion_or_only_count_if_kept(self, found: FoundItem, tenant_id: str) -> None:
        """Take an item in for deletion, or only count it if it is kept; move the chunk's end behind it."""
        sort_key = found.position.user
        owner = Owner(tenant_id, sort_key.removeprefix("USER#") if keys.is_user_sort_key(sort_key) else "")
        owned = [keys.Key(pk, keys.META) for pk in found.item.owned_keys]
        self.end = found.position
        self.has_unexpected |= found.unexpected
        if found.kept:
            self.users_kept += 1
            self.kept.update(map(receipt_category, (found.item.key, *owned)))
        else:
            self.own.append(found.item.key)
            self.owned += [(owner, key) for key in owned]


def count_slice_items_in_time(tenant_id: str, slice_name: str) -> tuple[Counts, bool]:
    """Return the items of a slice counted by type, and whether the time left was enough to count them all."""
    counts: Counts = Counter()
    with open_executors() as executors:
        for chunk in read_chunks(Slice(tenant_id, slice_name), executors):
            counts += chunk.counts + chunk.kept
            if deadline.time_left() < RESERVE_SECONDS / 2:
                return counts, False
    return counts, True


def read_chunks(slice_: Slice, executors: Executors) -> Iterator[Chunk]:
    """Yield the remaining items of a slice as chunks, in order; a chunk that an earlier run recorded comes first.

    Deletes nothing. For a slice that is swept, the chunks hold the user items, and `has_unexpected` is true if the
    proof has failed. The last chunks are smaller when the time is short; the caller must stop then.
    """
    return _SliceReader(slice_, executors).read_chunks()


class _SliceReader:
    """Reads the items of one slice from the slice's position on."""

    def __init__(self, slice_: Slice, executors: Executors) -> None:
        self._slice = slice_
        self._executors = executors
        self._limits = executors.chunk_limits
        self._tenant_id = slice_.tenant_id

    def read_chunks(self) -> Iterator[Chunk]:
        """Yield the chunk that an earlier run recorded, as a whole, then the items behind it chunk by chunk."""
        position = self._slice.position
        if self._slice.pending is not None:
            # An earlier run recorded this chunk in the slice and then began to delete the chunk's items. Every item of
            # the chunk that is not found now counts as deleted. So the chunk is read as a whole.
            chunk = Chunk(resumed=True)
            for found in self._read_items(position, self._slice.pending_to):
                chunk.add_for_deletion_or_only_count_if_kept(found, self._tenant_id)
            chunk.end = position = self._slice.pending_to
            yield self._read_owned_items_and_set_deletes_and_counts(chunk)
        chunk = Chunk(resumed=False)
        for found in self._read_items(position, None):
            chunk.add_for_deletion_or_only_count_if_kept(found, self._tenant_id)
            if chunk.is_full(self._limits) or deadline.time_left() < RESERVE_SECONDS / 2:
                yield self._read_owned_items_and_set_deletes_and_counts(chunk)
                chunk = Chunk(resumed=False)
        if chunk.own or chunk.kept:
            yield self._read_owned_items_and_set_deletes_and_counts(chunk)

    def _read_items(self, after: Position, upto: Position | None) -> Iterator[FoundItem]:
        """Yield the items behind `after`, up to and including `upto`: first a user's items, then the user."""
        tenant_items = self._read_slice_items_of_tenant_partition(after.user, upto.user if upto else None)
        ahead = self._limits.users_ahead
        if self._slice.state == SWEPT:
            yield from self._executors.calls.map_in_order(self._mark_unexpected_unless_empty_user, tenant_items, ahead)
            return

        def read_children(
            item: reads.KeyWithOwnedKeys,
        ) -> tuple[reads.KeyWithOwnedKeys, Iterator[reads.KeyWithOwnedKeys]]:
            return item, self._iterate_user_items_with_first_read(item, after, upto)

        for item, children in self._executors.calls.map_in_order(read_children, tenant_items, ahead):
            sort_key = item.key.sk
            for child in children:
                yield FoundItem(Position(sort_key, child.key.sk), child)
            if (sort_key, AFTER_LAST_CHILD) > after:
                yield FoundItem(Position(sort_key, AFTER_LAST_CHILD), item, kept=keys.is_user_sort_key(sort_key))

    def _read_slice_items_of_tenant_partition(
        self, first_sort_key: str, last_sort_key: str | None
    ) -> Iterator[reads.KeyWithOwnedKeys]:
        """Yield the slice's items in the tenant's partition between the two sort keys, both included.

        The tenant's own item is in no slice.
        """
        partition, meta = keys.tenant_partition(self._tenant_id), keys.tenant(self._tenant_id).sk
        for low, high in slice_ranges.sort_key_ranges_of_slice(self._slice.name):
            for item in _iterate_range_of_sort_keys(
                partition, max(low, first_sort_key), min(high, last_sort_key or high), self._limits.users
            ):
                # The upper bound `high` is not in the slice: an item with that sort key belongs to another slice.
                if item.key.sk not in {meta, high}:
                    yield item

    def _iterate_user_items_with_first_read(
        self, user_item: reads.KeyWithOwnedKeys, after: Position, upto: Position | None
    ) -> Iterator[reads.KeyWithOwnedKeys]:
        """Return the items of a user's partition between the positions; the first page is read before this returns."""
        sort_key = user_item.key.sk
        if not keys.is_user_sort_key(sort_key) or (sort_key, AFTER_LAST_CHILD) <= after:
            return iter(())
        first = after.child + keys.LOWEST_SORT_KEY if sort_key == after.user else ""
        last = upto.child if upto and sort_key == upto.user else keys.HIGHEST_SORT_KEY
        children = _iterate_range_of_sort_keys(self._user_partition(user_item), first, last, self._limits.items)
        return chain(list(islice(children, 1)), children)

    def _mark_unexpected_unless_empty_user(self, item: reads.KeyWithOwnedKeys) -> FoundItem:
        """Return the item as `unexpected` if it is no user, or if a consistent query finds items of that user."""
        proven = keys.is_user_sort_key(item.key.sk) and retries.retry_while_throttled(
            lambda: reads.is_partition_empty(self._user_partition(item))
        )
        return FoundItem(Position(item.key.sk, AFTER_LAST_CHILD), item, unexpected=not proven)

    def _user_partition(self, user: reads.KeyWithOwnedKeys) -> str:
        return keys.user_partition(self._tenant_id, user.key.sk.removeprefix("USER#"))

    def _read_owned_items_and_set_deletes_and_counts(self, chunk: Chunk) -> Chunk:
        """Set the chunk's deletes and counts, and return it; skip owned items that are gone or another owner's."""
        found = retries.retry_while_throttled(lambda: reads.get_many(*(key for _owner, key in chunk.owned)))
        # Two items may list the same owned key, but a transaction may write a key only once. So the writes are
        # collected in a mapping by key.
        prepared = {
            key: prepare_release_if_owned(owner, item)
            for (owner, key), item in zip(chunk.owned, found, strict=True)
            if item and owner.owns(item)
        }
        releases = [release for release in prepared.values() if release]
        chunk.conditional_releases = [one for one in releases if can_be_taken_by_another_owner(one.key.pk)]
        chunk.unconditional_deletes = [one.key for one in releases if not can_be_taken_by_another_owner(one.key.pk)]
        chunk.counts.update(map(receipt_category, (*chunk.own, *(one.key for one in releases))))
        return chunk


def _iterate_range_of_sort_keys(pk: str, first: str, last: str, page_size: int) -> Iterator[reads.KeyWithOwnedKeys]:
    """Yield the items of a partition from sort key `first` to `last`, both included, page by page."""
    while first <= last:
        page = _read_page_retrying_throttling(pk, first, last, page_size)
        yield from page.items
        if not page.more:
            return
        first = page.items[-1].key.sk + keys.LOWEST_SORT_KEY


def _read_page_retrying_throttling(
    pk: str, first: str, last: str, page_size: int
) -> reads.Page[reads.KeyWithOwnedKeys]:
    return retries.retry_while_throttled(
        lambda: reads.query_keys(pk, first_sort_key=first, last_sort_key=last, limit=page_size)
    )
