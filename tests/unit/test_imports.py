"""The floor plan of the layer: imports run downwards, from room to room, and nowhere in a circle."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.gateway import ROOT

#: From the top floor down. A module imports from the floors below its own and from its own room. Rooms on one floor
#: may import one another in one direction only. "base" holds the modules that lie in the package's own folder.
FLOORS = [
    {"functions"},
    {"operations", "scim"},
    {"http", "tenants", "accounts", "deletion"},
    {"webhooks"},
    {"audit"},
    {"auth"},
    {"storage"},
    {"aws"},
    {"base"},
]
#: Imports between rooms of one floor: (importing room, imported room).
BETWEEN_NEIGHBOURS = {("tenants", "deletion")}
#: Who talks to which service of AWS.
CLIENTS = {
    "aws.queues": "sqs",
    "storage.dynamodb": "dynamodb",
    "audit.role_events": "events",
    "auth.token_use": "sqs",
    "aws.secrets_manager": "secretsmanager",
}
#: Who reads DynamoDB's own failures, besides those who have a client.
READ_FAILURES = {"storage.writes"}
_FAILURES = {"botocore.exceptions", "botocore.exceptions.BotoCoreError", "botocore.exceptions.ClientError"}
MAX_LINES_OF_A_FUNCTION = 60

PACKAGE = ROOT / "layers/rolecall/rolecall"
#: By dotted name within the package, as in `storage.keys`.
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in sorted(PACKAGE.rglob("[!_]*.py"))
}
FUNCTIONS = {path.parent.name: path for path in (ROOT / "functions").glob("*/app.py")}


def _imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports, anywhere in it: `rolecall.keys` for `from rolecall import keys`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, "relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules_imported(path: Path) -> set[str]:
    """The modules of the layer that a file imports, also for type checking only and within functions."""
    return {name.removeprefix("rolecall.") for name in _imports(path)} & MODULES.keys()


def _room(module: str) -> str:
    return module.partition(".")[0] if "." in module else "base"


def _floor(room: str) -> int:
    (floor,) = (number for number, rooms in enumerate(FLOORS) if room in rooms)
    return floor


def _may_import(room: str, imported: str) -> bool:
    below = _floor(imported) > _floor(room)
    return below or room == imported or (room, imported) in BETWEEN_NEIGHBOURS


def _attributes(path: Path) -> set[str]:
    """Dotted names such as `os.environ` in a file."""
    return {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}


def test_every_room_has_its_floor() -> None:
    assert set().union(*FLOORS) == {_room(module) for module in MODULES} | {"functions"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_from_its_own_room_and_the_floors_below(module: str) -> None:
    imported = {name for name in _modules_imported(MODULES[module]) if not _may_import(_room(module), _room(name))}

    assert imported == set()


def test_no_two_rooms_of_one_floor_import_each_other() -> None:
    assert not {(one, other) for one, other in BETWEEN_NEIGHBOURS if (other, one) in BETWEEN_NEIGHBOURS}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: _modules_imported(path) for module, path in MODULES.items()}

    # Raises CycleError, which names the circle.
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("room", sorted({_room(module) for module in MODULES} - {"base"}))
def test_a_room_says_what_happens_in_it(room: str) -> None:
    assert ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text()))


@pytest.mark.parametrize("module", MODULES)
def test_few_modules_talk_to_aws_and_only_config_reads_the_environment(module: str) -> None:
    names = set(_imports(MODULES[module]))
    of_aws = {name for name in names if name.startswith(("boto3", "botocore"))}
    made = re.findall(r"clients\.create_client\(\s*\"(\w+)\"", MODULES[module].read_text())
    assert made == ([CLIENTS[module]] if module in CLIENTS else [])
    if module != "aws.clients":
        # boto3 would slow every cold start; whoever has a client knows its failures, and no more.
        assert of_aws - (_FAILURES if module in CLIENTS.keys() | READ_FAILURES else set()) == set()
    if module != "config":
        assert "os" not in {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_a_screenful_without_aws_environment_or_error_handling(function: str) -> None:
    path = FUNCTIONS[function]
    tree = ast.parse(path.read_text())

    assert len(path.read_text().splitlines()) <= MAX_LINES_OF_A_FUNCTION
    assert {name.partition(".")[0] for name in _imports(path)} & {"boto3", "botocore", "os", "functions"} == set()
    assert "os.environ" not in _attributes(path)
    assert [node for node in ast.walk(tree) if isinstance(node, ast.Try)] == []
    assert ast.get_docstring(tree)


#: Modules of what the Lambda runtime brings, and of packages that are named differently.
IN_THE_RUNTIME = {"boto3", "botocore", "urllib3"}
#: What a function needs that the layer does not bring.
_OWN_REQUIREMENTS = list((ROOT / "functions").glob("*/requirements.in"))
PACKAGE_OF = {"argon2": "argon2-cffi", "jwt": "pyjwt"}


_LIKE_LAMBDA = {
    **os.environ,
    "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers/rolecall'}",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "TABLE_NAME": "none",
}


def test_the_layer_brings_all_that_is_imported() -> None:
    """On the local engine the developers' environment would fill a gap that Lambda would not."""
    layer = ROOT / "layers/rolecall"
    listed = (layer / "requirements.in").read_text().lower().splitlines()
    ones_own = {path.parent.name: path.read_text().lower().splitlines() for path in _OWN_REQUIREMENTS}
    imported = {name.split(".")[0] for path in MODULES.values() for name in _imports(path)}
    for function, path in FUNCTIONS.items():
        imported |= {name.split(".")[0] for name in _imports(path)} - set(ones_own.get(function, ()))
    foreign = imported - sys.stdlib_module_names - IN_THE_RUNTIME - {"rolecall"}

    missing = {PACKAGE_OF.get(name, name.replace("_", "-")) for name in foreign} - set(listed)

    assert not missing


def test_only_functions_with_a_body_import_pydantic() -> None:
    """Importing pydantic takes a third of a cold start."""
    # A function with a body names its model: `@route(…, body=Promotion)`. The operator's requests are bodies too.
    with_body = {name for name, path in FUNCTIONS.items() if re.search(r"\bbody=", path.read_text())} | {
        "run_operation"
    }
    seen = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(f"functions.{name}.app")
    assert not {"pydantic", "pydantic_core"} & sys.modules.keys(), f"{name} imports pydantic"
"""

    assert len(with_body) > 10
    subprocess.run([sys.executable, "-c", seen, *sorted(FUNCTIONS.keys() - with_body)], env=_LIKE_LAMBDA, check=True)
    for name in with_body:
        assert {"operations.operator", "http.models"} & _modules_imported(FUNCTIONS[name])


def test_no_garbage_is_looked_for_until_there_is_a_client_and_then_as_usual() -> None:
    seen = """
import gc
collections = []
gc.callbacks.append(lambda phase, info: collections.append(info))
import rolecall
del collections[:]
from functions.promote_user import app
print(len(collections), gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count() > 10_000)
"""

    told = subprocess.run([sys.executable, "-c", seen], env=_LIKE_LAMBDA, capture_output=True, text=True, check=True)

    assert told.stdout == "0 True 50000 True\n"
