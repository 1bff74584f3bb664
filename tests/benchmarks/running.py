"""Runs a package: from a cold start, as Lambda would start it, or in a process that stays warm."""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import samcli

from local.engine.engine import free_port, in_use
from tests import gateway
from tests.benchmarks import stub, worker
from tests.benchmarks.packages import Package

_PYTHON = [str(Path(sys.executable).resolve()), "-S"]
_ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
#: Lambda's runtime interface emulator, a Linux program. It comes with the SAM CLI, which puts it into containers.
EMULATOR = Path(samcli.__file__).parent / f"local/rapid/aws-lambda-rie-{_ARCHITECTURE}"
_INIT = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)\)")
_CALLER = {
    "principal_type": "user",
    "id": stub.ACTOR,
    "email": "admin@example.com",
    "role": "admin",
    "tenant_id": stub.TENANT,
}


def event_of(what: str) -> dict[str, Any]:
    """Returns the event of `promote`, `list` or `authorizer`. Its ids are those of the items that the stub returns."""
    if what == "authorizer":
        event = gateway.event_of("authorize_request")
        event["headers"]["Authorization"] = f"Bearer {stub.TOKEN}"
        return event
    event = gateway.event_of(f"{what}_user" if what == "promote" else f"{what}_users")
    event["requestContext"]["authorizer"] = _CALLER
    if what == "promote":
        event["path"], event["pathParameters"] = f"/users/{stub.TARGET}/promote", {"id": stub.TARGET}
        event["body"] = '{"new_role": "manager"}'
    else:
        event["queryStringParameters"] = {"limit": "100"}
        event["multiValueQueryStringParameters"] = {"limit": ["100"]}
    return event


def authenticated_event(authorizer_answer: dict[str, Any]) -> dict[str, Any]:
    """Returns the event of `promote` with the caller's API token, and with what the authorizer answered to it."""
    event = event_of("promote")
    event["requestContext"]["authorizer"] = authorizer_answer["context"]
    event["headers"]["Authorization"] = f"Bearer {stub.TOKEN}"
    event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
    return event


def init_milliseconds(package: Package, storage: stub.Stub, event: dict[str, Any]) -> float:
    """Returns what Lambda would report as the initialization.

    It includes the start of the interpreter and of the runtime client, the imports, and the creation of the storage
    client.
    """
    return _cold_start(package, storage, event)[0]


def cold_request_milliseconds(package: Package, storage: stub.Stub, event: dict[str, Any]) -> float:
    """Returns the time from a request to its answer if no instance of the function is running."""
    return _cold_start(package, storage, event)[1]


def _cold_start(package: Package, storage: stub.Stub, event: dict[str, Any]) -> tuple[float, float]:
    """Returns the milliseconds of the initialization and those of the whole request."""
    emulator, runtime = free_port(), free_port()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{emulator}"]
    addresses += ["--runtime-api-address", f"127.0.0.1:{runtime}"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(EMULATOR), *addresses, *_PYTHON, "-m", "awslambdaric", package.handler],
            env=package.environment(storage),
            cwd=package.path[0],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + 10
            while not in_use(emulator) and time.monotonic() < deadline:
                time.sleep(0.01)
            url = f"http://127.0.0.1:{emulator}/2015-03-31/functions/function/invocations"
            # The emulator starts the initialization at the first invocation.
            start = time.perf_counter()
            with urllib.request.urlopen(urllib.request.Request(url, json.dumps(event).encode()), timeout=60) as answer:
                failed = b"errorMessage" in answer.read()
            request_milliseconds = (time.perf_counter() - start) * 1000
        finally:
            process.terminate()
            process.wait()
        log.seek(0)
        text = log.read().decode(errors="replace")
    found = _INIT.search(text)
    assert found, text
    assert not failed, text
    return float(found[1]), request_milliseconds


class Warm:
    """A handler in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, event: dict[str, Any], times: int = 1) -> tuple[float, dict[str, Any]]:
        """Returns the CPU seconds of one invocation, and the last answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"event": event, "times": times}) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return told["cpu"], told["answer"]


@contextmanager
def warm(package: Package, storage: stub.Stub) -> Iterator[Warm]:
    process = subprocess.Popen(
        [*_PYTHON, worker.__file__, package.handler],
        env=package.environment(storage),
        cwd=os.sep,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Warm(process)
    finally:
        process.kill()
        process.communicate()


# --- Checks that all candidates do the same ---------------------------------------------------------

_VARIES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-(?!0{12})[0-9a-f]{12}|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ|(?<!\d)\d{10}(?!\d)"
)


def comparable(asked: list[stub.Asked]) -> list[stub.Asked]:
    """The storage requests without what differs each time: random ids, times and the order of a request's parts.

    For an expression, only its attributes and values are kept, not its text.
    """
    return [
        (operation, json.loads(_VARIES.sub("…", json.dumps(_unordered(body), sort_keys=True))))
        for operation, body in asked
    ]


def _unordered(body: Any) -> Any:
    if isinstance(body, list):
        return [_unordered(one) for one in body]
    if not isinstance(body, dict):
        return body
    found = {name: _unordered(one) for name, one in body.items() if not name.endswith("Expression")}
    for name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        if name in body:
            found[name] = sorted(json.dumps(one, sort_keys=True) for one in body[name].values())
    return found


def check_same_cold_request(
    authorizer: Warm, promote: Warm, with_fastapi_token: Warm, storage: stub.Stub
) -> dict[str, Any]:
    """Returns the event of the cold request.

    Asserts that the peer, which checks the token itself, answers like the authorizer and promote together, and asks
    the storage for the same.
    """
    storage.asked.clear()
    _, decision = authorizer.run(event_of("authorizer"))
    event = authenticated_event(decision)
    _, answer = promote.run(event)
    asked = comparable(storage.asked)
    storage.asked.clear()
    # The gateway gives the peer no principal.
    _, peers_answer = with_fastapi_token.run(event | {"requestContext": event["requestContext"] | {"authorizer": {}}})
    assert (body_of(peers_answer), comparable(storage.asked)) == (body_of(answer), asked)
    assert body_of(answer)[0] == 200, answer
    return event


def body_of(answer: dict[str, Any]) -> Any:
    return answer["statusCode"], json.loads(answer["body"])


def check_all_do_the_same(contenders: dict[str, Warm], what: str, storage: stub.Stub) -> int:
    """Assert that all contenders give the same answer and send the same storage requests; return their number."""
    seen = {}
    for name, contender in contenders.items():
        storage.asked.clear()
        _, answer = contender.run(event_of(what))
        seen[name] = body_of(answer), comparable(storage.asked)
    first, *others = seen
    for other in others:
        assert seen[other] == seen[first], f"{first} and {other} do not do the same: {seen[first]} {seen[other]}"
    assert seen[first][0][0] == 200, seen[first]
    return len(seen[first][1])
