"""What a check is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

from verify.walk import Walk


@dataclass(frozen=True)
class Check:
    """One thing that must be true of a deployed stack.

    `run` returns when it is true, with a note or with an empty string. It raises `Wrong` or `Unknown` otherwise.
    `uses` names the functions of the template that the check calls, directly or through a queue or a stream.
    """

    title: str
    run: Callable[[Walk], str]
    uses: frozenset[str]


def check(title: str, *, uses: Sequence[str] = ()) -> Callable[[Callable[[Walk], str | None]], Check]:
    """Make a check of a function. The title is a sentence that is true when the check passes."""

    def decorate(function: Callable[[Walk], str | None]) -> Check:
        return Check(title, lambda walk: function(walk) or "", frozenset(uses))

    return decorate


def checks_of(module: ModuleType) -> list[Check]:
    """A module's checks, in the order in which it defines them."""
    return [found for found in vars(module).values() if isinstance(found, Check)]
