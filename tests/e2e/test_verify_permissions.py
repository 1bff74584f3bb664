"""Every permission of every function, taken out in turn: the walk finds it by its use. Long: part of `make prove`."""

import io
import os

import pytest

from local import http
from local.deployment.stack import Stack
from openapi.template import template
from tests.e2e.roles import without_permission
from tests.permissions import UNUSED_BY_WALK, listed
from verify import role_events
from verify.check import Check, checks_of
from verify.checks import accounts, background, tenants
from verify.report import Report
from verify.results import Verdict
from verify.run import walk_through
from verify.stack import DeployedStack
from verify.walk import Walk

pytestmark = pytest.mark.skipif("ROLECALL_PROVE" not in os.environ, reason="long: make prove runs it")

STORIES = [[*checks_of(tenants)], [*checks_of(accounts)], [*checks_of(background)]]


def _permissions() -> list[tuple[str, str]]:
    """Every action of every function, by the template."""
    functions = {
        name: resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    return sorted(
        {
            (name, action)
            for name, properties in functions.items()
            for policy in properties.get("Policies", [])
            for statement in policy["Statement"]
            for action in listed(statement["Action"])
        }
    )


def _checks_for(function: str) -> list[Check]:
    """Every check of the function, with the checks of its story that come before it."""
    checks: list[Check] = []
    for story in STORIES:
        using = [number for number, one in enumerate(story) if function in one.uses]
        checks += story[: using[-1] + 1] if using else []
    return checks


def _is_found(stack: Stack, function: str, action: str) -> bool:
    """Whether a check that uses the function says that it is wrong, when its role lacks the action."""
    report = Report(io.StringIO())
    checks = _checks_for(function)
    with without_permission(stack, function, action):
        walk_through(Walk(DeployedStack(stack.name)), checks, report)
    using = {one.title for one in checks if function in one.uses}
    return any(one.title in using and one.verdict is Verdict.WRONG for one in report.results)


@pytest.mark.usefixtures("layer")
@pytest.mark.timeout(3 * 3600)
def test_every_permission_that_is_taken_out_is_found_by_its_use(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "watchers", [])
    # What does not come at once here does not come at all.
    monkeypatch.setattr(tenants, "_DELETION_SECONDS", 5)
    monkeypatch.setattr(tenants, "_TOKEN_USE_SECONDS", 5)
    monkeypatch.setattr(tenants, "_DELIVERY_SECONDS", 15)
    monkeypatch.setattr(role_events, "_MOST_SECONDS", 5)

    permissions = _permissions()
    missed = {one for one in permissions if not _is_found(stack, *one)}

    # A function that is warm keeps a secret for five minutes, but the master token.
    cached = {one for one in missed if one[1] == "secretsmanager:GetSecretValue" and one[0] != "AuthorizeRequest"}
    assert missed - cached <= UNUSED_BY_WALK
    assert set(permissions) >= UNUSED_BY_WALK
