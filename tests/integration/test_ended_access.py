"""An actor whose access ends after the authorizer accepted it: every request for a change is 401, whatever it asks for.

A request that finds no target, an old version or nothing to change ends without a transaction of its own. It must not
tell the actor what it found.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rolecall import clock
from rolecall.auth.roles import PlatformRole
from tests import gateway
from tests.integration.conftest import PASSWORD, Holder, Member, Tenant, delete_tenant, make_account, unchanged

NOBODY, NO_WEBHOOK = "00c8a4ee-a63b-4452-960b-8157893a026b", "01980000-0000-7000-8000-000000000000"
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
]


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
                {"email": user.email} if body == {"email": "{mail}"} else body,
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


@pytest.mark.parametrize("end", ["disable", "ban"])
def test_every_change_of_accounts_is_401(superadmin: Holder, end: str) -> None:
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
    ]
    superadmin.request("PUT", f"{users}/{actor.id}/{end}", {"reason": "left"}).must(200)
    with unchanged():
        answers = {
            (method, path, str(body)): actor.request(method, path, body, principal=principal, **more).status
            for method, path, body, more in requests
        }
    assert answers == dict.fromkeys(answers, 401)
