"""Imports run one way: functions -> api, domain -> audit, tokens, roles -> store -> keys, config, errors."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway import ROOT

#: From the top down; a module imports from the rows below its own, and from no other.
LAYERS = [
    {"functions"},
    {"operations"},
    {"api", "authorization", "bodies", "maintenance"},
    {"account_history", "account_sessions", "deletion", "devices", "tenants", "user_deletion"},
    {"accounts", "invariants", "sweep", "users"},
    {"audit", "audit_retention", "idempotency", "login_attempts", "role_events", "token_use"},
    {"cursors", "jwts", "standing"},
    {"messages", "store", "tokens", "passwords", "vault"},
    {"attributes", "calls", "clients", "keys", "telemetry", "ids"},
    {"clock", "config", "roles"},
    {"errors", "pool"},
]
#: What every function shares knows nothing of any one operation.
DOMAIN = {
    "account_history",
    "account_sessions",
    "accounts",
    "deletion",
    "devices",
    "invariants",
    "login_attempts",
    "maintenance",
    "operations",
    "sweep",
    "tenants",
    "user_deletion",
    "users",
}
#: Who talks to which service of AWS.
CLIENTS = {
    "messages": "sqs",
    "store": "dynamodb",
    "role_events": "events",
    "token_use": "sqs",
    "vault": "secretsmanager",
}
_FAILURES = {"botocore.exceptions", "botocore.exceptions.BotoCoreError", "botocore.exceptions.ClientError"}
SHARED = {"api", "bodies"}
MAX_LINES_OF_A_FUNCTION = 60

MODULES = {path.stem: path for path in (ROOT / "layers/rolecall/rolecall").glob("[!_]*.py")}
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


def _siblings(path: Path) -> set[str]:
    """The modules of the layer that a file imports."""
    return {name.split(".")[1] for name in _imports(path) if name.startswith("rolecall.")} & MODULES.keys()


def _attributes(path: Path) -> set[str]:
    """Dotted names such as `os.environ` in a file."""
    return {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}


def _row(module: str) -> int:
    (row,) = (number for number, names in enumerate(LAYERS) if module in names)
    return row


def test_every_module_has_its_row() -> None:
    assert set().union(*LAYERS) == MODULES.keys() | {"functions"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_downwards_only(module: str) -> None:
    assert {name for name in _siblings(MODULES[module]) if _row(name) <= _row(module)} == set()


@pytest.mark.parametrize("module", sorted(SHARED))
def test_what_every_function_shares_knows_no_operation(module: str) -> None:
    assert _siblings(MODULES[module]) & DOMAIN == set()


@pytest.mark.parametrize("module", MODULES)
def test_only_the_store_talks_to_dynamodb_and_only_config_reads_the_environment(module: str) -> None:
    names = set(_imports(MODULES[module]))
    of_aws = {name for name in names if name.startswith(("boto3", "botocore"))}
    made = re.findall(r"clients\.make\(\s*\"(\w+)\"", MODULES[module].read_text())
    assert made == ([CLIENTS[module]] if module in CLIENTS else [])
    if module != "clients":
        # boto3 would slow every cold start; whoever has a client knows its failures, and no more.
        assert of_aws - (_FAILURES if module in CLIENTS else set()) == set()
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
IN_THE_RUNTIME = {"boto3", "botocore"}
PACKAGE_OF = {"argon2": "argon2-cffi", "jwt": "pyjwt"}


def test_the_layer_brings_all_that_is_imported() -> None:
    """On the local engine the developers' environment would fill a gap that Lambda would not."""
    listed = (ROOT / "layers/rolecall/requirements.in").read_text().lower().splitlines()
    imported = {name.split(".")[0] for path in (*MODULES.values(), *FUNCTIONS.values()) for name in _imports(path)}
    foreign = imported - sys.stdlib_module_names - IN_THE_RUNTIME - {"rolecall"}

    missing = {PACKAGE_OF.get(name, name.replace("_", "-")) for name in foreign} - set(listed)

    assert not missing


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
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers/rolecall'}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "TABLE_NAME": "none",
    }

    told = subprocess.run([sys.executable, "-c", seen], env=environment, capture_output=True, text=True, check=True)

    assert told.stdout == "0 True 50000 True\n"
