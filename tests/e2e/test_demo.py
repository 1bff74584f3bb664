"""The demo data of `make run`: made on an empty stack, used as its page says, and shown again at a later start."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from local.commands.operate import operate
from local.demo.document import Demo, Seeds, User, curl_lines, render_demo
from local.demo.refresh import refresh_demo_data
from local.demo.seed import create_demo_data
from local.deployment.stack import Stack
from local.http import call
from rolecall import config
from rolecall.storage import dynamodb
from tests.e2e.conftest import fresh_stack


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack where nobody has taken the demo's names."""
    with fresh_stack() as stack:
        # The demo sets these itself. Afterwards they are as before.
        for name, value in stack.environment("LogIn", "RegisterTenant").items():
            monkeypatch.setenv(name, value)
        yield stack
    for cached in (config.config, dynamodb.client):
        cached.cache_clear()


def test_the_demos_commands_work_when_pasted_and_a_later_start_shows_what_is_true_then(stack: Stack) -> None:
    # Given the demo data of a first start
    seeds = create_demo_data(stack)

    # When its commands are pasted: they make elisa a manager, delete Globex and make Vera an admin
    pasted = _paste(curl_lines(_demo(stack, seeds)))

    # Then all of them work
    assert '"new_role":"manager"' in pasted
    assert "permanently deleted" in pasted
    assert '"roles":["ROLE_ADMIN"]' in pasted
    assert pasted.count('"success":true,"users":') == 2  # with the API token, and signed in

    # When one user is deleted, one deactivated, one gets a new token, and an account another password
    acme = seeds["tenants"][0]
    admin, *_ = acme["users"]
    deleted, inactive, rotated, elisa = (
        _user(seeds, f"{name}@acme.example.com") for name in ("heitor", "iris", "fabio", "elisa")
    )
    user = f"{stack.api}/users"
    assert call("DELETE", f"{user}/{deleted['id']}", admin["token"]).status == 200
    assert call("PUT", f"{user}/{inactive['id']}", admin["token"], {"active": False}).status == 200
    assert call("POST", f"{user}/{rotated['id']}/token", admin["token"]).status == 200
    known: Seeds = json.loads(json.dumps(seeds))
    known["accounts"][0]["password"] = "another one by now"

    # Then the next start shows all of that, and Globex anew
    current = refresh_demo_data(stack, known)
    assert _user(current, elisa["email"]) == {**elisa, "role": "manager"}
    assert _user(current, inactive["email"]) == {**inactive, "active": False}
    assert _user(current, rotated["email"]) == {**rotated, "token": None}
    assert deleted["id"] not in {one["id"] for one in current["tenants"][0]["users"]}
    assert current["superadmin"] == seeds["superadmin"]
    assert current["accounts"][0] == {**seeds["accounts"][0], "password": None}
    assert current["accounts"][-1]["roles"] == ["ROLE_ADMIN"]
    assert [tenant["name"] for tenant in current["tenants"]] == ["Acme Atendimento", "Globex"]
    assert current["tenants"][1]["id"] != seeds["tenants"][1]["id"]
    page = render_demo(_demo(stack, current))
    assert f"manager  {elisa['email']}" in page
    assert f"{rotated['email']:<34} {rotated['password']:<18} (replaced since)" in page
    assert f"{inactive['token']}  (inactive)" in page
    # And what it offers to paste works again
    assert "permanently deleted" in _paste(curl_lines(_demo(stack, current)))

    # When the superadmin and another account are deleted, and somebody else takes the email of the other one
    for account in (current["superadmin"], current["accounts"][1]):
        operate(stack, "delete_account", [f"email={account['email']}", "force=true"])
    operate(stack, "create_superadmin", [f"email={current['accounts'][1]['email']}"])

    # Then the next start makes the superadmin anew, and shows the other one as gone
    known, current = current, refresh_demo_data(stack, current)
    assert current["superadmin"]["id"] != known["superadmin"]["id"]
    assert current["accounts"][1] == {**known["accounts"][1], "password": None, "active": False}
    assert "permanently deleted" in _paste(curl_lines(_demo(stack, current)))

    # When somebody else has taken the name of the deleted tenant, then the demo goes on without it
    body = {"tenant_name": "Globex", "email": "somebody@else.example.com", "password": "correct horse battery"}
    assert call("POST", f"{stack.api}/register", stack.master_token, body).status == 201
    assert [tenant["name"] for tenant in refresh_demo_data(stack, current)["tenants"]] == ["Acme Atendimento"]


def _demo(stack: Stack, seeds: Seeds) -> Demo:
    return Demo(
        **seeds,
        api=stack.api,
        endpoint_url=stack.endpoint_url,
        table=stack.table_name,
        master_token=stack.master_token,
    )


def _user(seeds: Seeds, email: str) -> User:
    return next(user for tenant in seeds["tenants"] for user in tenant["users"] if user["email"] == email)


def _paste(lines: list[str]) -> str:
    script = "\n".join(line.replace("curl ", "curl -sSf ") for line in lines)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
