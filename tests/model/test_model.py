"""The model test: the real handlers and the model of the contract, side by side, step by step."""

import ast
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.conftest import aws as aws
from tests.model import contract, world
from tests.model.machine import Platform

#: The numbers of parts, of examples in each part, and of steps in each example. Each part has its own seed, so that the
#: parts can run in parallel.
PARTS, EXAMPLES, STEPS = (20, 30, 60) if os.environ.get("ROLECALL_PROVE") else (4, 6, 60)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_system_does_what_the_model_says(aws: None, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    run(monkeypatch, part, EXAMPLES)

    assert Platform.steps >= 300


def run(monkeypatch: pytest.MonkeyPatch, seed_: int, examples: int, steps: int = STEPS) -> None:
    """Run the state machine. Raises `AssertionError` at the first step at which the system and the model differ."""
    Platform.clock, Platform.steps = world.prepare(monkeypatch), 0
    found = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        report_multiple_bugs=False,
        # Shrinking a failed example would take too long for a test.
        phases=[Phase.generate, Phase.shrink] if os.environ.get("SHRINK") else [Phase.generate],
    )
    run_state_machine_as_test(seed(seed_)(type("Seeded", (Platform,), {})), settings=found)


def test_the_model_knows_nothing_of_what_it_judges() -> None:
    tree = ast.parse(Path(contract.__file__).read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
