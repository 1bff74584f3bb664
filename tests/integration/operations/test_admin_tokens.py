"""The operator's function issues a new API token to an admin of a tenant whose admins have lost theirs."""

from typing import Any

import pytest

from rolecall.storage import keys, reads
from tests import gateway
from tests.integration.conftest import Tenant, audit_of, delete_tenant, metrics_in, table, unchanged


def _issue(tenant_id: str, email: str) -> dict[str, Any]:
    answer: dict[str, Any] = gateway.invoke(
        "run_operation", {"operation": "issue_admin_token", "tenant_id": tenant_id, "email": email}
    )
    return answer


def test_a_named_admin_gets_a_token_that_works_and_the_lost_one_does_not(
    acme: Tenant, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = acme.admin.token
    capsys.readouterr()

    answer = _issue(acme.id, acme.admin.email.upper())

    counted = metrics_in(capsys.readouterr().out)
    assert (counted["AdminTokenIssued"], counted["CriticalEvents"]) == (1, 1)

    assert answer.keys() == {"tenant_id", "user_id", "email", "token"}
    assert (answer["tenant_id"], answer["user_id"], answer["email"]) == (acme.id, acme.admin.id, acme.admin.email)
    assert gateway.authorize(answer["token"])
    assert gateway.authorize(lost) is None
    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["severity"], entry["actor"]["id"]) == ("issue_admin_token", "critical", "operator")
    assert entry["target"] == {"type": "user", "id": acme.admin.id}
    [logged] = [vars(one) for one in caplog.records if one.levelname == "CRITICAL"]
    assert logged["message"] == "admin token issued by operator"
    assert (logged["tenant_id"], logged["user_id"]) == (acme.id, acme.admin.id)
    assert answer["token"] not in caplog.text
    assert answer["token"] not in str(table())
    assert len((reads.get(keys.user(acme.id, acme.admin.id)) or {})["owned_keys"]) == 2


@pytest.mark.parametrize("who", ["nobody", "a manager", "an inactive admin", "another tenant's admin"])
def test_only_an_active_admin_of_that_tenant_gets_one(acme: Tenant, globex: Tenant, who: str) -> None:
    inactive = acme.add("admin")
    acme.admin.request("PUT", f"/users/{inactive.id}", {"active": False})
    email = {
        "nobody": "nobody@example.com",
        "a manager": acme.add("manager").email,
        "an inactive admin": inactive.email,
        "another tenant's admin": globex.admin.email,
    }[who]
    with unchanged(), pytest.raises(Exception, match="no active admin with that email"):
        _issue(acme.id, email)


def test_a_tenant_that_is_being_deleted_gets_none(acme: Tenant) -> None:
    assert delete_tenant(acme.id).status == 200
    with unchanged(), pytest.raises(Exception, match="no active admin with that email"):
        _issue(acme.id, acme.admin.email)


def test_a_tenant_with_a_scheduled_deletion_gets_no_token_and_the_operator_is_told_why(acme: Tenant) -> None:
    assert delete_tenant(acme.id, query="?grace_days=7").status == 202
    with unchanged(), pytest.raises(Exception, match=r"^the tenant is closed: its deletion is scheduled or runs$"):
        _issue(acme.id, acme.admin.email)


@pytest.mark.parametrize("tenant_id", ["", "acme", "1a2b3c4d"])
def test_a_tenant_is_named_by_its_id(acme: Tenant, tenant_id: str) -> None:
    with unchanged(), pytest.raises(Exception, match=r"^tenant_id must be a UUID$"):
        _issue(tenant_id, acme.admin.email)
