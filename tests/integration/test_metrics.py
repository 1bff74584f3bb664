"""The metrics of the alarms are counted, and no metric has an id as a dimension."""

import ast
import json
from collections.abc import Iterator

import pytest

from rolecall import config
from tests import gateway
from tests.gateway import ROOT
from tests.integration.conftest import PASSWORD, Holder, Tenant, make_account, metrics_in, register


def _log_in(email: str, password: str) -> int:
    body = {"email": email, "password": password}
    return gateway.request("POST", "/v1/api/auth/login", body=body).status


def test_a_failed_login_counts_whether_it_was_looked_at_or_not(
    superadmin: Holder, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    statuses = [_log_in(superadmin.email, "wrong password") for _ in range(7)]
    statuses.append(_log_in(superadmin.email, PASSWORD))

    assert statuses.count(401) == 5
    assert statuses.count(429) == 3
    counted = metrics_in(capsys.readouterr().out)
    assert counted["LoginFailed"] == counted["LoginRefused"] + counted["LoginThrottled"] == 8


def test_a_login_that_works_is_no_failure(superadmin: Holder, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert _log_in(superadmin.email, PASSWORD) == 200
    assert "LoginFailed" not in metrics_in(capsys.readouterr().out)


def test_an_unexpected_exception_is_counted(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = gateway.authorize(acme.admin.token)
    capsys.readouterr()
    monkeypatch.delenv("TABLE_NAME")
    config.config.cache_clear()

    assert gateway.request("GET", "/users", principal=admin).status == 500
    assert metrics_in(capsys.readouterr().out)["RequestsFailed"] == 1


@pytest.mark.parametrize(("seconds", "near"), [(0.9, 1), (1.1, None)])
def test_a_function_that_nearly_ran_out_of_time_says_so(
    acme: Tenant, capsys: pytest.CaptureFixture[str], seconds: float, near: int | None
) -> None:
    capsys.readouterr()
    gateway.request("GET", f"/users/{acme.admin.id}", acme.admin.token, seconds=seconds)
    assert metrics_in(capsys.readouterr().out).get("NearTimeout") == near


def test_maintenance_says_that_it_ran(acme: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    gateway.invoke("run_maintenance", {})
    assert metrics_in(capsys.readouterr().out)["MaintenanceRan"] == 1


def test_every_change_is_counted_once_and_a_repeated_change_is_not(
    superadmin: Holder, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    tenant, account = register("Initech"), make_account()
    user = tenant.add("user")
    tenant.admin.promote(user, "admin")
    for _ in range(3):
        tenant.admin.promote(user, "manager")
        tenant.admin.request("PUT", f"/users/{user.id}", {"active": False})
        superadmin.request("PUT", f"/v1/api/superadmin/users/{account.id}/ban", {"reason": "spam"})
    for _ in range(2):
        tenant.admin.request("DELETE", f"/users/{user.id}")

    counted = metrics_in(capsys.readouterr().out)
    names = ("TenantRegistered", "RoleChanged", "UserDeactivated", "AccountChanged", "UserDeleted")
    assert [counted[name] for name in names] == [1, 2, 1, 1, 1]


def test_a_metric_has_no_dimension_but_the_service(acme: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    gateway.invoke("run_maintenance", {})
    gateway.request("POST", f"/users/{acme.add('user').id}/promote", acme.admin.token, {"new_role": "manager"})

    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = [metric for entry in entries for metric in entry.get("_aws", {}).get("CloudWatchMetrics", [])]
    assert {metric["Namespace"] for metric in metrics} == {"Rolecall"}
    assert {name for metric in metrics for names in metric["Dimensions"] for name in names} <= {"service"}


def _calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the source of the layer and the functions, with the name of the called function."""
    for path in (*(ROOT / "layers/rolecall/rolecall").rglob("*.py"), *(ROOT / "functions").glob("*/app.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func).rpartition(".")[2], node


def test_no_metric_is_named_after_an_id_or_has_one_as_a_dimension() -> None:
    counted = [node.args[0] for name, node in _calls() if name == "count_metric" and node.args]
    named = {ast.unparse(argument) for argument in counted if not isinstance(argument, ast.Constant)}

    assert len(counted) > 15
    # The kinds of invariants, the two critical events of a deletion, and what became of a delivery to a webhook.
    assert named == {"f'Invariant.{finding.kind.name}'", "metric", "outcome.value"}
    assert not {name for name, _ in _calls()} & {
        "add_dimension",
        "add_dimensions",
        "set_default_dimensions",
        "single_metric",
    }
