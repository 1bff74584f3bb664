"""The model test finds bugs: it is run with each of `planted.BUGS`, and must fail. Part of `make prove`."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis.errors import Flaky

from tests.integration.conftest import aws as aws
from tests.model import world
from tests.model.machine import Platform
from tests.model.planted import BUGS
from tests.model.test_model import run
from tests.model.world import World

#: The numbers of examples of 60 steps, and of parts, within which a bug must be found. They are the same examples as in
#: the long model test, which finds no difference in them.
EXAMPLES, MOST_PARTS = 30, 8


@pytest.mark.skipif(not os.environ.get("ROLECALL_PROVE"), reason="a part of make prove")
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(
    aws: None, monkeypatch: pytest.MonkeyPatch, bug: str, record_property: Callable[[str, object], None]
) -> None:
    BUGS[bug].plant(monkeypatch)
    found: list[tuple[int, str]] = []
    before = 0

    def noting(check: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            try:
                return check(*arguments, **named)
            except AssertionError as failure:
                found.append((before + Platform.steps, str(failure).partition("\n")[0]))
                raise

        return noted

    monkeypatch.setattr(world, "compare", noting(world.compare))
    for holder, name in ((World, "check"), (Platform, "remember"), (Platform, "check_credentials")):
        monkeypatch.setattr(holder, name, noting(getattr(holder, name)))

    def search() -> None:
        nonlocal before
        for part in range(MOST_PARTS):
            run(monkeypatch, part, EXAMPLES, 60)
            before += Platform.steps

    # A second run may fail in another way, because ids are random.
    with pytest.raises((AssertionError, Flaky)) as failure:
        search()

    # A failure that no check of the model has noted is one of another check, such as that an answer is in the document.
    steps, how = found[0] if found else (before + Platform.steps, str(failure.value).partition("\n")[0])
    record_property("steps", steps)
    print(f"{bug} ({BUGS[bug].kind}): after {steps} steps: {how}")  # noqa: T201 (what make prove shows)


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_can_still_be_planted(monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    BUGS[bug].plant(monkeypatch)
