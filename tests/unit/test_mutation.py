"""Mutation testing reaches every module of the layer that decides something."""

import ast
import os
import re
from collections.abc import Iterator

import pytest

from tests.gateway import ROOT
from tests.mutation.__main__ import count_mutants_by_module, sample
from tests.mutation.modules import DECIDE_NOTHING, GROUPS, LEFT_OUT

_PACKAGE = ROOT / "layers/rolecall/rolecall"
_LISTED = [module for group in GROUPS for module in group.modules]
_NAMES = [f"rolecall.auth.roles.x_check__mutmut_{number}" for number in range(200)]


def _modules_with_code() -> Iterator[str]:
    """The layer's modules, as in `auth/roles`, but for those that have nothing but a docstring and imports."""
    for path in _PACKAGE.rglob("*.py"):
        body = ast.parse(path.read_text()).body
        if not all(isinstance(one, (ast.Expr, ast.Import, ast.ImportFrom)) for one in body):
            yield str(path.relative_to(_PACKAGE).with_suffix(""))


def test_every_module_is_listed_once_or_has_a_reason_why_it_is_not() -> None:
    assert len(set(_LISTED)) == len(_LISTED)
    differing = {*_LISTED, *DECIDE_NOTHING} ^ {*_modules_with_code()}
    assert not differing, "tests/mutation/modules.py must name each module of the layer, and no other"
    assert all(DECIDE_NOTHING.values())


@pytest.mark.parametrize("name", sorted({name for group in GROUPS for name in group.tests} | {*LEFT_OUT}))
def test_the_tests_that_are_named_exist(name: str) -> None:
    path, _, test = name.partition("::")
    assert (ROOT / "tests" / path).exists()
    if test:
        assert f"\ndef {test}(" in (ROOT / "tests" / path).read_text()


def test_a_sample_is_the_same_each_time_whatever_the_order_of_the_names() -> None:
    assert len(set(sample(_NAMES, 60))) == 60
    assert sample(_NAMES, 60) == sample(reversed(_NAMES), 60)
    assert sample(_NAMES, 60) != sorted(_NAMES)[:60]


def test_a_sample_keeps_most_of_its_names_when_some_come_and_go() -> None:
    other_names = [*_NAMES[10:], *(f"rolecall.auth.roles.x_new__mutmut_{number}" for number in range(10))]
    assert len({*sample(_NAMES, 60)} & {*sample(other_names, 60)}) >= 45


@pytest.mark.parametrize("size", [0, 200, 1000])
def test_a_sample_may_be_all(size: int) -> None:
    assert sorted(sample(_NAMES, size)) == sorted(_NAMES)


@pytest.mark.skipif("ROLECALL_PROVE" not in os.environ, reason="long: make prove runs it")
def test_each_row_of_the_samples_has_the_current_number_of_mutants_or_is_marked() -> None:
    samples, _, _ = (ROOT / "docs/mutation.md").read_text().partition("## All mutants of")
    rows = re.findall(r"^\| `([\w/]+)`(.*?) \| (\d+) \|", samples, re.MULTILINE)
    assert {module for module, _, _ in rows} == {*_LISTED}
    today = count_mutants_by_module()
    stale = [module for module, marks, mutants in rows if int(mutants) != today[module] and "\\*" not in marks]
    assert not stale, "run `make mutate MODULE=…` and enter the figures in docs/mutation.md, or mark the rows with \\*"
