"""The floor plan of local/, and that no import runs in a circle in local/, openapi/, verify/ and the tests' helpers.

Imports under `TYPE_CHECKING` and inside functions count like any other.
"""

import ast
import shutil
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.gateway import ROOT

#: From the top down. A room imports from itself and from the rows below it.
FLOORS = [
    {"local.__main__"},
    {"local.commands"},
    {"local.demo"},
    {"local.deployment"},
    {"local.engine"},
    {
        "local.progress",
        "local.options",
        "local.http",
        "local.environment",
        "local.virtual_environment",
        "local.changes_file",
    },
    {"local"},
]
PACKAGES = ("local", "openapi", "tests", "verify")


def _modules(root: Path) -> dict[str, Path]:
    """Each module by its full name, and each package by the name of its folder."""
    found = {}
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _imports(root: Path) -> dict[str, set[str]]:
    """For each module the modules of the packages that it imports, anywhere in its file."""
    modules = _modules(root)
    return {
        module: {name for name in _imported_names(path) if name in modules and name != module}
        for module, path in modules.items()
    }


def _imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, "a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _floor(module: str) -> int:
    """The row of the longest name that the module lies in."""
    rows = {room: row for row, rooms in enumerate(FLOORS) for room in rooms}
    names = (module.rsplit(".", cut)[0] for cut in range(module.count(".") + 1))
    return next(rows[name] for name in names if name in rows)


def _upward(imports: Mapping[str, set[str]]) -> list[str]:
    """The imports of local/ that do not run downwards."""
    return [
        f"{module} imports {name}"
        for module, names in imports.items()
        if module.partition(".")[0] == "local"
        for name in sorted(names)
        if name.partition(".")[0] != "local" or _floor(name) < _floor(module)
    ]


def _circle(imports: Mapping[str, set[str]]) -> list[str]:
    """The modules of a circle, or nothing if there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def test_every_module_of_local_has_its_floor() -> None:
    rooms = {".".join(name.split(".")[:2]) for name in _modules(ROOT) if name.partition(".")[0] == "local"}

    assert rooms == set().union(*FLOORS)


def test_every_import_of_local_runs_downwards() -> None:
    assert _upward(_imports(ROOT)) == []


def test_no_import_runs_in_a_circle() -> None:
    assert _circle(_imports(ROOT)) == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _append(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text()}\n{line}\n")


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("local/engine/engine.py", "from local.deployment.stack import Stack"),
        ("local/deployment/stack.py", "if TYPE_CHECKING:\n    from local.demo import seed"),
        ("local/demo/seed.py", "def later() -> None:\n    import local.commands.run"),
        ("local/http.py", "from local.engine import engine"),
        ("local/deployment/build.py", "from openapi import document"),
    ],
)
def test_an_import_that_runs_upwards_would_be_found(copy: Path, file: str, line: str) -> None:
    _append(copy / file, line)

    assert len(_upward(_imports(copy))) >= 1


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("local/deployment/stack.py", "if TYPE_CHECKING:\n    from local.deployment import sync"),
        ("local/deployment/sources.py", "from local.deployment.build import build_lock"),
        ("openapi/template.py", "from openapi import document"),
        ("tests/load/soak.py", "from tests.load import __main__"),
    ],
)
def test_a_circle_would_be_found(copy: Path, file: str, line: str) -> None:
    _append(copy / file, line)

    assert Path(file).stem in {name.rpartition(".")[2] for name in _circle(_imports(copy))}
