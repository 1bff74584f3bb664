"""Histories of concurrent requests, and a check whether they are linearizable.

A history is linearizable if the same answers are possible when the requests run one after the other, in an order in
which a request that was answered before another one began also comes first. Each race has its own model of sequential
requests.
"""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier


@dataclass(frozen=True)
class Event[Operation, Answer]:
    """One operation with its answer, and the times at which it began and was answered, both by one clock."""

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
    """Return an order of the operations that explains all answers and the final state; None if there is none.

    `step` returns the state after an operation, or None if this answer is impossible in the state before. `ends_well`
    returns whether a state agrees with what was found at the end.
    """
    if not history:
        return [] if ends_well(state) else None
    first_answer = min(event.answered for event in history)
    for index, event in enumerate(history):
        if event.began > first_answer:
            continue  # another operation was answered before this one began
        after = step(state, event.operation, event.answer)
        if after is None:
            continue
        rest = explain([*history[:index], *history[index + 1 :]], after, step, ends_well)
        if rest is not None:
            return [event.operation, *rest]
    return None


@dataclass
class Race[Operation, Answer]:
    """Contenders that run in one thread each and start after random short delays, and the answers that they got."""

    dice: random.Random
    #: The longest delay before a contender starts, in seconds.
    spread: float = 0.03
    history: list[Event[Operation, Answer]] = field(default_factory=list)

    def record(self, operation: Operation, send: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        answer = send()
        self.history.append(Event(operation, began, time.monotonic(), answer))
        return answer

    def run(self, *contenders: Callable[[], object]) -> None:
        """Run all contenders and wait for them; raise the error of one of them if there is one."""
        barrier = Barrier(len(contenders))
        delays = [self.dice.uniform(0, self.spread) for _ in contenders]

        def start(contender: Callable[[], object], delay: float) -> None:
            barrier.wait()
            time.sleep(delay)
            contender()

        with ThreadPoolExecutor(len(contenders)) as pool:
            list(pool.map(start, contenders, delays))
