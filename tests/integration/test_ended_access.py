"""An actor whose access ends after the authorizer accepted it: every request for a change is 401, whatever it asks for.

A request that finds no target, an old version or nothing to change ends without a transaction of its own. It must not
tell the actor what it found.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rolecall import clock
from rolecall.auth.roles import PlatformRole
from tests import gateway
from tests.integration.conftest import (
    PASSWORD,
    Holder,
    Member,
    Tenant,
    audit_of,
    delete_tenant,
    make_account,
    unchanged,
)

NOBODY, NO_WEBHOOK = "00c8a4ee-a63b-4452-960b-8157893a026b", "01980000-0000-7000-8000-000000000000"
USER = {"new_role": "user"}
OLD_VERSION = {"headers": {"If-Match": '"77"'}}


def _deactivate(tenant: Tenant, actor: Member) -> None:
    tenant.admin.request("PUT", f"/users/{actor.id}", {"active": False}).must(200)


def _delete(tenant: Tenant, actor: Member) -> None:
    tenant.admin.request("DELETE", f"/users/{actor.id}").must(200)


def _close(tenant: Tenant, _actor: Member) -> None:
    assert delete_tenant(tenant.id, query="?grace_days=7").status == 202


ENDS = pytest.mark.parametrize("end", [_deactivate, _delete, _close])

#: Requests of an admin. `{user}` is a user, `{webhook}` one of the tenant's webhooks, `{mail}` the email of the user.
REQUESTS: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("POST", f"/users/{NOBODY}/promote", {"new_role": "manager"}, {}),
    ("POST", "/users/{user}/promote", {"new_role": "manager"}, OLD_VERSION),
    ("POST", "/users/{user}/promote", {"new_role": "user"}, {}),
    ("PUT", f"/users/{NOBODY}", {"active": False}, {}),
    ("PUT", "/users/{user}", {"email": "new@example.com"}, OLD_VERSION),
    ("PUT", "/users/{user}", {"email": "{mail}"}, {}),
    ("DELETE", f"/users/{NOBODY}", None, {}),
    ("DELETE", "/users/{user}", None, OLD_VERSION),
    ("POST", f"/users/{NOBODY}/token", None, {}),
    ("PUT", f"/users/{NOBODY}/password", {"new_password": "long enough 77"}, {}),
    ("POST", "/webhooks", {"url": "https://example.com/", "user_id": "nobody"}, {}),
    ("POST", "/webhooks", {"url": "https://example.com/", "user_id": NOBODY}, {}),
    ("DELETE", f"/webhooks/{NO_WEBHOOK}", None, {}),
    ("POST", f"/webhooks/{NO_WEBHOOK}/secret", None, {}),
    ("POST", f"/webhooks/{NO_WEBHOOK}/test", None, {}),
    ("POST", "/webhooks/{webhook}/test", None, {}),
    ("POST", "/users/promote", {"changes": [{"user_id": NOBODY, "new_role": "admin"}]}, {}),
    # These errors tell which password or which id a user has.
    ("PUT", "/users/{user}/password", {"new_password": PASSWORD}, {}),
    (
        "POST",
        "/users/promote",
        {"changes": [{"email": "{mail}", "new_role": "user"}, {"user_id": "{user}", **USER}]},
        {},
    ),
    ("POST", "/users/{user}/promote", {"new_role": "user", "until": "2099-01-01T00:00:00Z"}, {}),
    ("POST", "/logout", {"refresh_token": "any"}, {}),
]


def _with_names(body: Any, named: dict[str, str]) -> Any:
    """The body with the values of `named` in place of `{user}` and the like."""
    return json.loads(re.sub(r"\{(\w+)\}", lambda found: named[found[1]], json.dumps(body)))


@ENDS
def test_every_change_of_the_tenant_api_is_401(acme: Tenant, end: Callable[[Tenant, Member], None]) -> None:
    actor, user = acme.add("admin"), acme.add("user")
    named = {"user": user.id, "mail": user.email, "webhook": acme.admin.add_webhook()}
    principal = actor.principal
    end(acme, actor)
    with unchanged():
        answers = {
            (method, path, str(body)): actor.request(
                method,
                path.format(**named),
                _with_names(body, named),
                principal=principal,
                **more,
            ).status
            for method, path, body, more in REQUESTS
        }
    assert answers == dict.fromkeys(answers, 401)


def _patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}


@ENDS
def test_every_change_over_scim_is_401(acme: Tenant, end: Callable[[Tenant, Member], None]) -> None:
    actor, user = acme.add("admin"), acme.add("user")
    same, no_target = {"userName": user.email}, {"op": "replace", "path": 'roles[value eq "admin"].value', "value": "1"}
    requests: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("POST", "/Users", same, {}),
        ("PUT", f"/Users/{NOBODY}", same, {}),
        ("PUT", f"/Users/{user.id}", same, {}),
        ("PUT", f"/Users/{user.id}", same, OLD_VERSION),
        ("PATCH", f"/Users/{NOBODY}", _patch({"op": "add", "path": "title", "value": "Dr"}), {}),
        ("PATCH", f"/Users/{user.id}", _patch(no_target), {}),
        ("PATCH", f"/Users/{user.id}", _patch({"op": "add", "path": "active", "value": True}), {}),
        ("DELETE", f"/Users/{NOBODY}", None, {}),
        ("DELETE", f"/Users/{user.id}", None, OLD_VERSION),
    ]
    principal = actor.principal
    end(acme, actor)
    with unchanged():
        answers = {
            (method, path, str(body), str(more)): gateway.scim_request(
                method, path, body=body, principal=principal, **more
            ).status
            for method, path, body, more in requests
        }
    assert answers == dict.fromkeys(answers, 401)


@ENDS
@pytest.mark.parametrize("other_body", [True, False])
def test_a_used_idempotency_key_reveals_nothing_to_a_caller_without_access(
    acme: Tenant, end: Callable[[Tenant, Member], None], other_body: bool
) -> None:
    actor = acme.add("admin")
    body, key = {"email": "ada@example.com", "password": PASSWORD, "role": "user"}, {"Idempotency-Key": "1"}
    first = actor.request("POST", "/users", body, headers=key).must(201)
    principal = actor.principal
    end(acme, actor)
    body["role"] = "manager" if other_body else "user"
    with unchanged():
        answer = actor.request("POST", "/users", body, headers=key, principal=principal)
    assert answer.status == 401
    assert first["user"]["token"] not in answer.text


@ENDS
def test_a_temporary_admin_who_has_lost_access_gets_401_even_for_what_a_temporary_admin_may_not_do(
    acme: Tenant, end: Callable[[Tenant, Member], None]
) -> None:
    actor = acme.add("user")
    soon = clock.rfc3339(clock.now() + timedelta(hours=1))
    acme.admin.request("POST", f"/users/{actor.id}/promote", {"new_role": "admin", "until": soon}).must(200)
    webhook, principal = acme.admin.add_webhook(), actor.principal
    new = {"email": "ada@example.com", "password": PASSWORD, "role": "admin"}
    requests: list[tuple[str, str, Any]] = [
        ("POST", "/users", new),
        ("POST", "/webhooks", {"url": "https://example.com/"}),
        ("POST", f"/webhooks/{webhook}/secret", None),
    ]
    before = [actor.request(method, path, body, principal=principal).status for method, path, body in requests]
    end(acme, actor)
    with unchanged():
        after = [actor.request(method, path, body, principal=principal).status for method, path, body in requests]
        role = {"userName": "ada@example.com", "roles": ["admin"]}
        after.append(gateway.scim_request("POST", "/Users", body=role, principal=principal).status)
    assert (before, after) == ([403] * 3, [401] * 4)


def _ban(superadmin: Holder, actor: Holder) -> None:
    superadmin.request("PUT", f"/v1/api/superadmin/users/{actor.id}/ban", {"reason": "left"}).must(200)


def _disable(superadmin: Holder, actor: Holder) -> None:
    superadmin.request("PUT", f"/v1/api/superadmin/users/{actor.id}/disable", {"reason": "left"}).must(200)


def _reset_password(superadmin: Holder, actor: Holder) -> None:
    superadmin.request("POST", f"/v1/api/superadmin/users/{actor.id}/password").must(200)


@pytest.mark.parametrize("end", [_disable, _ban, _reset_password])
def test_every_change_of_accounts_is_401(superadmin: Holder, end: Callable[[Holder, Holder], None]) -> None:
    actor, other = make_account(PlatformRole.SUPERADMIN), make_account()
    body = {"email": "grace@example.com", "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
    key = {"Idempotency-Key": "1"}
    actor.request("POST", "/v1/api/superadmin/users", body, headers=key).must(201)
    principal, users = actor.principal, "/v1/api/superadmin/users"
    requests: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("PUT", f"{users}/77/role", {"newRole": "ADMIN"}, {}),
        ("PUT", f"{users}/{other.id}/role", {"newRole": "ADMIN"}, OLD_VERSION),
        ("PUT", f"{users}/{other.id}/role", {"newRole": "CLIENT"}, {}),
        ("PUT", f"{users}/77/ban", {"reason": "spam"}, {}),
        ("PUT", f"{users}/{other.id}/enable", {"reason": "none"}, {}),
        ("POST", f"{users}/77/password", None, {}),
        ("POST", users, body, {"headers": key}),
        ("POST", users, {**body, "firstName": "G"}, {"headers": key}),
        ("PUT", f"{users}/{other.id}/role", {"newRole": "ADMIN", "until": "2099-01-01T00:00:00Z"}, {}),
        ("PUT", f"{users}/{actor.id}/role", {"newRole": "CLIENT"}, {}),
        ("PUT", "/v1/api/auth/password", {"currentPassword": PASSWORD, "newPassword": PASSWORD}, {}),
        ("PUT", "/v1/api/auth/password", {"currentPassword": "wrong", "newPassword": "long enough 77"}, {}),
        *([("POST", "/v1/api/auth/logout", {"refreshToken": "any"}, {})] if end is not _reset_password else []),
    ]
    end(superadmin, actor)
    with unchanged():
        answers = {
            (method, path, str(body)): actor.request(method, path, body, principal=principal, **more).status
            for method, path, body, more in requests
        }
    assert answers == dict.fromkeys(answers, 401)


def test_an_admin_who_was_demoted_learns_nothing_of_a_user_and_the_trail_tells(acme: Tenant) -> None:
    actor, user = acme.add("admin"), acme.add("user")
    body, key = (
        {"email": "ada@example.com", "password": PASSWORD, "role": "user"},
        {"headers": {"Idempotency-Key": "1"}},
    )
    actor.request("POST", "/users", body, **key).must(201)
    requests: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("POST", f"/users/{NOBODY}/promote", {"new_role": "manager"}, {}),
        ("POST", f"/users/{user.id}/promote", {"new_role": "user"}, OLD_VERSION),
        ("POST", f"/users/{user.id}/promote", {"new_role": "user"}, {}),
        ("PUT", f"/users/{user.id}", {"email": user.email}, {}),
        ("PUT", f"/users/{user.id}/password", {"new_password": PASSWORD}, {}),
        ("POST", "/users/promote", {"changes": [{"email": user.email, **USER}, {"user_id": user.id, **USER}]}, {}),
        ("POST", "/users", body, key),
        ("DELETE", f"/webhooks/{NO_WEBHOOK}", None, {}),
    ]
    principal = actor.principal
    acme.admin.promote(actor, "user").must(200)
    with unchanged():
        answers = [actor.request(*request, principal=principal, **more) for *request, more in requests]
        same = {"userName": user.email}
        answers.append(gateway.scim_request("PUT", f"/Users/{user.id}", body=same, principal=principal))
        answers.append(gateway.scim_request("DELETE", f"/Users/{NOBODY}", principal=principal))
        for dry_run in (False, True):
            changes = [{"user_id": NOBODY, **USER}, {"user_id": user.id, **USER}]
            bulk = {"changes": changes, "dry_run": dry_run}
            rows = actor.request("POST", "/users/promote", bulk, principal=principal).must(200)["data"]["results"]
            assert [row["error_code"] for row in rows] == ["FORBIDDEN", "FORBIDDEN"]
    assert [answer.status for answer in answers] == [403] * 10
    refused = [entry["action"] for entry in audit_of(acme.id) if entry["outcome"] == "denied"]
    one_by_one = ["update_user", "change_password", "promote_users", "update_user"]
    assert refused == [*["promote_user"] * 3, *one_by_one, *["promote_user"] * 2]


def test_a_superadmin_who_was_demoted_learns_nothing_of_an_account(superadmin: Holder) -> None:
    actor, other, users = make_account(PlatformRole.SUPERADMIN), make_account(), "/v1/api/superadmin/users"
    principal = actor.principal
    superadmin.request("PUT", f"{users}/{actor.id}/role", {"newRole": "ADMIN"}).must(200)
    with unchanged():
        for path, body in ((f"{users}/77/role", {"newRole": "ADMIN"}), (f"{users}/{other.id}/unban", {"reason": "x"})):
            assert actor.request("PUT", path, body, principal=principal).status == 403
