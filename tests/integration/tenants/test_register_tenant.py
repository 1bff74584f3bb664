"""POST /register."""

import json
from hashlib import sha256
from typing import Any

import pytest

from rolecall.storage import keys, reads
from rolecall.tenants import tenants
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    PASSWORD,
    Tenant,
    audit_of,
    make_account,
    register,
    table,
    unchanged,
)

BODY = {"tenant_name": "Initech", "email": "Bill@Example.com", "password": PASSWORD}


def _register(credential: str | None = MASTER_TOKEN, **changed: Any) -> Response:
    return gateway.request("POST", "/register", credential, {**BODY, **changed})


def test_a_tenant_comes_with_its_first_admin(aws: None) -> None:
    answer = _register(webhook_url="https://example.com/hook")

    user, tenant = answer.body["user"], answer.body["tenant"]
    assert answer.status == 201
    assert answer.body == {
        "success": True,
        "user": {
            "id": user["id"],
            "tenant_id": tenant["id"],
            "email": "Bill@example.com",
            "role": "admin",
            "token": user["token"],
            "active": True,
            "created_at": tenant["created_at"],
            "updated_at": tenant["created_at"],
        },
        "tenant": {
            "id": tenant["id"],
            "name": "Initech",
            "created_at": tenant["created_at"],
            "updated_at": tenant["created_at"],
        },
        "token": user["token"],
        "webhook_configured": True,
        "webhook_url": "https://example.com/hook",
        "webhook_secret": answer.body["webhook_secret"],
        "note": answer.body["note"],
    }
    assert keys.canonical_uuid(user["id"])
    assert keys.canonical_uuid(tenant["id"])
    assert answer.headers["ETag"] == '"1"'
    assert (reads.get(keys.tenant_name_reservation("initech")) or {})["tenant_id"] == tenant["id"]
    assert (reads.get(keys.tenant(tenant["id"])) or {})["webhook_count"] == 1


def test_a_webhook_is_optional(aws: None) -> None:
    answer = _register()
    assert (answer.body["webhook_configured"], answer.body["webhook_url"]) == (False, None)


@pytest.mark.parametrize("role", ["admin", "manager", "user"])
def test_the_first_user_is_an_admin_whatever_role_was_asked_for(aws: None, role: str) -> None:
    answer = _register(role=role)

    assert answer.body["user"]["role"] == "admin"
    tenant = reads.get(keys.tenant(answer.body["tenant"]["id"]))
    assert tenant
    assert tenant["active_admins"] == 1


def test_the_token_works_at_once(aws: None) -> None:
    made = _register().body
    listed = gateway.request("GET", "/users", made["token"])
    assert [user["id"] for user in listed.body["users"]] == [made["user"]["id"]]


def test_token_and_password_are_kept_as_hashes_only(aws: None) -> None:
    token = _register().body["token"]

    stored = json.dumps(table(), default=str)
    assert token not in stored
    assert PASSWORD not in stored
    assert reads.get(keys.api_token(sha256(token.encode()).hexdigest()))
    assert [item["password_hash"][:10] for item in table() if "password_hash" in item] == ["$argon2id$"]


def test_token_and_password_are_in_no_log(
    aws: None, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    token = _register().body["token"]
    logged = capsys.readouterr().out + "".join(str(vars(record)) for record in caplog.records)

    assert "tenant registered" in logged
    for secret in (token, PASSWORD, MASTER_TOKEN, "$argon2id$"):
        assert secret not in logged


@pytest.mark.parametrize("name", ["Acme", "ACME", " acme "])
def test_a_taken_name_is_refused_in_any_case(acme: Tenant, name: str) -> None:
    with unchanged():
        answer = _register(tenant_name=name)
    assert (answer.status, answer.code) == (409, "TENANT_EXISTS")


def test_a_new_tenant_takes_no_other_ones_place(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "new_id", lambda: acme.id)
    with unchanged():
        assert _register().code == "CONCURRENT_CHANGE"


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_a_taken_email_is_refused_in_any_case(acme: Tenant, spelling: Any) -> None:
    with unchanged():
        answer = _register(email=spelling(acme.admin.email))
    assert (answer.status, answer.code) == (409, "EMAIL_TAKEN")


def test_the_email_of_a_platform_account_is_taken_too(aws: None) -> None:
    make_account(email="bill@example.com")
    with unchanged():
        assert _register().code == "EMAIL_TAKEN"


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"tenant_name": " "}, "tenant_name", "must not be blank"),
        ({"tenant_name": "x" * 101}, "tenant_name", "must have at most 100 characters"),
        ({"email": "bill"}, "email", "must be a valid email address"),
        ({"password": "1234567"}, "password", "must have at least 8 characters"),
        ({"role": "owner"}, "role", "must be one of admin, manager, user"),
        ({"webhook_url": "http://example.com"}, "webhook_url", "must be an https URL without credentials and fragment"),
        ({"tenant_id": "1a2b"}, "tenant_id", "is not a known field"),
    ],
)
def test_a_bad_field_is_named(aws: None, changed: dict[str, str], field: str, message: str) -> None:
    with unchanged():
        answer = _register(**changed)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert [(one["field"], one["message"]) for one in answer.body["validation"]] == [(field, message)]


def test_only_an_operator_makes_tenants(acme: Tenant) -> None:
    account = make_account()
    with unchanged():
        for credential in (acme.admin.token, account.access_token):
            refused = _register(credential)
            assert (refused.status, refused.code) == (403, "MASTER_TOKEN_REQUIRED")
        assert _register(None).status == 401


def test_it_is_audited_in_the_new_tenant(aws: None) -> None:
    tenant = register("Initech")

    (entry,) = audit_of(tenant.id)
    assert (entry["action"], entry["outcome"]) == ("register_tenant", "succeeded")
    assert (entry["actor"]["type"], entry["target"]) == ("master", {"type": "tenant", "id": tenant.id})
    assert entry["after"] == {"name": "Initech", "admin": tenant.admin.id}
