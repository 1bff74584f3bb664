"""Sweeping a slice: recording which items are deleted next, deleting them, and counting them. See `slices`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from copy import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from rolecall import clock, deadline
from rolecall.config import config
from rolecall.deletion import owned_keys, slice_ranges
from rolecall.deletion.executors import MANY_SLICES, RESERVE_SECONDS, SINGLE_SLICE, Executors, open_executors
from rolecall.deletion.slice_items import Chunk, read_chunks
from rolecall.deletion.slices import DONE, LEASE_SECONDS, OPEN, START, SWEPT, Position, Slice, StaleSlice
from rolecall.errors import RolecallError, ServiceUnavailable
from rolecall.pool import Pool
from rolecall.storage import keys, reads, retries, writes
from rolecall.webhooks import last_deliveries

#: The progress of a slice, in thousandths. It has the first value when all items but the users are deleted, and the
#: second value when the users are deleted too.
_SWEPT_PROGRESS, _DONE_PROGRESS = 900, 990

#: The progress within a slice is computed from this many hex digits of a user's id. The first digit is left out,
#: because it is the same for all users of a slice.
_ID_DIGITS = 4


def sweep_or_prove_slice_unless_leased(slice_: Slice, owner: str) -> Slice:
    """Sweep an open slice or prove a swept one, until done or the time is up; raise `ServiceUnavailable`.

    Returns the slice as saved last, and unchanged if another worker holds the lease or has taken the slice over. Raises
    `ServiceUnavailable` if the storage stays unavailable; the slice is then as after a crash.
    """
    with open_executors() as executors:
        return _sweep_or_prove_unless_leased(slice_, owner, executors)


def sweep_or_prove_slices(slices: Sequence[Slice], owner: str) -> list[Slice]:
    """Sweep or prove several slices at a time; return them in order, those not started for lack of time unchanged.

    Raises `ServiceUnavailable` if the storage stays unavailable. The slices share the executors.
    """

    def run_one(one: Slice) -> Slice:
        return _sweep_or_prove_unless_leased(one, owner, executors) if deadline.time_left() > RESERVE_SECONDS else one

    at_a_time = len(slices) if config().sweep_concurrency > 1 else 1
    with open_executors(MANY_SLICES) as executors, Pool(at_a_time) as pool:
        return list(pool.map_in_order(run_one, slices, at_a_time))


def _sweep_or_prove_unless_leased(slice_: Slice, owner: str, executors: Executors) -> Slice:
    """Sweep or prove the slice; return it unchanged if another worker has it; raise `ServiceUnavailable`."""
    lease_end = datetime.fromtimestamp(slice_.lease_until, UTC)
    if clock.is_waiting(lease_end, clock.now(), timedelta(seconds=LEASE_SECONDS)) and slice_.owner != owner:
        return slice_
    run = _SliceRun(slice_, owner, executors)
    try:
        return run.delete_chunks_while_time_lasts()
    except StaleSlice:
        return slice_
    except ServiceUnavailable:
        run.release_lease_if_possible()
        raise


def mark_empty_slices_of_small_tenant_done(slices: Sequence[Slice], owner: str) -> None:
    """Mark open slices without items as done, in one transaction; do nothing for a tenant with more than one page.

    Most slices of a small tenant are empty. A slice without users has no user's partition to prove, and the last proof
    reads the tenant's partition anyway. Does nothing either if another worker has begun.
    """
    page = reads.query_keys(keys.tenant_partition(slices[0].tenant_id), limit=SINGLE_SLICE.items)
    if page.more:
        return
    used = {slice_ranges.slice_of_sort_key(item.key.sk) for item in page.items if item.key.sk != keys.META}
    empty = [one for one in slices if one.name not in used and one.state == OPEN]
    if empty:
        with suppress(StaleSlice):
            writes.transact(
                *(
                    one.prepare_save_if_version_unchanged(owner, keep_lease=False, state=DONE, progress=_DONE_PROGRESS)[
                        1
                    ]
                    for one in empty
                )
            )


class _SliceRun:
    """The work of one owner on one slice, from the slice's position on."""

    def __init__(self, slice_: Slice, owner: str, executors: Executors) -> None:
        self._slice = slice_
        self._owner = owner
        self._executors = executors
        self._proving = slice_.state == SWEPT

    def delete_chunks_while_time_lasts(self) -> Slice:
        """Delete chunk after chunk until the slice is finished or the time is up; raise `StaleSlice`.

        Returns the slice as saved last. A slice whose proof has found an unexpected item is saved as open again. Raises
        `StaleSlice` if another worker has written the slice, and `ServiceUnavailable`.
        """
        chunks = read_chunks(self._slice, self._executors)
        ahead = 2 if self._executors.chunk_limits.chunk_ahead and config().sweep_concurrency > 1 else 1
        with Pool(ahead) as chunk_pool:
            for chunk in chunk_pool.prefetch_one(chunks):
                if chunk.has_unexpected:
                    return self._with_deleted_part_of_pending_counted(chunk).save_as_reopened(self._owner)
                self._save_slice_before_deleting(chunk)
                self._delete_owned_items_then_own_items(chunk)
                if deadline.time_left() < RESERVE_SECONDS:
                    return self._slice.save(
                        self._owner, keep_lease=False, **self._changes_that_count_pending_as_deleted()
                    )
        return self._save_slice_as_swept_or_done()

    def release_lease_if_possible(self) -> None:
        """Give the lease up, so that another worker can take the slice at once; ignore a failure."""
        with suppress(RolecallError):
            self._slice.save(self._owner, keep_lease=False)

    def _save_slice_before_deleting(self, chunk: Chunk) -> None:
        """Save that the chunk before is deleted and that this one is deleted next; raise `StaleSlice`."""
        kept = self._slice.kept
        if not chunk.resumed:
            kept = kept - chunk.counts if self._proving else kept + chunk.kept
        self._slice = self._with_deleted_part_of_pending_counted(chunk).save(
            self._owner,
            pending=chunk.counts,
            pending_to=chunk.end,
            kept=kept,
            progress=self._progress_thousandths_at(chunk.end),
        )

    def _with_deleted_part_of_pending_counted(self, chunk: Chunk) -> Slice:
        """Return the slice, not saved yet, with the deleted items of its recorded chunk added to `deleted`.

        A resumed chunk holds what remains of the recorded one, so only the difference has been deleted.
        """
        if not chunk.resumed:
            return replace(self._slice, **self._changes_that_count_pending_as_deleted())
        missing = (self._slice.pending or Counter()) - chunk.counts
        return replace(self._slice, deleted=self._slice.deleted + missing, pending=None)

    def _changes_that_count_pending_as_deleted(self) -> dict[str, Any]:
        """Return the changes of the slice that count its whole recorded chunk as deleted."""
        if self._slice.pending is None:
            return {}
        return {
            "deleted": self._slice.deleted + self._slice.pending,
            "pending": None,
            "position": self._slice.pending_to,
        }

    def _save_slice_as_swept_or_done(self) -> Slice:
        """Save the slice as swept, or as done after the proof, and return it; raise `StaleSlice`."""
        state, progress = (DONE, _DONE_PROGRESS) if self._proving else (SWEPT, _SWEPT_PROGRESS)
        changes = {**self._changes_that_count_pending_as_deleted(), "state": state, "position": START, "pending": None}
        return self._slice.save(self._owner, keep_lease=False, **changes, progress=max(self._slice.progress, progress))

    def _progress_thousandths_at(self, position: Position) -> int:
        """Return the progress at a position: user ids are random, so the next digits of the id tell the share."""
        digits = position.user.removeprefix("USER#")[1 : 1 + _ID_DIGITS]
        try:
            share = int(digits, 16) / 16**_ID_DIGITS
        except ValueError:
            share = 0.0
        low, high = (_SWEPT_PROGRESS, _DONE_PROGRESS) if self._proving else (0, _SWEPT_PROGRESS)
        return max(self._slice.progress, int(low + share * (high - low)))

    def _delete_owned_items_then_own_items(self, chunk: Chunk) -> None:
        """Delete the owned items first, then the items that list them: after a crash they can still be found.

        Webhooks are copied before, because the events of the deletion are delivered later.
        """
        last_deliveries.copy_webhooks_among(chunk.own, run_all=self._executors.calls.run_all)
        self._executors.calls.run_all(owned_keys.release_if_still_owned, chunk.conditional_releases)
        self._executors.batches.run_all(
            _delete_batch_retrying_throttling, _split_into_batches(chunk.unconditional_deletes)
        )
        self._executors.batches.run_all(_delete_batch_retrying_throttling, _split_into_batches(chunk.own))


def _split_into_batches(some: Iterable[keys.Key]) -> Iterable[tuple[keys.Key, ...]]:
    return batched(some, writes.BATCH_SIZE, strict=False)


def _delete_batch_retrying_throttling(batch: Iterable[keys.Key]) -> None:
    retries.retry_while_throttled(lambda: writes.delete_batch(batch))
