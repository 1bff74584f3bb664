"""SCIM over HTTP: a judge that others have written, and the requests that Okta and Entra ID send, replayed."""

import json
import re
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import ROOT
from local.http import Answer, call
from tests.e2e.conftest import Tenant
from tests.scim_judges import judge_by_scim2_tester, judge_by_scim_sanity

SEQUENCES = sorted((ROOT / "tests/e2e/scim").glob("*.json"))
#: Fewer results mean that a part of the suite did not run.
FEWEST_RESULTS, FEWEST_RESULTS_OF_SANITY = 60, 15

type Register = Callable[[str], Tenant]


def test_scim2_tester_finds_nothing_wrong(register: Register) -> None:
    tenant = register("Judged")

    results = judge_by_scim2_tester(f"{tenant.stack.api}/scim/v2", tenant.admin.token)

    assert [(one.title, one.reason) for one in results if one.status.name != "SUCCESS"] == []
    assert len(results) >= FEWEST_RESULTS, Counter(one.title for one in results)


def test_scim_sanity_finds_nothing_wrong_in_its_strict_mode(register: Register) -> None:
    tenant = register("Probed")

    results = judge_by_scim_sanity(f"{tenant.stack.api}/scim/v2", tenant.admin.token)

    # It skips the resources that the server does not have.
    used = [one for one in results if one["status"] != "skip" or not one["name"].startswith(("Group ", "Agent"))]
    assert [one for one in used if one["status"] != "pass"] == []
    assert len(used) >= FEWEST_RESULTS_OF_SANITY


@pytest.mark.parametrize("file", SEQUENCES, ids=lambda file: file.stem)
def test_recorded_requests_of_an_identity_provider_get_the_expected_answers(register: Register, file: Path) -> None:
    tenant = register(f"Provided by {file.stem}")
    known = {"run": uuid.uuid4().hex[:8]}
    for number, pattern in enumerate(json.loads(file.read_text())["requests"], 1):
        step = _filled_in(pattern, known)
        answer = _send(tenant, step)
        where = f"request {number} of {file.name} ({step['what']})"
        assert answer.status == step["status"], f"{where}: {answer.status} {answer.text}"
        body = answer.json() if answer.text else {}
        wrong = {
            path: _value_at(body, path)
            for path, value in step.get("expect", {}).items()
            if _value_at(body, path) != value
        }
        assert not wrong, f"{where}: {wrong} in {answer.text}"
        known |= {name: _value_at(body, path) for name, path in step.get("keep", {}).items()}


def test_a_deactivated_user_is_refused_at_once_and_keeps_its_token_for_a_reactivation(register: Register) -> None:
    tenant = register("Leavers")
    member = tenant.add("manager")
    path = f"{tenant.stack.api}/scim/v2/Users/{member.id}"

    for active, status in (("False", 401), ("True", 200)):
        body = {"Operations": [{"op": "Replace", "path": "active", "value": active}]}
        assert call("PATCH", path, tenant.admin.token, body).status == 200
        assert tenant.request(member, "GET", f"/users/{member.id}").status == status


def test_scim_asks_for_a_credential_except_about_itself(register: Register) -> None:
    tenant = register("Asked")
    root = f"{tenant.stack.api}/scim/v2"

    for path in ("ServiceProviderConfig", "ResourceTypes", "Schemas"):
        assert call("GET", f"{root}/{path}").status == 200
    for path in ("Users", f"Users/{tenant.admin.id}", "ResourceTypes/User", "Groups"):
        for token in (None, "3f1d2c4b-5a69-4788-96a5-b4c3d2e1f0a9"):
            assert call("GET", f"{root}/{path}", token).status == 401
    user = call("GET", f"{root}/Users/{tenant.admin.id}", tenant.admin.token).json()
    assert call("GET", user["meta"]["location"], tenant.admin.token).json() == user


def _send(tenant: Tenant, step: dict[str, Any]) -> Answer:
    headers = {"Content-Type": "application/scim+json"} if "body" in step else {}
    url = f"{tenant.stack.api}/scim/v2{step['path'].replace(' ', '%20').replace('"', '%22')}"
    return call(step["method"], url, tenant.admin.token, step.get("body"), headers)


def _filled_in(step: Any, known: dict[str, str]) -> Any:
    """The step with each `{name}` replaced by what is known under that name."""
    if isinstance(step, str):
        return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], step)
    if isinstance(step, list):
        return [_filled_in(one, known) for one in step]
    if isinstance(step, dict):
        return {name: _filled_in(value, known) for name, value in step.items()}
    return step


def _value_at(body: Any, path: str) -> Any:
    """The value in a body at a path such as `Resources.0.userName`; None if there is none."""
    for part in path.split("."):
        if isinstance(body, list):
            body = body[int(part)] if int(part) < len(body) else None
        else:
            body = (body or {}).get(part)
    return body
