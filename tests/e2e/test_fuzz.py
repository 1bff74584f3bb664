"""Schemathesis asks the running stack for what the API's document allows, and for what it does not, as everyone.

Never a 5xx, and every answer is one that the document has. All of its checks are on.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import pytest

from local import ROOT
from local.deployment.stack import Stack
from local.http import call
from rolecall.storage import keys
from tests.e2e.conftest import PASSWORD, Tenant
from tests.fuzz.callers import Caller
from tests.superadmins import create_superadmin

KINDS = ["admin", "manager", "user", "operator", "superadmin", "client", "nobody"]
FOLDER = ROOT / "tests/fuzz"
LONG = pytest.mark.skipif("ROLECALL_PROVE" not in os.environ, reason="long: make prove runs it")
ACCOUNTS = "/v1/api/superadmin/users"
type Answers = dict[str, dict[str, int]]


@pytest.fixture
def callers(stack: Stack, register: Callable[[str], Tenant]) -> Iterator[dict[str, Caller]]:
    """One of each kind, the tenants' users in a tenant each, with others around them."""
    made = {kind: Caller(stack.api, kind) for kind in KINDS}
    run = os.urandom(3).hex()
    tenants = {kind: register(f"Fuzzed {kind} {run}") for kind in ("admin", "manager", "user")}
    spare = [register(f"Fuzzed {run} {number}") for number in range(2)]
    gone = register(f"Fuzzed {run} gone")
    call("DELETE", f"{stack.api}/global/tenants/{gone.id}", stack.master_token)
    for kind, tenant in tenants.items():
        people = [tenant.admin, *(tenant.add(role) for role in ("manager", "user", "user"))]
        people.sort(key=lambda one: one.role != kind)
        made[kind].credential = people[0].token
        made[kind].ids = {
            "/users/{id}": [*(one.id for one in people), spare[0].admin.id],
            "/webhooks/{id}": [_webhook(one) for one in (tenant, tenant, spare[0])],
        }
        # Against the operator, who sees everyone's tenant in the list.
        _protect(tenant, True)
    operator = made["operator"]
    operator.credential = stack.master_token
    operator.ids = {
        "/global/tenants/{id}/deletion": [gone.id, spare[0].id],
        "/global/tenants/{id}": [tenant.id for tenant in (*spare, *tenants.values())],
        "/users/{id}": [tenant.admin.id for tenant in spare],
    }
    _with_accounts(stack, made["superadmin"], made["client"], run)
    yield made
    for tenant in tenants.values():
        _protect(tenant, False)


def _webhook(tenant: Tenant) -> str:
    # RFC 2606 reserves the name, so nobody receives anything.
    body = {"url": "https://webhooks.invalid/"}
    answer = call("POST", f"{tenant.stack.api}/webhooks", tenant.admin.token, body)
    assert answer.status == 201, answer.text
    return str(answer.json()["webhook"]["id"])


def _protect(tenant: Tenant, protection: bool) -> None:
    path = f"{tenant.stack.api}/global/tenants/{tenant.id}"
    call("PUT", path, tenant.stack.master_token, {"deletion_protection": protection})


def _with_accounts(stack: Stack, superadmin: Caller, client: Caller, run: str) -> None:
    root = create_superadmin(stack, f"fuzzed-{run}@example.com")
    superadmin.email, superadmin.password = root["email"], root["password"]
    superadmin.log_in()
    ids = []
    for number in range(3):
        body = {"email": f"fuzzed-{run}-{number}@example.com", "password": PASSWORD, "firstName": "F", "lastName": "Z"}
        answer = call("POST", f"{stack.api}{ACCOUNTS}", superadmin.credential, body)
        assert answer.status == 201, answer.text
        ids.append(answer.json()["id"])
        client.email, client.password = body["email"], body["password"]
    client.log_in()
    # Nobody bans the client, who is the last.
    superadmin.ids = {ACCOUNTS: [root["id"], *ids[:-1]]}
    client.ids = {ACCOUNTS: [ids[-1], *ids[:-1]]}


def _fuzz(stack: Stack, folder: Path, callers: list[Caller], *arguments: str) -> Answers:
    """What was answered, by operation and status. Fails with what Schemathesis has to say."""
    asking, answers = folder / "callers.json", folder / "answers.json"
    asking.write_text(json.dumps([asdict(caller) for caller in callers]))
    command = [f"{Path(sys.executable).parent}/st", f"--config-file={FOLDER}/schemathesis.toml", "run"]
    command += [f"{ROOT}/docs/openapi.json", f"--url={stack.api}", "--no-color", "--continue-on-failure"]
    environment = {
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "FUZZ_CALLERS": str(asking),
        "FUZZ_ANSWERS": str(answers),
    }
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stderr
    _forget_failed_logins(stack)
    said: Answers = json.loads(answers.read_text())
    return said


def _forget_failed_logins(stack: Stack) -> None:
    """Of this machine: they would keep the other tests' logins waiting."""
    key = keys.login_attempts_item("ADDRESS", sha256(b"127.0.0.1").hexdigest())
    stack.dynamodb.delete_item(TableName=stack.table_name, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})


def test_every_answer_is_in_the_document_whoever_asks(stack: Stack, callers: dict[str, Caller], tmp_path: Path) -> None:
    answers = _fuzz(stack, tmp_path, list(callers.values()), "--phases=fuzzing", "--max-examples=5")

    # It was not only refused.
    got_in = [operation for operation, statuses in answers.items() if min(statuses) < "300"]
    assert len(got_in) >= len(answers) / 2, answers


@LONG
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_is_in_the_document_at_length(
    stack: Stack, callers: dict[str, Caller], tmp_path: Path, kind: str
) -> None:
    _fuzz(stack, tmp_path, [callers[kind]], "--phases=examples,coverage,fuzzing,stateful", "--max-examples=15")
