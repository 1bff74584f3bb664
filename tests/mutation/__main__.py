"""`python -m tests.mutation [--sample N] [module …]`: does a test fail for each small change of the code? (mutmut)

mutmut changes a module function by function. It runs each mutant against those of the tests in
`tests/mutation/modules.py` that call the function, fastest first, until one fails. `--sample 60`, the default, tries
sixty mutants of a module, the same ones each time; `--sample 0` tries all. Results are kept in `.mutants`. The next
run tries only the mutants that survived, with the tests as they are then. It tries all of a module's sample again if
the module has changed, or if `.mutants` was deleted.

mutmut takes a module's name from its path, and the tests import the mutated code. So each group of modules has a tree
of its own, with the layer's package at the top and the tests beside it.
"""

import argparse
import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mutmut.configuration import Config
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

from local import ROOT
from tests.mutation.modules import GROUPS, LEFT_OUT, Group

#: The mutants of a module that are tried by default, and the share of them that the tests must kill.
SAMPLE_SIZE = 60
LEAST_KILLED = 0.9

#: The folders and files that the tests read, besides the layer.
_COPIED = ("clients", "docs", "events", "functions", "local", "openapi", "tests", "template.yaml", "samconfig.toml")
#: The exit codes of pytest, and of a process that took too long, that mean a failed test.
_KILLED = frozenset({1, 3, 36, 24, 152, 255, -24, -9, -11})
_MUTMUT = ROOT / ".venv/bin/mutmut"
_PACKAGE = ROOT / "layers/rolecall/rolecall"
_NOT_BYTECODE = shutil.ignore_patterns("__pycache__")

_SETTINGS = """
[tool.mutmut]
source_paths = ["rolecall"]
only_mutate = {modules}
# The words of a log entry are for people.
do_not_mutate_patterns = ['^\\s*logger\\.']
pytest_add_cli_args = {arguments}
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 5.0
timeout_constant = 10.0
use_git_change_detection = false
track_dependencies = false
"""


class Result(NamedTuple):
    """What became of the sample of one module."""

    module: str
    mutants: int
    tried: int
    survivors: list[str]

    @property
    def killed(self) -> int:
        return self.tried - len(self.survivors)

    @property
    def enough(self) -> bool:
        return self.killed >= LEAST_KILLED * self.tried


def sample(names: Iterable[str], size: int) -> list[str]:
    """Return `size` of the names, or all if `size` is 0 or there are fewer.

    The choice looks random but is always the same. It changes little when a few names are added or removed.
    """
    ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    return ordered[:size] if size else ordered


def run(group: Group, modules: Iterable[str], size: int) -> list[Result]:
    """Try a sample of the mutants of each of the group's `modules`, except those that were killed before."""
    tree = _prepare(group)
    names = {module: mutant_names(tree, module) for module in modules}
    chosen = {module: sample(names[module], size) for module in names}
    left = [name for module in names for name in chosen[module] if _exit_codes(tree, module).get(name) not in _KILLED]
    if left:
        subprocess.run([_MUTMUT, "run", "--max-children", "1", *left], cwd=tree, check=True)
    results = []
    for module, tried in chosen.items():
        codes = _exit_codes(tree, module)
        survivors = [name for name in tried if codes[name] not in _KILLED]
        results.append(Result(module, len(names[module]), len(tried), survivors))
    return results


def _tree(group: Group) -> Path:
    return ROOT / ".mutants" / group.modules[0].replace("/", ".")


def _prepare(group: Group) -> Path:
    """Make the group's tree, with the code and the tests as they are now, and return its folder."""
    tree = _tree(group)
    beside = tree / "mutants"
    for module in group.modules:
        copied = tree / f"rolecall/{module}.py"
        if not copied.exists() or copied.read_bytes() != (_PACKAGE / f"{module}.py").read_bytes():
            (beside / f"rolecall/{module}.py.meta").unlink(missing_ok=True)
        # mutmut can't tell whether this file has mutants or was copied when the group had other modules.
        (beside / f"rolecall/{module}.py").unlink(missing_ok=True)
    # mutmut then looks again which tests call which function, and keeps the results although the tests have changed.
    (beside / "mutmut-stats.json").unlink(missing_ok=True)
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, beside / name, ignore=_NOT_BYTECODE, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / name, beside / name)
    shutil.copytree(_PACKAGE, tree / "rolecall", ignore=_NOT_BYTECODE, dirs_exist_ok=True)
    (tree / "pyproject.toml").write_text(_settings(group))
    return tree


def _settings(group: Group) -> str:
    """Return the settings of pytest and mutmut for a group's tree: those of pytest but for the layer's place."""
    settings = (ROOT / "pyproject.toml").read_text().replace(', "layers/rolecall"]\nstrict', "]\nstrict")
    assert tomllib.loads(settings)["tool"]["pytest"]["pythonpath"] == ["."], "pyproject.toml has changed"
    # `unraisableexception` would collect garbage ten times a mutant, which takes as long as its tests.
    arguments = ["-p", "no:cacheprovider", "-p", "no:unraisableexception"]
    arguments += ["-p", "tests.mutation.node_ids", "--timeout", "20"]
    arguments += [f"--deselect=tests/{name}" for name in LEFT_OUT]
    settings += _SETTINGS.format(
        modules=json.dumps([f"rolecall/{module}.py" for module in group.modules]),
        arguments=json.dumps(arguments),
        tests=json.dumps([f"tests/{name}" for name in group.tests]),
    )
    return settings


def count_mutants_by_module() -> dict[str, int]:
    """Return how many mutants mutmut makes of each module of the current code. Runs no tests. Takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="rolecall-mutants-") as folder:
        tree = Path(folder)
        (tree / "pyproject.toml").write_text(_settings(GROUPS[0]))
        shutil.copytree(_PACKAGE, tree / "rolecall", ignore=_NOT_BYTECODE)
        return {module: len(mutant_names(tree, module)) for group in GROUPS for module in group.modules}


def mutant_names(tree: Path, module: str) -> list[str]:
    """Return the names of all mutants that mutmut makes of the module."""
    path = Path(f"rolecall/{module}.py")
    with contextlib.chdir(tree):
        Config.reset()  # mutmut reads its settings from the current folder
        mutated = mutate_file_contents(str(path), path.read_text())
    return [get_mutant_name(path, name) for name in mutated.mutant_names]


def _exit_codes(tree: Path, module: str) -> dict[str, int | None]:
    """Return mutmut's exit code for each mutant: 0 if it survived, 33 if no test calls it, None if it was not tried."""
    path = tree / f"mutants/rolecall/{module}.py.meta"
    if not path.exists():
        return {}
    codes: dict[str, int | None] = json.loads(path.read_text())["exit_code_by_key"]
    return codes


def _diff(tree: Path, name: str) -> str:
    """Return the name of a mutant, and its change of the code."""
    with contextlib.chdir(tree):
        Config.reset()
        # mutmut reads its settings when this module is imported.
        from mutmut.__main__ import get_diff_for_mutant  # noqa: PLC0415

        return f"# {name}\n{get_diff_for_mutant(name)}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.mutation")
    parser.add_argument("modules", nargs="*", metavar="module", help="as in auth/roles; all if none is named")
    parser.add_argument("--sample", type=int, default=SAMPLE_SIZE, help="mutants of each module; 0 for all")
    options = parser.parse_args(arguments)
    unknown = set(options.modules) - {module for group in GROUPS for module in group.modules}
    if unknown:
        parser.error(f"tests/mutation/modules.py does not list {', '.join(sorted(unknown))}")
    results = []
    for group in GROUPS:
        modules = [module for module in group.modules if not options.modules or module in options.modules]
        for result in run(group, modules, options.sample) if modules else []:
            results.append(result)
            for name in result.survivors:
                print(_diff(_tree(group), name))
            print(
                f"{result.module}: {result.mutants} mutants, {result.tried} tried, {result.killed} killed, "
                f"{len(result.survivors)} survived",
                flush=True,
            )
    for result in results:
        if not result.enough:
            print(f"Too few mutants of {result.module} were killed: {result.killed} of {result.tried}.")
    return 0 if all(result.enough for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
