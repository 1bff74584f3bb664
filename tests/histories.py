"""Histories of requests that ran at once, and whether some order of them, one after the other, explains the answers.

An order may not put a request behind one that began only after it was answered (linearizability). What is right one
after the other says a model that each race brings along.
"""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier


@dataclass(frozen=True)
class Event[Operation, Answer]:
    """One operation with its answer, and when (on one clock) it began and was answered."""

    operation: Operation
    began: float
    answered: float
    answer: Answer


def explain[Operation, Answer, State](
    history: Sequence[Event[Operation, Answer]],
    state: State,
    step: Callable[[State, Operation, Answer], State | None],
    ends_well: Callable[[State], bool] = lambda _state: True,
) -> list[Operation] | None:
    """An order of the operations that gives their answers and ends in a state that is as it was found; None if none.

    `step` gives the state after an operation, or None if it is not to be answered like this in that state.
    """
    if not history:
        return [] if ends_well(state) else None
    first_answer = min(event.answered for event in history)
    for index, event in enumerate(history):
        if event.began > first_answer:
            continue  # another one was over by then
        after = step(state, event.operation, event.answer)
        if after is None:
            continue
        rest = explain([*history[:index], *history[index + 1 :]], after, step, ends_well)
        if rest is not None:
            return [event.operation, *rest]
    return None


@dataclass
class Race[Operation, Answer]:
    """Contenders in a thread each, which start together but for a random delay, and what they were answered."""

    dice: random.Random
    #: Seconds by which they start apart at most.
    spread: float = 0.03
    history: list[Event[Operation, Answer]] = field(default_factory=list)

    def record(self, operation: Operation, send: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        answer = send()
        self.history.append(Event(operation, began, time.monotonic(), answer))
        return answer

    def run(self, *contenders: Callable[[], object]) -> None:
        """Returns when all are done; raises what one of them raises."""
        barrier = Barrier(len(contenders))
        delays = [self.dice.uniform(0, self.spread) for _ in contenders]

        def start(contender: Callable[[], object], delay: float) -> None:
            barrier.wait()
            time.sleep(delay)
            contender()

        with ThreadPoolExecutor(len(contenders)) as pool:
            list(pool.map(start, contenders, delays))
