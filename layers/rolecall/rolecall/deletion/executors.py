"""How much a sweep does at a time: threads that all slices of a process share, and limits for one slice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from rolecall.config import config
from rolecall.pool import Pool

#: A sweep starts no new work later than this many seconds before the deadline.
RESERVE_SECONDS = 6.0


class ChunkLimits(NamedTuple):
    """What one slice may hold in memory at a time, whatever the size of the tenant.

    Between two writes of the slice, at most `items` items or `users` kept users are handled. Larger chunks need fewer
    of these writes. `users_ahead` users' partitions are read at a time. With `chunk_ahead`, the next chunk is listed
    while one is deleted. A process with many slices does not need that, because other slices use the waiting time.
    """

    items: int
    users: int
    users_ahead: int
    chunk_ahead: bool


#: The limits for a process that works on one slice of a deletion.
SINGLE_SLICE = ChunkLimits(1000, 250, 16, chunk_ahead=True)

#: The limits for each slice in a process that works on all slices of a deletion at the same time.
MANY_SLICES = ChunkLimits(150, 15, 1, chunk_ahead=False)


class Executors(NamedTuple):
    """Thread pools that the slices of one process share. Batches have their own, so that they delay no short call."""

    batches: Pool
    calls: Pool
    chunk_limits: ChunkLimits


@contextmanager
def open_executors(chunk_limits: ChunkLimits = SINGLE_SLICE) -> Iterator[Executors]:
    """Yield executors and shut them down afterwards; the setting `sweep_concurrency` is the number of their threads.

    The pool for short calls has twice as many threads, unless the setting is 1.
    """
    width = config().sweep_concurrency
    with Pool(width) as batches, Pool(2 * width if width > 1 else 1) as calls:
        yield Executors(batches, calls, chunk_limits)
