"""The progress of a slice that is being swept: the user's id tells how far the sweep is."""

from typing import Any

import pytest

from rolecall.deletion.slices import OPEN, START, SWEPT, Position, Slice
from rolecall.deletion.sweep import _SliceRun


@pytest.mark.parametrize(
    ("state", "position", "reached", "expected"),
    [
        (OPEN, Position("USER#38000000-0000-4000-8000-000000000000", ""), 0, 450),
        (OPEN, Position("USER#30800000-0000-4000-8000-000000000000", ""), 0, 28),
        (SWEPT, Position("USER#38000000-0000-4000-8000-000000000000", ""), 0, 945),
        (OPEN, Position("USER#38000000-0000-4000-8000-000000000000", ""), 700, 700),
        (OPEN, START, 0, 0),
        (OPEN, Position("DEVICE#7", ""), 0, 0),
        (SWEPT, Position("no id", ""), 0, 900),
    ],
)
def test_progress_follows_the_ids_and_never_falls(state: str, position: Position, reached: int, expected: int) -> None:
    executors: Any = None  # the progress needs none
    run = _SliceRun(Slice("tenant", "3", state=state, progress=reached), "worker", executors)
    assert run._progress_thousandths_at(position) == expected
