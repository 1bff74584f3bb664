"""`make verify` on a stack as it should be, and on one where something was taken out or changed."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from local import http
from local.commands.operate import operate
from local.deployment.stack import Stack
from local.environment import local_environment
from local.http import call
from tests.e2e.conftest import PASSWORD, fresh_stack
from tests.e2e.roles import without_permission
from tests.gateway import ROOT
from verify.check import Check, check
from verify.checks import accounts, gateway, monitoring, template
from verify.report import Report
from verify.results import Result, Verdict
from verify.run import walk_through
from verify.stack import DeployedStack
from verify.walk import PREFIX, Walk


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack without the alarms, tenants and logs of other tests: a walk looks at all of them."""
    with fresh_stack() as stack:
        yield stack


def _start(stack: Stack) -> subprocess.Popen[str]:
    environment = local_environment(stack.endpoint_url) | {"STACK": stack.name}
    command = [sys.executable, "-m", "verify"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE)


def _left(stack: Stack) -> list[str]:
    """What is there of what walks make."""
    tenants = call("GET", f"{stack.api}/tenants", stack.master_token).json()["tenants"]
    rules = stack.client("events").list_rules(EventBusName=stack.outputs["RoleEventsBusName"])["Rules"]
    pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.table_name)
    reserved = [item["pk"]["S"] for page in pages for item in page["Items"] if item["pk"]["S"].startswith("EMAIL#")]
    names = [one["name"] for one in tenants] + [one["Name"] for one in rules] + reserved
    queues: list[str] = stack.client("sqs").list_queues(QueueNamePrefix=PREFIX).get("QueueUrls", [])
    settings = stack.apigateway.get_stage(restApiId=stack.outputs["ApiId"], stageName="live")["methodSettings"]
    return [name for name in names if PREFIX in name] + queues + [name for name in settings if "docs" in name]


@pytest.mark.timeout(500)
def test_a_walk_finds_everything_right_and_leaves_nothing_behind(stack: Stack) -> None:
    # What an earlier walk left, which was killed
    left = f"{PREFIX}1700000000-abcdef"
    operate(stack, "create_superadmin", [f"email={left}-root@example.com", "force=true"])
    body = {"tenant_name": left, "email": f"{left}@example.com", "password": PASSWORD}
    assert call("POST", f"{stack.api}/register", stack.master_token, body).status == 201
    stack.client("sqs").create_queue(QueueName=left)
    bus = stack.outputs["RoleEventsBusName"]
    stack.client("events").put_rule(Name=left, EventBusName=bus, EventPattern='{"source": ["rolecall"]}')

    walk = _start(stack)
    out, _ = walk.communicate(timeout=430)  # longer than a walk may take

    rows = [line for line in out.splitlines() if not line.startswith("right ")]
    assert walk.returncode == 0, "\n".join(rows)
    assert " right, 0 wrong, 0 unknown, in " in rows[-1], "\n".join(rows)
    assert "Nothing is left of walks that were killed.  4 removed." in out
    assert stack.master_token not in out
    assert _left(stack) == []


def test_an_interrupted_walk_removes_what_it_made(stack: Stack) -> None:
    walk = _start(stack)
    assert walk.stdout
    for line in walk.stdout:
        if "POST /users makes users." in line:
            break
    walk.send_signal(signal.SIGINT)
    out, _ = walk.communicate(timeout=100)

    assert walk.returncode == 1
    assert "Interrupted" in out
    assert "The walk's rule on the bus is gone." in out
    assert " 0 wrong, 0 unknown, in " in out
    assert _left(stack) == []


@pytest.fixture
def verify(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Result]]:
    """Runs some of the checks; returns what is not right."""
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    # Here an answer may be another than the document's.
    monkeypatch.setattr(http, "watchers", [])

    def run(*checks: Check) -> list[Result]:
        report = Report(io.StringIO())
        code = walk_through(Walk(DeployedStack(stack.name)), checks, report)
        wrong = [one for one in report.results if one.verdict is not Verdict.RIGHT]
        assert code == any(one.verdict is Verdict.WRONG for one in wrong)
        return wrong

    return run


def test_a_permission_taken_out_is_found_by_its_use_and_in_the_role(
    stack: Stack, verify: Callable[..., list[Result]]
) -> None:
    ban = (accounts.make_superadmin, accounts.create_account, accounts.ban_account)
    assert verify(template.compare_policies, *ban) == []

    with without_permission(stack, "BanAccount", "dynamodb:UpdateItem"):
        policies, banned = verify(template.compare_policies, *ban)

    assert (policies.title, policies.verdict) == (template.compare_policies.title, Verdict.WRONG)
    assert policies.note == "BanAccount may not use dynamodb:UpdateItem."
    assert (banned.title, banned.verdict) == (accounts.ban_account.title, Verdict.WRONG)
    assert "/ban answered 500 INTERNAL_ERROR, not 200. Its X-Request-Id is " in banned.note


def test_a_changed_answer_of_the_gateway_is_found(stack: Stack, verify: Callable[..., list[Result]]) -> None:
    kind: Final = "ACCESS_DENIED"
    api = stack.outputs["ApiId"]
    former = stack.apigateway.get_gateway_response(restApiId=api, responseType=kind)

    def answer(status: str, templates: Any) -> None:
        stack.apigateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode=status,
            responseParameters=former["responseParameters"],
            responseTemplates=templates,
        )
        stack.apigateway.create_deployment(restApiId=api, stageName="live")

    asked = (gateway.compare_gateway_responses, gateway.ask_without_credential)
    try:
        answer("403", {"application/json": '{"message": "User is not authorized to access this resource"}'})
        wrong = verify(*asked)
    finally:
        answer(former["statusCode"], former["responseTemplates"])

    assert [(one.title, one.verdict) for one in wrong] == [(one.title, Verdict.WRONG) for one in asked]
    assert wrong[0].note == f"Not as in the template: {kind}."
    assert "answered 403, not 401 UNAUTHORIZED." in wrong[1].note
    assert verify(*asked) == []


@pytest.mark.parametrize("change", ["removed", "switched off", "on"])
def test_an_alarm_that_is_gone_or_silent_or_on_is_found(
    stack: Stack, verify: Callable[..., list[Result]], change: str
) -> None:
    cloudwatch, name = stack.client("cloudwatch"), stack.physical_id("RequestsFailedAlarm")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    looked = (monitoring.find_alarms, monitoring.read_alarms)
    assert verify(*looked) == []
    try:
        if change == "removed":
            cloudwatch.delete_alarms(AlarmNames=[name])
        elif change == "switched off":
            cloudwatch.disable_alarm_actions(AlarmNames=[name])
        else:
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="to be found")
        [wrong] = verify(*looked)
    finally:
        settings = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        cloudwatch.put_metric_alarm(**{key: value for key, value in alarm.items() if key in settings})
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=alarm["StateValue"], StateReason="as before")

    assert wrong.verdict is Verdict.WRONG
    assert "RequestsFailedAlarm" in wrong.note
    assert verify(*looked) == []


def test_a_secret_in_a_log_is_found(stack: Stack, verify: Callable[..., list[Result]]) -> None:
    group = stack.physical_id("Logs")
    stream = f"2026/06/15/{stack.physical_id('PromoteUser')}[1]{PREFIX}"
    stack.logs.create_log_stream(logGroupName=group, logStreamName=stream)

    def leak(walk: Walk) -> None:
        message = f"the token is {walk.secret('a token of the walk')}"
        at = int(walk.started * 1000) + 1
        events = [{"timestamp": at, "message": message}]
        stack.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]

    try:
        [wrong] = verify(check("A token is logged.")(leak), monitoring.read_logs)
    finally:
        stack.logs.delete_log_stream(logGroupName=group, logStreamName=stream)

    assert (wrong.verdict, wrong.note) == (Verdict.WRONG, "A token or a password is in the log of PromoteUser.")


def test_a_walk_of_a_stack_that_is_not_there_ends_in_a_sentence(stack: Stack) -> None:
    environment = local_environment(stack.endpoint_url)
    for name in ("no-such-stack", ""):
        chosen = {"STACK": name} if name else {"STAGE": "none"}
        command = [sys.executable, "-m", "verify"]
        done = subprocess.run(
            command, cwd=ROOT, env=environment | chosen, text=True, capture_output=True, check=False, timeout=60
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert (name or "'none'") in done.stderr
    assert os.environ.get("STACK") is None
