"""`sam local` runs functions in real containers, against the deployed stack. It needs root on Debian, as CI has it.

The containers are made from a stand-in for Lambda's base image. docs/assurance.md says what it can't show.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from local import tail
from local.deployment import running_stack
from local.deployment.stack import Stack
from local.engine.engine import Engine, free_port
from local.http import call
from tests.containers import docker_engine
from tests.containers.packages import Unavailable
from tests.e2e.conftest import Tenant, make
from tests.gateway import ROOT, event_of

START_SECONDS = 60
STOP_SECONDS = 20


@pytest.fixture(scope="module")
def docker_host(stack: Stack) -> Iterator[str]:
    """The value of `DOCKER_HOST` for an engine whose containers reach the stack."""
    with contextlib.ExitStack() as until_the_end:
        try:
            engine = until_the_end.enter_context(docker_engine.running())
        except Unavailable as reason:
            pytest.skip(str(reason))
        until_the_end.enter_context(docker_engine.forwarding(engine.address, stack.engine.port))
        yield engine.host


@pytest.fixture
def docker(docker_host: str, served: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a developer who has Docker, while `make run` serves the stack."""
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    # The engine has the image, and a test asks no registry.
    monkeypatch.setenv("SAM_SKIP_PULL_IMAGE", "1")
    # The SAM CLI keeps locks and caches in these folders.
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))


def _invoke(*arguments: str) -> dict[str, Any]:
    """Returns what a function answered in its container."""
    done = make("invoke", *arguments)
    # The SAM CLI ends with 0 even if the function failed, so its output counts: the last line is the answer.
    lines = done.stdout.strip().splitlines() or [""]
    assert lines[-1].startswith("{"), done.stdout + done.stderr
    return cast("dict[str, Any]", json.loads(lines[-1]))


def test_a_promotion_and_maintenance_run_in_containers(
    docker: None, register: Callable[[str], Tenant], tmp_path: Path
) -> None:
    tenant = register("Contained")
    user = tenant.add("user")
    event = event_of("promote_user")
    event["path"], event["pathParameters"] = f"/users/{user.id}/promote", {"id": user.id}
    event["requestContext"]["authorizer"] |= {
        "id": tenant.admin.id,
        "email": tenant.admin.email,
        "tenant_id": tenant.id,
    }
    (tmp_path / "event.json").write_text(json.dumps(event))

    promoted = _invoke("FUNCTION=promote_user", f"EVENT={tmp_path / 'event.json'}")
    maintained = _invoke("FUNCTION=run_maintenance")

    assert promoted["statusCode"] == 200, promoted
    assert json.loads(promoted["body"])["data"] == {"user_id": user.id, "old_role": "user", "new_role": "manager"}
    assert tenant.request(tenant.admin, "GET", f"/users/{user.id}").json()["data"]["role"] == "manager"
    assert maintained["violations"] == 0


def test_start_api_lets_in_who_has_a_good_credential_and_nobody_else(
    docker: None, register: Callable[[str], Tenant], tmp_path: Path
) -> None:
    tenant, other = register("Served"), register("Not served")
    path = f"/users/{tenant.admin.id}"
    with _start_api(tmp_path / "log") as api:
        let_in = call("GET", api + path, tenant.admin.token)
        of_another_tenant = call("GET", api + path, other.admin.token)
        unknown = call("GET", api + path, str(uuid4()))
        without = call("GET", api + path)

    assert (let_in.status, let_in.json()["data"]["email"]) == (200, tenant.admin.email), tail(tmp_path / "log")
    assert (of_another_tenant.status, of_another_tenant.json()["error_code"]) == (404, "USER_NOT_FOUND")
    # In the SAM CLI's own words, which README.md has.
    assert (unknown.status, unknown.json()) == (403, {"message": "User is not authorized to access this resource"})
    assert (without.status, without.json()) == (401, {"message": "Unauthorized"})
    assert let_in.headers["x-request-id"] == of_another_tenant.headers["x-request-id"]


@contextlib.contextmanager
def _start_api(log: Path) -> Iterator[str]:
    port = free_port()
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "local", "start-api"],
            cwd=ROOT,
            env=os.environ | {"ARGS": f"--port {port}"},
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as serving,
    ):
        try:
            deadline = time.monotonic() + START_SECONDS
            while b"Running on" not in log.read_bytes():
                assert serving.poll() is None, tail(log)
                assert time.monotonic() < deadline, tail(log)
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            # Not SIGTERM: its handler raises an exception, which the SAM CLI's web server may log and ignore.
            serving.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                serving.wait(STOP_SECONDS)
            serving.kill()  # its containers end with the engine


def test_containers_that_could_not_reach_the_stack_are_told_before_they_start(docker: None, served: Stack) -> None:
    running_stack.announce(Stack(Engine(served.engine.home, free_port())))

    done = make("start-api")

    assert done.stdout == ""
    assert done.stderr.startswith("Containers cannot reach the local stack, ")
    assert done.stderr.count("\n") == 1
    assert done.returncode
