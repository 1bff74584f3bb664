"""The checks of `make verify` that need no queue and no stream, in memory: what they use, and that they pass."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
import pytest

from local import http
from local.http import Answer
from rolecall.errors import RolecallError
from tests import gateway, permissions
from tests.integration.conftest import MASTER_TOKEN, Used
from tests.permissions import UNUSED_BY_WALK
from verify import run
from verify.check import checks_of
from verify.checks import accounts, monitoring, tenants
from verify.checks import gateway as gateway_checks
from verify.results import Verdict
from verify.stack import DeployedStack
from verify.walk import Walk

#: Checks that wait for a queue or a stream.
_ELSEWHERE = (
    tenants.listen_to_role_events,
    tenants.record_token_use,
    tenants.receive_role_event,
    tenants.attempt_delivery,
    tenants.receive_deletion_events,
)
CHECKS = [
    *(one for one in checks_of(tenants) if one not in _ELSEWHERE),
    *checks_of(accounts),
    gateway_checks.open_console,
    monitoring.look_at_headers,
]


_SCIM = "/scim/v2"


class _StackInMemory:
    """What the checks ask a deployed stack for."""

    api = ""
    master_token = MASTER_TOKEN
    outputs: Mapping[str, str] = {"TableName": "rolecall"}
    parameters: Mapping[str, str] = {}

    def client(self, service: Any) -> Any:
        return boto3.client(service)

    def invoke(self, function: str, event: Any) -> tuple[Any, str | None]:
        try:
            return gateway.invoke(_folders()[function], event), None
        except RolecallError as error:
            return {"errorMessage": str(error)}, "Unhandled"


def _folders() -> dict[str, str]:
    """The folder of each function of the template."""
    return {
        name: resource["Properties"]["CodeUri"].rpartition("/")[2]
        for name, resource in gateway.template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _is_triggered(folder: str) -> bool:
    """Whether the function gets its events from a queue, a stream or a schedule."""
    return any(event["Type"] != "Api" for event in gateway.functions()[folder].get("Events", {}).values())


def _call(
    method: str,
    path: str,
    token: str | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> Answer:
    given = dict(headers or {})
    if path.startswith(_SCIM):
        address = urlsplit(path.removeprefix(_SCIM))
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        answer = gateway.scim_request(method, address.path, token, body, query=query)
    else:
        answer = gateway.request(method, unquote(path), token, body, headers=given, user_agent=given.get("User-Agent"))
    # The gateway makes a denial itself. The template has its headers, and other checks compare them.
    sent = answer.headers or {"X-Request-Id": "denied", "Cache-Control": "no-store"}
    return Answer(answer.status, {name.lower(): value for name, value in sent.items()}, answer.text)


def test_verify_succeeds_and_uses_every_permission_of_the_routes_on_the_table(
    used: Used, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "call", _call)
    walk = Walk(cast("DeployedStack", _StackInMemory()))

    results = [*run.take(walk, CHECKS), *run.clean_up(walk)]

    assert [(one.title, one.note) for one in results if one.verdict is not Verdict.RIGHT] == []
    unused = {
        (name, f"dynamodb:{permission.action}")
        for name, folder in _folders().items()
        if not _is_triggered(folder)
        for permission in permissions.granted(folder) - {permission for permission, _ in used[folder]}
    }
    assert unused - UNUSED_BY_WALK == set(), "make a check in verify/checks use it"
