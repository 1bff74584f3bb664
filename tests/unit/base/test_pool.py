"""Calls side by side."""

import threading
import time
from collections.abc import Iterator

import pytest

from rolecall import deadline
from rolecall.pool import Pool

WIDTHS = pytest.mark.parametrize("width", [1, 3])


@WIDTHS
def test_results_come_in_order_and_no_more_are_under_way_than_there_is_room_for(width: int) -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.01 * (number % 3))
        with lock:
            under_way -= 1
        return number

    with Pool(width) as pool:
        assert list(pool.map_in_order(work, range(12), 5)) == list(range(12))
    assert most == width


@WIDTHS
def test_when_one_fails_the_rest_is_over_or_never_begins(width: int) -> None:
    begun: list[int] = []
    ended: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise LookupError
        time.sleep(0.02)
        ended.append(number)

    with Pool(width) as pool:
        with pytest.raises(LookupError):
            pool.run_all(work, range(100))
        assert sorted(begun) == [0, *sorted(ended)]
        assert len(begun) < 100


def test_the_next_thing_is_made_while_one_is_made_use_of() -> None:
    made: list[int] = []

    def things() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number

    with Pool(2) as pool:
        for thing in pool.prefetch_one(things()):
            deadline = time.monotonic() + 5
            while len(made) < min(thing + 2, 3):
                assert time.monotonic() < deadline
                time.sleep(0.001)
    assert made == [0, 1, 2]


def test_every_call_knows_the_deadline() -> None:
    deadline.set_time_left(500)
    with Pool(2) as pool:
        assert min(pool.map_in_order(lambda _: deadline.time_left(), range(4), 2)) > 400


def test_a_pool_of_width_one_runs_its_calls_in_the_callers_thread() -> None:
    with Pool(1) as pool:
        assert list(pool.map_in_order(lambda _: threading.get_ident(), range(3), 3)) == [threading.get_ident()] * 3


@pytest.mark.parametrize(("width", "taken"), [(1, 1), (2, 5)])
def test_no_more_parts_are_taken_than_run_ahead_of_the_first_result(width: int, taken: int) -> None:
    parts = iter(range(20))
    with Pool(width) as pool:
        assert next(pool.map_in_order(lambda part: part, parts, 5)) == 0
    assert next(parts) == taken


def test_calls_that_wait_when_the_pool_is_left_are_not_begun() -> None:
    begun: list[int] = []
    first = threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        assert number == 0 or first.wait(5)
        return number

    with Pool(2) as pool:
        assert next(pool.map_in_order(work, range(50), 50)) == 0
        threading.Timer(0.1, first.set).start()
    assert len(begun) < 50
