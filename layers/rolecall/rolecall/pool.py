"""Several calls at the same time, with a limit on how many. Each call sees the deadline of the current invocation."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Self


class Pool:
    """Runs up to `width` calls in parallel threads. With a width of 1, each call runs in the caller's thread."""

    def __init__(self, width: int) -> None:
        self._threads = ThreadPoolExecutor(width) if width > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads:
            self._threads.shutdown(cancel_futures=True)

    def run_all[T](self, work: Callable[[T], None], parts: Iterable[T]) -> None:
        """Call `work` with each of the `parts` and wait for all calls.

        If a call raises, the calls that have not started are cancelled, and the first error in order is raised.
        """
        running = [self._submit(work, part) for part in parts]
        try:
            for one in running:
                one.result()
        finally:
            for one in running:
                one.cancel()
            wait(running)

    def map_in_order[T, R](self, work: Callable[[T], R], parts: Iterable[T], max_ahead: int) -> Iterator[R]:
        """Yield the result of `work` for each of the `parts`, in their order, running up to `max_ahead` calls ahead.

        The error of a call is raised in place of its result.
        """
        running: deque[Future[R]] = deque()
        for part in parts:
            running.append(self._submit(work, part))
            if len(running) == max_ahead or not self._threads:
                yield running.popleft().result()
        yield from (one.result() for one in running)

    def prefetch_one[T](self, elements: Iterator[T]) -> Iterator[T]:
        """Yield elements, computing the next one while the caller uses the current one. No element may be None."""
        if not self._threads:
            yield from elements
            return
        coming = self._submit(_next_or_none, elements)
        while (thing := coming.result()) is not None:
            coming = self._submit(_next_or_none, elements)
            yield thing

    def _submit[T, R](self, work: Callable[[T], R], part: T) -> "Future[R]":
        """Start `work(part)` in a thread; with a width of 1, run it here and raise its error here."""
        if self._threads:
            # The deadline of the invocation is stored in the context of the caller's thread. A new thread has an empty
            # context, so it gets a copy of the caller's.
            return self._threads.submit(copy_context().run, work, part)
        done: Future[R] = Future()
        done.set_result(work(part))
        return done


def _next_or_none[T](elements: Iterator[T]) -> T | None:
    """The next element, or None after the last one."""
    return next(elements, None)
