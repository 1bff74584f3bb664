"""A stack of its own for the whole session of each worker: fresh, on a free port, gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from local import ROOT, http
from local.deployment import running_stack
from local.deployment.stack import Stack
from local.deployment.start import start_stack
from local.engine.engine import free_port
from local.http import Answer, call
from rolecall import config
from rolecall.storage import dynamodb
from tests import contract

PASSWORD = "correct horse battery"
#: For three stacks, twice over.
ROOM_BYTES = 6 * 2**30
#: The files that take longest, in the order in which they start. A long file that started last would run alone.
_LONG_FILES = ("test_load", "test_fuzz", "test_verify", "test_temporary_roles", "test_races", "test_build", "test_demo")
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first."""
    place = {name: number for number, name in enumerate(_LONG_FILES)}
    items.sort(key=lambda item: place.get(item.path.stem, len(_LONG_FILES)))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The deployed system. Tests make their own tenants in it and may run in any order."""
    with fresh_stack() as stack:
        yield stack


@contextmanager
def fresh_stack() -> Iterator[Stack]:
    """A stack that no test has used, for those who look at all of it. It is removed at the end."""
    # Not pytest's own temporary directory: other sessions of pytest clean up there. What was killed may still write.
    temporary = tempfile.TemporaryDirectory(prefix="rolecall-", dir=_memory(), ignore_cleanup_errors=True)
    with temporary as home, start_stack(Path(home), free_port(), keep=False) as stack:
        # Every answer of every test must be one that the API's document has.
        watcher = partial(_hold_against_the_document, stack.api)
        http.watchers.append(watcher)
        yield stack
        http.watchers.remove(watcher)


def _memory() -> Path | None:
    """Where there is room in memory: each of the engine's workers unpacks its code, thousands of files in all."""
    memory = Path("/dev/shm")  # noqa: S108
    if not memory.is_dir() or os.statvfs(memory).f_flag & getattr(os, "ST_NOEXEC", 0):
        return None
    return memory if shutil.disk_usage(memory).free > ROOM_BYTES else None


@pytest.fixture
def layer(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The layer's code in this process, against the stack, as a service would use it."""
    for name, value in stack.environment("DeleteTenant", "RegisterTenant").items():
        monkeypatch.setenv(name, value)
    caches = (config.config, dynamodb.client)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def restore_default_ctrl_c_handler() -> None:
    """Let Ctrl-C interrupt the tests and the programs that they start. A shell ignores it for background processes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def served(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The stack as `make run` would show it to other commands."""
    monkeypatch.setattr(running_stack, "STATE_FOLDER", stack.engine.home)
    monkeypatch.setenv("ROLECALL_HOME", str(stack.engine.home))
    # As from a terminal, with no make around it that tells of directories.
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        monkeypatch.delenv(name, raising=False)
    with running_stack.lock_state_folder("stop it"):
        running_stack.announce(stack)
        yield stack


def make(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """What a target of the Makefile prints, and how it ends."""
    return subprocess.run(["make", *arguments], cwd=ROOT, input=given, capture_output=True, text=True, check=False)


def _hold_against_the_document(api: str, method: str, url: str, answer: Answer) -> None:
    if url.startswith(f"{api}/"):
        contract.check_over_http(method, url.removeprefix(api), answer.status, answer.headers, answer.text)


@dataclass
class Member:
    id: str
    email: str
    role: str
    token: str


@dataclass
class Tenant:
    """A tenant that a test made, over HTTP."""

    stack: Stack
    id: str
    name: str
    admin: Member
    members: list[Member] = field(default_factory=list)

    def request(self, member: Member, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        return call(method, self.stack.api + path, member.token, body)

    def promote(self, actor: Member, target: Member, new_role: str) -> Answer:
        return self.request(actor, "POST", f"/users/{target.id}/promote", {"new_role": new_role})

    def role_of(self, user_id: str) -> str:
        """Read the role over the API, as the first admin."""
        role: str = self.request(self.admin, "GET", f"/users/{user_id}").json()["data"]["role"]
        return role

    def add(self, role: str) -> Member:
        """One more user, made by the first admin."""
        email = f"user-{next(_numbers)}@example.com"
        created = self.request(self.admin, "POST", "/users", {"email": email, "password": PASSWORD, "role": role})
        assert created.status == 201, created.text
        user = created.json()["user"]
        self.members.append(Member(user["id"], email, role, user["token"]))
        return self.members[-1]


@pytest.fixture
def register(stack: Stack) -> Iterator[Callable[[str], Tenant]]:
    """Makes tenants, and deletes what is left of them afterwards."""
    made: list[Tenant] = []

    def make(name: str) -> Tenant:
        body = {"tenant_name": name, "email": f"owner-{next(_numbers)}@example.com", "password": PASSWORD}
        answer = call("POST", f"{stack.api}/register", stack.master_token, body)
        assert answer.status == 201, answer.text
        user, tenant = answer.json()["user"], answer.json()["tenant"]
        admin = Member(user["id"], user["email"], "admin", user["token"])
        made.append(Tenant(stack, tenant["id"], name, admin))
        return made[-1]

    yield make
    for tenant in made:
        call("DELETE", f"{stack.api}/global/tenants/{tenant.id}", stack.master_token)
