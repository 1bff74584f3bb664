"""The checker of races accepts what some order explains, and nothing else."""

import random

import pytest

from tests.histories import Event, Race, explain

type Register = Event[tuple[str, int], int]


def _step(state: int, operation: tuple[str, int], answer: int) -> int | None:
    """A register: `add` answers the sum, `read` what is there."""
    name, number = operation
    after = state + number if name == "add" else state
    return after if answer == after else None


def _add(number: int, began: float, answered: float, answer: int) -> Register:
    return Event(("add", number), began, answered, answer)


def _read(began: float, answered: float, answer: int) -> Register:
    return Event(("read", 0), began, answered, answer)


@pytest.mark.parametrize(
    ("history", "final"),
    [
        ([], 0),
        ([_add(1, 0, 9, 3), _add(2, 0, 9, 2)], 3),
        # It began first and was answered last, but took effect in the middle.
        ([_add(4, 0, 9, 5), _add(1, 1, 2, 1), _add(2, 7, 8, 7), _read(3, 9, 5)], 7),
        # Two that only touch may come in either order.
        ([_add(1, 0, 1, 3), _add(2, 1, 2, 2)], 3),
    ],
)
def test_what_some_order_explains_is_accepted(history: list[Register], final: int) -> None:
    order = explain(history, 0, _step, lambda state: state == final)

    assert order is not None
    assert sorted(order) == sorted(event.operation for event in history)


@pytest.mark.parametrize(
    ("history", "final"),
    [
        ([_add(1, 0, 9, 1), _add(2, 0, 9, 2)], 3),  # neither saw the other
        ([_add(1, 0, 9, 3), _add(2, 0, 9, 3)], 3),  # each saw the other
        ([_add(1, 0, 1, 3), _add(2, 2, 3, 2)], 3),  # the first was over before the second began
        ([_add(1, 0, 1, 1), _read(2, 3, 0)], 1),  # a read of what is past
        ([_read(0, 1, 1), _add(1, 2, 3, 1)], 1),  # a read of what is to come
        ([_add(1, 0, 9, 1), _add(2, 0, 9, 3)], 1),  # right answers, and an update was lost
        ([], 1),  # something nobody did
    ],
)
def test_what_no_order_explains_is_refused(history: list[Register], final: int) -> None:
    assert explain(history, 0, _step, lambda state: state == final) is None


def test_a_race_records_every_answer_and_raises_what_a_contender_raises() -> None:
    race = Race[str, int](random.Random(0), spread=0.001)

    race.run(lambda: race.record("one", lambda: 1), lambda: race.record("two", lambda: 2))

    assert {(event.operation, event.answer) for event in race.history} == {("one", 1), ("two", 2)}
    assert all(event.began <= event.answered for event in race.history)
    with pytest.raises(ZeroDivisionError):
        race.run(lambda: 1 // 0)
