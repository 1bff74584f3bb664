"""What a developer does with a stack that runs: pushing code, looking around, and what `sam local` would see."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import StackError
from local.deployment import build, containers, deploy, running_stack, sam_cli, sources, sync
from local.deployment.function_logs import FunctionLogs
from local.deployment.sources import LAYER_PACKAGE
from local.deployment.stack import Stack
from local.engine.engine import API_HOST, Engine, free_port
from local.environment import local_environment
from local.http import call
from local.progress import silent
from tests.e2e.conftest import Tenant, make
from tests.gateway import ROOT, event_of

# --- Pushing code, on a small stack of its own ------------------------------------------------------

TEMPLATE = {
    "Resources": {
        "GetUser": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "app.handler",
                "Role": "arn:aws:iam::000000000000:role/none",
                "Code": {"ZipFile": "def handler(event, context):\n    return 'deployed'\n"},
            },
        },
    }
}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack with one function and one layer, whose sources, build and state are this test's own."""
    for module in (build, sources, sync):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    for module in (build, sam_cli, sync):
        monkeypatch.setattr(module, "BUILD_FOLDER", tmp_path / "built")
    monkeypatch.setattr(build, "_DIGESTS_FILE", tmp_path / "built/digests.json")
    monkeypatch.setattr(build, "ENGINE_TEMPLATE", tmp_path / "built/build/local.yaml")
    monkeypatch.setattr(sources, "SETTINGS", tmp_path / "template.yaml")
    for name in ("template.yaml", "local/deployment/build.py", "built/build/local.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    _save(tmp_path, "deployed", "deployed")
    with Engine(tmp_path / "home", free_port()) as engine:
        stack = Stack(engine)
        stack.cloudformation.create_stack(StackName=stack.name, TemplateBody=json.dumps(TEMPLATE))
        stack.cloudformation.get_waiter("stack_create_complete").wait(StackName=stack.name, WaiterConfig={"Delay": 1})
        name = stack.functions()["GetUser"]
        layer = stack.lambda_.publish_layer_version(LayerName=sync.LAYER, Content={"ZipFile": sync._zip(tmp_path)})
        stack.lambda_.update_function_configuration(FunctionName=name, Layers=[layer["LayerVersionArn"]])
        version = stack.lambda_.publish_version(FunctionName=name)["Version"]
        stack.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
        build._DIGESTS_FILE.write_text(json.dumps(sources.digests()))
        sync.DeployedParts(sources.digests()).remember(stack)
        yield stack


def _save(folder: Path, function: str, layer: str) -> None:
    handler = f"from rolecall import word\ndef handler(event, context):\n    return '{function}, ' + word.WORD\n"
    for name, text in (
        ("functions/get_user/app.py", handler),
        (f"{LAYER_PACKAGE}/__init__.py", ""),
        (f"{LAYER_PACKAGE}/word.py", f"WORD = '{layer}'\n"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _ask(stack: Stack, qualifier: str) -> str:
    answer = stack.lambda_.invoke(FunctionName=stack.functions()["GetUser"], Qualifier=qualifier)
    return str(json.loads(answer["Payload"].read()))


def test_saved_code_is_what_runs_also_behind_an_alias_and_an_engine_that_died_is_told(
    small: Stack, tmp_path: Path
) -> None:
    assert sync.bring_up_to_date(small, silent) == []

    _save(tmp_path, "saved", "deployed")
    assert sync.bring_up_to_date(small, silent) == ["functions/get_user"]
    _save(tmp_path, "saved", "saved too")
    assert sync.bring_up_to_date(small, silent) == [LAYER_PACKAGE]

    assert [_ask(small, qualifier) for qualifier in ("$LATEST", "live")] == ["saved, saved too"] * 2
    assert sync.bring_up_to_date(small, silent) == []
    assert sync.DeployedParts.recall(small).pushed == ["functions/get_user", LAYER_PACKAGE]
    (tmp_path / "template.yaml").write_text("changed")
    assert sync.needs_deployment(small)

    _answers_at_its_host_whichever_api_a_deployment_made(small)

    assert small.engine._process
    os.kill(small.engine._process.pid, signal.SIGKILL)
    small.engine._process.wait()
    with pytest.raises(StackError, match=r"^MiniStack stopped by itself \(exit code -9\)."):
        small.engine.check()


def _answers_at_its_host_whichever_api_a_deployment_made(small: Stack) -> None:
    for name in ("one", "other"):
        api = small.apigateway.create_rest_api(name=name)["id"]
        for _ in range(2):
            deploy.map_host(small.apigateway, API_HOST, api, "live")
            found = small.apigateway.get_base_path_mapping(domainName=API_HOST, basePath="(none)")
            assert found["restApiId"] == api


# --- Looking around, on the deployed stack ---------------------------------------------------------


def test_the_shell_has_the_layer_the_table_and_a_caller(served: Stack, register: Callable[[str], Tenant]) -> None:
    tenant = register("Shell & Co")
    user = {"id": tenant.admin.id, "email": tenant.admin.email, "role": "admin", "active": True}
    user["token"] = tenant.admin.token
    document = {"tenants": [{"id": tenant.id, "status": "active", "users": [user]}]}
    (running_stack.STATE_FOLDER / "demo.json").write_text(json.dumps(document))

    done = make(
        "shell",
        given=(
            "print(tenants.get_tenant(demo['tenants'][0]['id']).name)\n"
            "print([user.email for user in users.list_users(caller(), limit=5).users])\n"
            "print(table.get_item(Key=keys.tenant(caller().principal.tenant_id)._asdict())['Item']['name'])\n"
        ),
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.replace(">>> ", "").split("\n")[:3] == ["Shell & Co", f"['{tenant.admin.email}']", "Shell & Co"]


def test_an_operation_that_is_refused_is_one_sentence(served: Stack) -> None:
    done = make("operator", "ARGS=rotate_nothing")

    assert done.stdout == ""
    assert done.stderr.startswith("rotate_nothing was not done: operation must be one of create_superadmin, ")
    assert done.stderr.count("\n") == 1
    assert done.returncode


def test_the_logs_of_one_function_are_followed_alone(served: Stack, register: Callable[[str], Tenant]) -> None:
    tenant = register("Logged")
    tenant.promote(tenant.admin, tenant.add("user"), "manager")
    with subprocess.Popen(
        [sys.executable, "-m", "local", "logs"],
        cwd=ROOT,
        env=os.environ | {"FUNCTION": "promote_user"},
        stdout=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout
        lines = [following.stdout.readline()]
        while lines[-1] and f"tenant_id={tenant.id}" not in lines[-1]:
            lines.append(following.stdout.readline())
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=30)

    assert following.returncode == 0
    # Lines of a traceback are indented.
    assert all(" promote_user " in line for line in lines if not line.startswith(" "))


def test_looking_for_new_logs_takes_one_request_while_nothing_is_logged(
    stack: Stack, register: Callable[[str], Tenant]
) -> None:
    logs = FunctionLogs(stack, time.time())
    requests: list[str] = []
    stack.logs.meta.events.register("before-call.cloudwatch-logs", lambda model, **_: requests.append(model.name))

    def poll() -> tuple[list[str], list[str]]:
        requests.clear()
        return logs.new_lines(), list(requests)

    # Maintenance and other tests of the stack may log in between.
    assert any(poll() == ([], ["FilterLogEvents"]) for _ in range(20))

    tenant = register("Polled")
    lines: list[str] = []
    deadline = time.monotonic() + 30
    while not any(tenant.id in line for line in lines) and time.monotonic() < deadline:
        lines += poll()[0]
    assert [line for line in lines if tenant.id in line and " register_tenant " in line]


# --- Requests of clients ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost", "workstation", "workstation.lan", "192.168.1.20", "host.docker.internal"]
)
def test_the_api_answers_at_every_name_of_this_machine(
    stack: Stack, register: Callable[[str], Tenant], host: str
) -> None:
    tenant = register(f"Asked as {host}")
    headers = {"Host": f"{host}:{stack.engine.port}"}

    answered = call("GET", f"{stack.api}/users", tenant.admin.token, headers=headers)
    unknown = call("GET", f"{stack.api}/nowhere", headers=headers)

    assert [user["id"] for user in answered.json()["users"]] == [tenant.admin.id]
    assert (unknown.status, unknown.json()["error_code"]) == (404, "NOT_FOUND")


def test_a_caller_cannot_choose_the_address_that_the_audit_shows(
    stack: Stack, register: Callable[[str], Tenant]
) -> None:
    tenant = register("Forwarded")
    user = tenant.add("user")
    path = f"{stack.api}/users/{user.id}/promote"

    for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}):
        answer = call("POST", path, tenant.admin.token, {"new_role": "manager"}, headers)
        assert answer.status == 200
        call("POST", path, tenant.admin.token, {"new_role": "user"}, headers)

    entries = call("GET", f"{stack.api}/audit", tenant.admin.token).json()["entries"]
    promotions = [entry for entry in entries if entry["action"] == "promote_user"]
    assert len(promotions) == 4
    assert {entry["ip"] for entry in promotions} == {"127.0.0.1"}


# --- sam local -------------------------------------------------------------------------------------


def test_a_function_with_the_variables_of_its_container_answers_its_sample_event(stack: Stack) -> None:
    variables = containers.container_variables(stack)

    maintained = _as_in_a_container(stack, "run_maintenance", variables)
    promoted = _as_in_a_container(stack, "promote_user", variables)

    assert maintained["violations"] == 0
    # Only `make run` seeds the sample's tenant. Without it the actor does not exist.
    assert promoted["statusCode"] in {200, 401}


def _as_in_a_container(stack: Stack, folder: str, variables: dict[str, dict[str, str]]) -> dict[str, object]:
    """The function in a process that has nothing but what its container would have; its host is this machine."""
    given = {**variables["Parameters"], **variables[sources.logical_id(folder)]}
    assert "localhost" not in json.dumps(given)
    here = {name: value.replace(containers.HOST, "localhost") for name, value in given.items()}
    kept = {"PATH": local_environment()["PATH"], "PYTHONPATH": str(ROOT / "layers/rolecall")}
    code = (
        "import json, sys; from tests.gateway import Context; from importlib import import_module\n"
        f"handler = import_module('functions.{folder}.app').handler\n"
        "print('ANSWER' + json.dumps(handler(json.load(sys.stdin), Context())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=kept | here,
        input=json.dumps(event_of(folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.rpartition("ANSWER")[2])
    return answer
