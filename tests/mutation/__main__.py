"""`python -m tests.mutation [module …]`: does a test fail for each small change of the code? (mutmut)

A module is mutated function by function, and each mutant is run against those of the module's `TESTS` that call the
function, fastest first, until one fails. What is done is kept in `.mutants/<module>`: run again, only what has
survived or changed since is tried.

mutmut takes a module's name from its path, and imports what it has mutated. So each module has a tree of its own,
where the layer's package stands at the top and the tests beside it.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

from local import ROOT

_COUNTS = "integration/test_metrics.py::test_every_change_is_counted_once_and_what_was_so_already_is_not"
_CURSORS = "integration/storage/test_cursors.py::test_a_cursor_is_good_in_a_later_version_too"
#: The tests that can kill a module's mutants.
TESTS = {
    "auth/roles": ["unit/auth/test_roles.py"],
    "auth/tokens": ["unit/auth/test_tokens.py"],
    "storage/reads": ["integration/storage/test_reads_and_writes.py"],
    "storage/writes": ["integration/storage/test_reads_and_writes.py"],
    "storage/retries": ["integration/storage/test_reads_and_writes.py"],
    "storage/dynamodb": ["integration/storage/test_reads_and_writes.py"],
    "tenants/tenants": [
        "integration/tenants/test_register_tenant.py",
        "integration/tenants/test_tenants.py",
        "integration/tenants/test_idempotency.py",
        _COUNTS,
    ],
    **{
        module: [
            "integration/tenants/test_users.py",
            "integration/tenants/test_create_user.py",
            "integration/tenants/test_promote_user.py",
            "integration/tenants/test_list_users.py",
            "integration/tenants/test_list_users_filtered.py",
            "integration/tenants/test_idempotency.py",
            _COUNTS,
            _CURSORS,
            "integration/deletion/test_delete_tenant.py::test_a_device_needs_a_user_that_is_there_and_active",
        ]
        for module in (
            "tenants/users",
            "tenants/user_creation",
            "tenants/user_changes",
            "tenants/user_tokens",
            "tenants/user_items",
        )
    },
    **{
        module: [
            "integration/accounts/test_accounts.py",
            "integration/accounts/test_change_account_role.py",
            "integration/accounts/test_log_in.py",
            "integration/accounts/test_sessions.py::test_what_ends_an_account_ends_its_sessions_for_good",
            _COUNTS,
            _CURSORS,
        ]
        for module in ("accounts/accounts", "accounts/account_creation", "accounts/account_changes")
    },
    **{
        module: [
            "unit/operations/test_maintenance.py",
            "integration/operations/test_maintenance.py",
            "integration/deletion/test_delete_tenant.py",
            "integration/deletion/test_deletion.py",
        ]
        for module in ("deletion/jobs", "deletion/requests", "deletion/workers", "deletion/completion")
    },
}
#: What takes long, and would for each survivor: the table of roles is `test_roles.py`'s too.
_LEFT_OUT = (
    "integration/tenants/test_promote_user.py::test_the_whole_role_table",
    "integration/tenants/test_list_users_filtered.py::test_a_page_costs_the_same_in_a_small_and_in_a_large_tenant",
)
#: What the tests read, beside the layer.
_COPIED = ("clients", "docs", "events", "functions", "local", "openapi", "tests", "template.yaml", "samconfig.toml")
_KILLED = frozenset({1, 3, 36, 24, 152, 255, -24, -9, -11})
_NOT_BYTECODE = shutil.ignore_patterns("__pycache__")

_SETTINGS = """
[tool.mutmut]
source_paths = ["rolecall"]
only_mutate = ["rolecall/{module}.py"]
# The words of a log entry are for people.
do_not_mutate_patterns = ['^\\s*logger\\.']
pytest_add_cli_args = {arguments}
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 5.0
timeout_constant = 10.0
use_git_change_detection = false
track_dependencies = false
"""


def prepare(module: str) -> Path:
    """The tree of a module, with the code and the tests as they are now."""
    tree = ROOT / ".mutants" / module.replace("/", ".")
    beside = tree / "mutants"
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, beside / name, ignore=_NOT_BYTECODE, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / name, beside / name)
    shutil.copytree(ROOT / "layers/rolecall/rolecall", tree / "rolecall", ignore=_NOT_BYTECODE, dirs_exist_ok=True)
    # pytest's settings, but for the layer's place.
    settings = (ROOT / "pyproject.toml").read_text().replace(', "layers/rolecall"]\nstrict', "]\nstrict")
    assert tomllib.loads(settings)["tool"]["pytest"]["pythonpath"] == ["."], "pyproject.toml has changed"
    arguments = ["-p", "no:cacheprovider", "-p", "tests.mutation.node_ids", "--timeout", "20"]
    arguments += [f"--deselect=tests/{name}" for name in _LEFT_OUT]
    tests = [f"tests/{name}" for name in TESTS[module]]
    settings += _SETTINGS.format(module=module, arguments=json.dumps(arguments), tests=json.dumps(tests))
    (tree / "pyproject.toml").write_text(settings)
    return tree


def forget_survivors(tree: Path, module: str) -> None:
    """A test that was added since may kill them."""
    path = tree / f"mutants/rolecall/{module}.py.meta"
    if path.exists():
        kept = json.loads(path.read_text())
        codes = kept["exit_code_by_key"]
        kept["exit_code_by_key"] = {name: code if code in _KILLED else None for name, code in codes.items()}
        path.write_text(json.dumps(kept))


def outcomes(tree: Path, module: str) -> dict[str, int | None]:
    """mutmut's exit code for each mutant; 0 is one that has survived, None one that was not tried."""
    found: dict[str, int | None] = json.loads((tree / f"mutants/rolecall/{module}.py.meta").read_text())[
        "exit_code_by_key"
    ]
    return found


def main(modules: list[str]) -> None:
    for module in modules or list(TESTS):
        tree = prepare(module)
        forget_survivors(tree, module)
        subprocess.run([ROOT / ".venv/bin/mutmut", "run", "--max-children", "1"], cwd=tree, env=os.environ, check=True)
        codes = outcomes(tree, module)
        sums = Counter("killed" if code in _KILLED else "survived" for code in codes.values() if code is not None)
        print(f"{module}: {len(codes)} mutants, {sums['killed']} killed, {sums['survived']} survived")
        for name, code in codes.items():
            if code is not None and code not in _KILLED:
                print(f"  {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
