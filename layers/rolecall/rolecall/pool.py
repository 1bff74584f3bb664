"""Calls side by side: so many at a time, each with the invocation's deadline."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Self


class Pool:
    """So many calls in flight at a time; with room for one, each in the thread that starts it."""

    def __init__(self, width: int) -> None:
        self._threads = ThreadPoolExecutor(width) if width > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads:
            self._threads.shutdown(cancel_futures=True)

    def run_all[T](self, work: Callable[[T], None], parts: Iterable[T]) -> None:
        """Returns when all of it is over; raises what went wrong first, with the rest left undone."""
        running = [self._submit(work, part) for part in parts]
        try:
            for one in running:
                one.result()
        finally:
            for one in running:
                one.cancel()
            wait(running)

    def map_in_order[T, R](self, work: Callable[[T], R], parts: Iterable[T], number: int) -> Iterator[R]:
        """The results in order; up to `number` of them are worked out, or wait, at a time."""
        running: deque[Future[R]] = deque()
        for part in parts:
            running.append(self._submit(work, part))
            if len(running) == number or not self._threads:
                yield running.popleft().result()
        yield from (one.result() for one in running)

    def prefetch_one[T](self, things: Iterator[T]) -> Iterator[T]:
        """The same things, each made while the one before it is made use of."""
        if not self._threads:
            yield from things
            return
        coming = self._submit(_next_or_none, things)
        while (thing := coming.result()) is not None:
            coming = self._submit(_next_or_none, things)
            yield thing

    def _submit[T, R](self, work: Callable[[T], R], part: T) -> "Future[R]":
        if self._threads:
            # With a context of its own: the invocation's deadline is in it.
            return self._threads.submit(copy_context().run, work, part)
        done: Future[R] = Future()
        done.set_result(work(part))
        return done


def _next_or_none[T](things: Iterator[T]) -> T | None:
    return next(things, None)
