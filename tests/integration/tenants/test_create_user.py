"""POST /users."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from rolecall import clock
from rolecall.auth import tokens
from rolecall.storage import keys, reads
from rolecall.tenants import user_creation
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    PASSWORD,
    Member,
    Tenant,
    audit_of,
    table,
    unchanged,
)


def _create(actor: Member, **changed: Any) -> Response:
    return actor.request(
        "POST", "/users", {"email": "Ada@example.com", "password": PASSWORD, "role": "user", **changed}
    )


@pytest.mark.parametrize("role", ["admin", "manager", "user"])
def test_a_user_is_made_in_the_tenant_of_the_admin(acme: Tenant, role: str) -> None:
    answer = _create(acme.admin, role=role)

    user = answer.body["user"]
    assert answer.status == 201
    assert answer.body == {
        "success": True,
        "user": {
            "id": user["id"],
            "tenant_id": acme.id,
            "email": "Ada@example.com",
            "role": role,
            "token": user["token"],
            "active": True,
            "created_at": user["created_at"],
            "updated_at": user["created_at"],
        },
        "webhook_configured": False,
        "webhook_url": None,
        "note": answer.body["note"],
    }
    assert answer.headers["ETag"] == '"1"'
    tenant = reads.get(keys.tenant(acme.id))
    assert tenant
    assert tenant["active_admins"] == (2 if role == "admin" else 1)
    assert gateway.authorize(user["token"]) == {
        "principal_type": "user",
        "id": user["id"],
        "email": "Ada@example.com",
        "role": role,
        "tenant_id": acme.id,
        "token_hash": tokens.api_token_hash(user["token"]),
    }


def test_the_token_is_shown_once_and_kept_as_a_hash(acme: Tenant) -> None:
    token = _create(acme.admin).body["user"]["token"]

    assert token not in json.dumps(table(), default=str)
    assert token not in acme.admin.request("GET", "/users").text
    assert PASSWORD not in json.dumps(table(), default=str)


def test_a_webhook_belongs_to_its_user(acme: Tenant) -> None:
    answer = _create(acme.admin, webhook_url="https://example.com/hook")

    assert (answer.body["webhook_configured"], answer.body["webhook_url"]) == (True, "https://example.com/hook")
    partition = keys.user_partition(acme.id, answer.body["user"]["id"])
    password, webhook = (item for item in table() if item["pk"] == partition)
    assert (password["sk"], password["password_hash"][:10]) == ("CREDENTIAL#PASSWORD", "$argon2id$")
    assert keys.canonical_uuid(webhook["sk"].removeprefix("WEBHOOK#"))
    assert webhook["url"] == "https://example.com/hook"


def test_all_that_is_made_with_a_user_has_its_time(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2040, 1, 1, tzinfo=UTC))
    before = table()
    _create(acme.admin, webhook_url="https://example.com/hook")
    made = [item["created_at"] for item in table() if item not in before and "created_at" in item]
    assert made == ["2040-01-01T00:00:00Z"] * 4, "the user, its token, password and webhook"


def test_a_new_user_takes_no_other_ones_place(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    other = acme.add("manager")
    monkeypatch.setattr(user_creation, "new_id", lambda: other.id)
    with unchanged():
        assert _create(acme.admin).code == "CONCURRENT_CHANGE"


def test_an_email_is_taken_across_tenants_and_in_any_case(acme: Tenant, globex: Tenant) -> None:
    _create(globex.admin)
    with unchanged():
        for email in ("ada@example.com", "ADA@EXAMPLE.COM"):
            answer = _create(acme.admin, email=email)
            assert (answer.status, answer.code) == (409, "EMAIL_TAKEN")


@pytest.mark.parametrize("role", ["manager", "user"])
def test_only_an_admin_makes_users(acme: Tenant, role: str) -> None:
    actor = acme.add(role)
    with unchanged():
        answer = _create(actor)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


def test_an_operator_makes_no_users(aws: None) -> None:
    with unchanged():
        answer = gateway.request("POST", "/users", MASTER_TOKEN, {})
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


def test_the_tenant_comes_from_the_token_and_never_from_the_body(acme: Tenant, globex: Tenant) -> None:
    with unchanged():
        answer = _create(acme.admin, tenant_id=globex.id)
    assert answer.body["validation"] == [{"field": "tenant_id", "message": "is not a known field"}]


def test_an_admin_that_was_demoted_since_it_was_authorized_is_refused(acme: Tenant) -> None:
    other = acme.add("admin")
    stale = other.principal
    acme.admin.promote(other, "manager")
    body = {"email": "ada@example.com", "password": PASSWORD, "role": "user"}
    with unchanged():
        answer = other.request("POST", "/users", body, principal=stale)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


def test_it_is_audited(acme: Tenant) -> None:
    user = _create(acme.admin).body["user"]

    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["target"]) == ("create_user", {"type": "user", "id": user["id"]})
    assert entry["actor"]["id"] == acme.admin.id
    assert entry["after"] == {"email": "Ada@example.com", "role": "user", "active": True}
